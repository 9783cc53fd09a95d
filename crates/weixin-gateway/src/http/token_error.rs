//! Errors of the endpoints that programs call, as JSON (RFC 6749 §5.2).

use axum::{
    Json,
    http::{
        HeaderValue, StatusCode,
        header::{RETRY_AFTER, WWW_AUTHENTICATE},
    },
    response::{IntoResponse, Response},
};
use serde_json::json;

use super::{error::Failure, form::FormError};
use crate::{
    oidc::{ClientAuthError, ErrorCode, OAuthError},
    random::NoRandomBytes,
    store::StoreError,
};

/// Why a client receives no tokens.
#[derive(Debug)]
pub(super) enum TokenError {
    Client(ClientAuthError),
    Failure(Failure),
    Request(OAuthError),
}

impl From<ClientAuthError> for TokenError {
    fn from(error: ClientAuthError) -> Self {
        Self::Client(error)
    }
}

impl From<OAuthError> for TokenError {
    fn from(error: OAuthError) -> Self {
        Self::Request(error)
    }
}

impl From<Failure> for TokenError {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl From<FormError> for TokenError {
    fn from(error: FormError) -> Self {
        match error {
            FormError::Failure(failure) => Self::Failure(failure),
            FormError::Request(error) => Self::Request(error),
        }
    }
}

impl From<NoRandomBytes> for TokenError {
    fn from(error: NoRandomBytes) -> Self {
        Self::Failure(error.into())
    }
}

impl From<StoreError> for TokenError {
    fn from(error: StoreError) -> Self {
        Self::Failure(error.into())
    }
}

impl IntoResponse for TokenError {
    fn into_response(self) -> Response {
        match self {
            Self::Client(ClientAuthError {
                error, used_basic, ..
            }) => {
                let status = match error.code {
                    ErrorCode::InvalidClient => StatusCode::UNAUTHORIZED,
                    _ => StatusCode::BAD_REQUEST,
                };
                let mut response = (status, body(&error)).into_response();
                if used_basic && status == StatusCode::UNAUTHORIZED {
                    let basic = HeaderValue::from_static("Basic realm=\"token\"");
                    response.headers_mut().insert(WWW_AUTHENTICATE, basic);
                }
                response
            }
            Self::Request(error) => (StatusCode::BAD_REQUEST, body(&error)).into_response(),
            Self::Failure(failure) => unavailable(&failure),
        }
    }
}

pub(super) fn body(error: &OAuthError) -> Json<serde_json::Value> {
    Json(json!({ "error": error.code.as_str(), "error_description": error.description }))
}

/// A failure of the gateway, for a program: it may try again.
pub(super) fn unavailable(failure: &Failure) -> Response {
    match failure.busy() {
        Some(_) => failure.log_busy(),
        None => failure.log(None),
    }
    let description = match failure {
        Failure::TooManyFailures(_) => "too many requests have failed: wait a minute",
        Failure::TooManyFormsOfAddress => {
            "too many forms of this address are still arriving: try again"
        }
        _ => "the gateway cannot respond now: try again",
    };
    let error = OAuthError::new(ErrorCode::TemporarilyUnavailable, description);
    let retry_after = [(RETRY_AFTER, failure.retry_after().unwrap_or("5"))];
    let status = match failure.status() {
        StatusCode::TOO_MANY_REQUESTS => StatusCode::TOO_MANY_REQUESTS,
        _ => StatusCode::SERVICE_UNAVAILABLE,
    };
    (status, retry_after, body(&error)).into_response()
}
