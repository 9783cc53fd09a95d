//! `/verify`: counts logged requests or steps, and says whether they are as many as expected.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::json;

use super::bad_request::{BadRequest, read};
use crate::{
    state::SimState,
    world::{
        counts::{Bounds, Counted, Unknown, Verified},
        filters::{RequestFilter, StepFilter},
    },
};

/// Either `request` or `login`, and any of the bounds.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Verify {
    request: Option<RequestFilter>,
    login: Option<StepFilter>,
    exactly: Option<u64>,
    at_least: Option<u64>,
    at_most: Option<u64>,
}

impl From<Unknown> for BadRequest {
    fn from(Unknown { field, rule }: Unknown) -> Self {
        Self::unknown(field, rule)
    }
}

/// `POST /verify`: 200 if the expectation holds, 409 if it does not, so that a test that looks at the status only, or at
/// `ok` only, cannot miss it.
pub(super) async fn verify(
    State(sim): State<Arc<SimState>>,
    body: Bytes,
) -> Result<Response, BadRequest> {
    let verify: Verify = read(&body)?;
    let bounds = Bounds {
        exactly: verify.exactly,
        at_least: verify.at_least,
        at_most: verify.at_most,
    };
    bounds
        .check()
        .map_err(|rule| BadRequest::new("body", rule))?;
    let counted = match (verify.request, verify.login) {
        (Some(filter), None) => Counted::Requests(filter),
        (None, Some(filter)) => Counted::Steps(filter),
        _ => return Err(BadRequest::new("body", "expected either request or login")),
    };
    let candidates = sim.world().candidates(counted)?;
    let verified = Verified::new(candidates.count(), bounds);
    Ok(match verified.failure(bounds) {
        None => Json(verified).into_response(),
        Some(rule) => {
            let mut body = json!(verified);
            body["error"] = json!({ "field": "matches", "rule": rule });
            (StatusCode::CONFLICT, Json(body)).into_response()
        }
    })
}
