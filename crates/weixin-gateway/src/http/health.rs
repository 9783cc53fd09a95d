//! Whether the process runs, and whether it can serve.

use std::sync::Arc;

use axum::{extract::State, http::StatusCode};

use super::provider::Shared;

pub(super) async fn healthz() -> &'static str {
    "ok\n"
}

/// Fails while the database does not respond, so that a load balancer sends no requests here.
pub(super) async fn readyz(State(shared): State<Arc<Shared>>) -> (StatusCode, &'static str) {
    match shared.store.check().await {
        Ok(()) => (StatusCode::OK, "ok\n"),
        Err(error) => {
            let error = &error as &dyn std::error::Error;
            tracing::error!(error, "the store does not respond");
            let text = "the store does not respond: see the log\n";
            (StatusCode::SERVICE_UNAVAILABLE, text)
        }
    }
}
