//! Whether the process runs, and whether it can serve.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{StatusCode, request::Parts},
    response::{IntoResponse, Response},
};

use super::{provider::Shared, request_log};
use crate::{error_text::causes, readiness::NotReady};

pub(super) async fn healthz() -> &'static str {
    "ok\n"
}

/// Fails while this node cannot serve, so that a load balancer sends no requests here.
pub(super) async fn readyz(State(shared): State<Arc<Shared>>, request: Parts) -> Response {
    match check(&shared).await {
        Ok(()) => "ok\n".into_response(),
        Err(NotReady::Stopping) => unavailable(&NotReady::Stopping),
        Err(reason) if shared.rate_limit.allows_log(shared.address(&request)) => {
            tracing::error!(error = causes(&reason), "not ready");
            unavailable(&reason)
        }
        Err(reason) => request_log::without_lines(|| unavailable(&reason)),
    }
}

fn unavailable(reason: &NotReady) -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, format!("{reason}\n")).into_response()
}

async fn check(shared: &Shared) -> Result<(), NotReady> {
    shared.readiness.check()?;
    let algorithms = shared.clients.iter().map(|client| client.algorithm);
    let missing = algorithms.into_iter().find(|it| !shared.keys.can_sign(*it));
    if let Some(algorithm) = missing {
        return Err(NotReady::NoKey(algorithm));
    }
    Ok(shared.readiness.check_store(&shared.store).await?)
}
