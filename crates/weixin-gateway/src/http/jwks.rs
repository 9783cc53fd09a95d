//! The public keys (RFC 7517 §5).

use std::sync::Arc;

use axum::{extract::State, response::Response};

use super::{discovery, provider::Provider};

pub(super) async fn jwks(State(provider): State<Arc<Provider>>) -> Response {
    let jwks = serde_json::to_string(&provider.shared.keys.jwks());
    // Texts always serialize.
    discovery::json(jwks.unwrap_or_default())
}
