//! Whether the process runs, and whether it can serve.

use std::sync::Arc;

use axum::{extract::State, http::StatusCode};

use super::provider::Shared;
use crate::readiness::NotReady;

pub(super) async fn healthz() -> &'static str {
    "ok\n"
}

/// Fails while this node cannot serve, so that a load balancer sends no requests here.
pub(super) async fn readyz(State(shared): State<Arc<Shared>>) -> (StatusCode, String) {
    match check(&shared).await {
        Ok(()) => (StatusCode::OK, "ok\n".to_owned()),
        Err(NotReady::Stopping) => unavailable(&NotReady::Stopping),
        Err(reason) => {
            let error = &reason as &dyn std::error::Error;
            tracing::error!(error, "not ready");
            unavailable(&reason)
        }
    }
}

fn unavailable(reason: &NotReady) -> (StatusCode, String) {
    (StatusCode::SERVICE_UNAVAILABLE, format!("{reason}\n"))
}

async fn check(shared: &Shared) -> Result<(), NotReady> {
    shared.readiness.check()?;
    let algorithms = shared.clients.iter().map(|client| client.algorithm);
    let missing = algorithms.into_iter().find(|it| !shared.keys.can_sign(*it));
    if let Some(algorithm) = missing {
        return Err(NotReady::NoKey(algorithm));
    }
    Ok(shared.store.check().await?)
}
