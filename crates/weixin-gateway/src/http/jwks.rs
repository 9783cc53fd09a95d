//! The public keys (RFC 7517 §5).

use std::sync::Arc;

use axum::{extract::State, response::Response};

use super::{discovery, error::Failure, provider::Provider, token_error};

pub(super) async fn jwks(State(provider): State<Arc<Provider>>) -> Response {
    // Keys would be missing: clients go on with what they have.
    if !provider.shared.readiness.knows_the_time() {
        return token_error::unavailable(&Failure::UnknownTime);
    }
    let jwks = serde_json::to_string(&provider.shared.keys.jwks());
    // Texts always serialize.
    discovery::json(jwks.unwrap_or_default())
}
