//! The access token of a request, and the errors that tell about it (RFC 6750 §2, §3).

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, StatusCode, header::WWW_AUTHENTICATE},
    response::{IntoResponse, Response},
};

use super::{
    client_auth::authorization,
    error::Failure,
    form::{self, FormError},
    token_error::{body, unavailable},
    visitor::Visitor,
};
use crate::{
    oidc::{ErrorCode, OAuthError},
    store::StoreError,
};

/// Why an access token gives access to nothing.
#[derive(Debug)]
pub(super) enum BearerError {
    Failure(Failure),
    /// No token was sent: the response has no error code (RFC 6750 §3.1).
    Missing,
    Token(OAuthError),
}

/// The token of the header.
pub(super) fn in_header(headers: &HeaderMap) -> Result<String, BearerError> {
    header(headers)?.ok_or(BearerError::Missing)
}

/// The token of the header or of the form, and not of both. A body of another type has no token in it (RFC 6750 §2.2).
pub(super) async fn in_header_or_body(
    visitor: &Visitor,
    content: Body,
) -> Result<String, BearerError> {
    let in_header = header(&visitor.headers)?;
    if !form::is_form(&visitor.headers) {
        return in_header.ok_or(BearerError::Missing);
    }
    let in_body = match form::read(visitor, content).await {
        Ok(form) => form.get("access_token")?.map(str::to_owned),
        Err(FormError::Request(_)) if in_header.is_some() => None,
        Err(error) => return Err(error.into()),
    };
    match (in_header, in_body) {
        (Some(_), Some(_)) => {
            let description = "the access token is in the header and in the body";
            Err(OAuthError::invalid_request(description).into())
        }
        (in_header, in_body) => in_header.or(in_body).ok_or(BearerError::Missing),
    }
}

fn header(headers: &HeaderMap) -> Result<Option<String>, OAuthError> {
    let Some(text) = authorization(headers)? else {
        return Ok(None);
    };
    let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
    if scheme.eq_ignore_ascii_case("bearer") {
        return Ok(Some(token.trim().to_owned()));
    }
    Ok(None)
}

impl From<FormError> for BearerError {
    fn from(error: FormError) -> Self {
        match error {
            FormError::Failure(failure) => Self::Failure(failure),
            FormError::Request(error) => Self::Token(error),
        }
    }
}

impl From<OAuthError> for BearerError {
    fn from(error: OAuthError) -> Self {
        Self::Token(error)
    }
}

impl From<StoreError> for BearerError {
    fn from(error: StoreError) -> Self {
        Self::Failure(error.into())
    }
}

impl From<Failure> for BearerError {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl IntoResponse for BearerError {
    fn into_response(self) -> Response {
        let (status, challenge, mut response) = match self {
            Self::Failure(failure) => return unavailable(&failure),
            Self::Missing => {
                let challenge = "Bearer realm=\"userinfo\"".to_owned();
                (StatusCode::UNAUTHORIZED, challenge, Response::default())
            }
            Self::Token(error) => {
                let status = match error.code {
                    ErrorCode::InvalidToken => StatusCode::UNAUTHORIZED,
                    ErrorCode::InsufficientScope => StatusCode::FORBIDDEN,
                    _ => StatusCode::BAD_REQUEST,
                };
                // Words of our own: without quotes and line breaks.
                let challenge = format!(
                    "Bearer error=\"{}\", error_description=\"{}\"",
                    error.code.as_str(),
                    error.description
                );
                (status, challenge, body(&error).into_response())
            }
        };
        *response.status_mut() = status;
        if let Ok(challenge) = HeaderValue::try_from(challenge) {
            response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
        response
    }
}
