//! The public keys (RFC 7517 §5).

use std::sync::Arc;

use axum::{
    extract::State,
    http::{StatusCode, header::RETRY_AFTER},
    response::{IntoResponse, Response},
};

use super::{discovery, error::AWAY, provider::Provider};

/// How long clients may keep the keys: a new one signs no earlier, unless it is the first of its algorithm, and a revoked one is
/// accepted no longer.
const CACHE: &str = "public, max-age=60";

pub(super) async fn jwks(State(provider): State<Arc<Provider>>) -> Response {
    // Keys would be missing: clients go on with what they have. The log has a line each minute, and none for each request.
    if !provider.shared.readiness.knows_the_time() {
        let retry_after = [(RETRY_AFTER, AWAY)];
        return (StatusCode::SERVICE_UNAVAILABLE, retry_after).into_response();
    }
    let jwks = serde_json::to_string(&provider.shared.keys.jwks());
    // Texts always serialize.
    discovery::json(jwks.unwrap_or_default(), CACHE)
}
