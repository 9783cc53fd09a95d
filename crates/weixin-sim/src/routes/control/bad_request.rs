//! Errors of the control API: JSON with the field and the rule.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::json;

use crate::PhoneError;

/// Maximum number of apps, and of users.
pub(super) const MAX_ENTRIES: usize = 1000;

/// Maximum number of bytes of an ID.
pub(super) const MAX_ID: usize = 128;

/// Maximum number of bytes of a name.
pub(super) const MAX_NAME: usize = 1024;

/// Rejected request: the field, and the rule that it breaks.
pub(crate) struct BadRequest {
    status: StatusCode,
    field: String,
    rule: String,
}

impl BadRequest {
    /// 408 for a valid request that had no result in time.
    pub(super) fn timed_out(field: impl Into<String>, rule: impl Into<String>) -> Self {
        Self {
            status: StatusCode::REQUEST_TIMEOUT,
            ..Self::new(field, rule)
        }
    }

    /// 404 for something that does not exist.
    pub(super) fn unknown(field: impl Into<String>, rule: impl Into<String>) -> Self {
        Self {
            status: StatusCode::NOT_FOUND,
            ..Self::new(field, rule)
        }
    }

    /// 409 for a valid request that the state does not allow.
    pub(super) fn conflict(field: impl Into<String>, rule: impl Into<String>) -> Self {
        Self {
            status: StatusCode::CONFLICT,
            ..Self::new(field, rule)
        }
    }

    pub(super) fn new(field: impl Into<String>, rule: impl Into<String>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            field: field.into(),
            rule: rule.into(),
        }
    }
}

impl From<PhoneError> for BadRequest {
    fn from(error: PhoneError) -> Self {
        let rule = error.to_string();
        match error {
            PhoneError::UnknownUser { .. } => Self::unknown("user", rule),
            PhoneError::UnknownApp => Self::unknown("app", rule),
            PhoneError::WrongApp { .. } => Self::new("app", rule),
            PhoneError::NotOpened => Self::conflict("user", rule),
            PhoneError::Confirmed | PhoneError::Expired => Self::conflict("uuid", rule),
        }
    }
}

impl IntoResponse for BadRequest {
    fn into_response(self) -> Response {
        let Self {
            status,
            field,
            rule,
        } = self;
        (
            status,
            Json(json!({ "error": { "field": field, "rule": rule } })),
        )
            .into_response()
    }
}

pub(crate) async fn not_found() -> BadRequest {
    let rule = "no such path: see /_sim/api/openapi.json";
    BadRequest {
        status: StatusCode::NOT_FOUND,
        ..BadRequest::new("path", rule)
    }
}

pub(crate) async fn method_not_allowed() -> BadRequest {
    let rule = "this path does not support the method: see /_sim/api/openapi.json";
    BadRequest {
        status: StatusCode::METHOD_NOT_ALLOWED,
        ..BadRequest::new("method", rule)
    }
}

pub(super) fn check_length(field: &'static str, text: &str, most: usize) -> Result<(), BadRequest> {
    if text.len() <= most {
        return Ok(());
    }
    Err(BadRequest::new(
        field,
        format!("expected at most {most} bytes"),
    ))
}

pub(super) fn too_many(field: &'static str) -> BadRequest {
    BadRequest::new(
        field,
        format!("there are {MAX_ENTRIES} already: delete one first"),
    )
}

/// A body without members.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}

/// Parses a JSON body; an empty body means `{}`.
pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, BadRequest> {
    let body = if body.is_empty() { b"{}" } else { body };
    // Otherwise an array would be read as the members in their order.
    if body.trim_ascii_start().first() == Some(&b'[') {
        return Err(BadRequest::new("body", "expected a JSON object"));
    }
    let mut json = serde_json::Deserializer::from_slice(body);
    serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let field = error.path().to_string();
        let field = if field == "." {
            "body".to_owned()
        } else {
            field
        };
        BadRequest::new(field, rule(&error.into_inner()))
    })
}

/// The rule without the position in the body: the field says where it is.
fn rule(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let position = format!(" at line {} column {}", error.line(), error.column());
    text.strip_suffix(&position).unwrap_or(&text).to_owned()
}
