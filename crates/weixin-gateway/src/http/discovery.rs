//! The metadata of the issuer (Discovery §4; RFC 8414 §3).

use std::sync::Arc;

use axum::{
    extract::State,
    http::header::{CACHE_CONTROL, CONTENT_TYPE},
    response::{IntoResponse, Response},
};

use super::provider::Provider;

/// How long clients may keep metadata.
const CACHE: &str = "public, max-age=3600";

pub(super) async fn discovery(State(provider): State<Arc<Provider>>) -> Response {
    json(provider.metadata.clone(), CACHE)
}

/// A JSON document that every visitor may read, and keep for some time.
pub(super) fn json(document: String, cache: &'static str) -> Response {
    let headers = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, cache)];
    (headers, document).into_response()
}
