//! The body of a POST: a form of at most 16 KiB (RFC 6749 §3.1, §3.2).

use std::time::Duration;

use axum::{
    body::{Body, to_bytes},
    http::{HeaderMap, header::CONTENT_TYPE},
};

use crate::{
    oidc::OAuthError,
    params::{MAX_LENGTH, Params},
};

const FORM: &str = "application/x-www-form-urlencoded";

/// Longest time in which a form arrives as a whole, however small its pieces are.
const FORM_TIMEOUT: Duration = Duration::from_secs(10);

/// Reads a form.
///
/// # Errors
///
/// `invalid_request` for another type, and for a form that is too long, too slow or cut off.
pub(super) async fn read(headers: &HeaderMap, body: Body) -> Result<Params, OAuthError> {
    if !is_form(headers) {
        return Err(OAuthError::invalid_request(
            "the body is not application/x-www-form-urlencoded",
        ));
    }
    let too_long = |_| OAuthError::invalid_request("the form is longer than 16 KiB, or cut off");
    let too_slow =
        |_| OAuthError::invalid_request("the form took longer than 10 seconds to arrive");
    let bytes = tokio::time::timeout(FORM_TIMEOUT, to_bytes(body, MAX_LENGTH)).await;
    let bytes = bytes.map_err(too_slow)?.map_err(too_long)?;
    Params::parse(&bytes)
}

/// Whether the body is said to be a form.
pub(super) fn is_form(headers: &HeaderMap) -> bool {
    let content_type = headers
        .get(CONTENT_TYPE)
        .map(|it| it.to_str().unwrap_or_default());
    let essence = content_type.and_then(|it| it.split(';').next());
    essence.is_some_and(|it| it.trim().eq_ignore_ascii_case(FORM))
}
