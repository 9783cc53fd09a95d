//! `/faults`: adds, lists and removes faults.

use std::sync::Arc;

use axum::{Json, body::Bytes, extract::State, http::HeaderValue};
use serde_json::{Value, json};

use super::bad_request::{BadRequest, read};
use crate::{
    Effect, Fault,
    state::SimState,
    wire::{api_error::ApiError, dialog},
    world::fault::Faults,
};

/// Maximum delay, in milliseconds.
const MAX_DELAY: u64 = 60_000;

/// `POST /faults`: validates and adds a fault.
pub(super) async fn add(
    State(sim): State<Arc<SimState>>,
    body: Bytes,
) -> Result<Json<Value>, BadRequest> {
    let fault: Fault = read(&body)?;
    check(fault.effect()).map_err(|rule| BadRequest::new("effect", rule))?;
    if !fault.has_valid_percent() {
        return Err(BadRequest::new("percent", "expected 0 to 100"));
    }
    sim.world().faults.add(fault);
    Ok(list(State(sim)).await)
}

fn check(effect: &Effect) -> Result<(), String> {
    let is_content_type = |value: &String| HeaderValue::try_from(value).is_ok();
    match effect {
        Effect::Errcode(errcode) if ApiError::documented(*errcode).is_none() => {
            Err("expected a documented errcode, such as -1 or 45011".to_owned())
        }
        Effect::Dialog(code) if dialog::documented(*code).is_none() => {
            Err("expected the number of a dialog, from 10003 to 10016".to_owned())
        }
        Effect::DelayMs(milliseconds) | Effect::SlowBodyMs(milliseconds)
            if *milliseconds > MAX_DELAY =>
        {
            Err(format!(
                "expected a delay of at most {MAX_DELAY} milliseconds"
            ))
        }
        Effect::Html(status) if !(200..600).contains(status) => {
            Err("expected an HTTP status from 200 to 599".to_owned())
        }
        Effect::Answer(answer) if !(200..600).contains(&answer.status) => {
            Err("expected an HTTP status from 200 to 599".to_owned())
        }
        Effect::Answer(answer) if !is_content_type(&answer.content_type) => {
            Err("expected a content type, such as application/json".to_owned())
        }
        Effect::ContentType(value) if !is_content_type(value) => {
            Err("expected a content type, such as application/json".to_owned())
        }
        _ => Ok(()),
    }
}

/// `GET /faults`: the faults that have not run out.
pub(super) async fn list(State(sim): State<Arc<SimState>>) -> Json<Value> {
    Json(json!(sim.world().faults.pending()))
}

/// `DELETE /faults`: removes all faults.
pub(super) async fn clear(State(sim): State<Arc<SimState>>) -> Json<Value> {
    sim.world().faults = Faults::default();
    Json(json!([]))
}
