//! `/clock`: reads, moves, freezes and runs the clock.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use axum::{Json, body::Bytes, extract::State};
use serde::Deserialize;
use serde_json::{Value, json};

use super::bad_request::{BadRequest, read};
use crate::{clock::unix_seconds, state::SimState};

pub(super) async fn show(State(sim): State<Arc<SimState>>) -> Json<Value> {
    Json(json!({ "now": unix_seconds(sim.now()), "runs": sim.clock.runs() }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    advance_seconds: Option<u64>,
    /// Unix seconds, not before the current time.
    now: Option<u32>,
    /// `false` freezes the clock, `true` lets it run.
    runs: Option<bool>,
}

pub(super) async fn change(
    State(sim): State<Arc<SimState>>,
    body: Bytes,
) -> Result<Json<Value>, BadRequest> {
    let Change {
        advance_seconds,
        now,
        runs,
    } = read(&body)?;
    match (advance_seconds, now) {
        (None, None) if runs.is_none() => {
            let rule = "expected advance_seconds or now, with or without runs, or runs alone";
            return Err(BadRequest::new("body", rule));
        }
        (None, None) => {}
        (Some(seconds), None) => advance(&sim, "advance_seconds", Duration::from_secs(seconds))?,
        (None, Some(now)) => {
            let to = SystemTime::UNIX_EPOCH + Duration::from_secs(now.into());
            let by = to.duration_since(sim.now()).map_err(|_| {
                BadRequest::new("now", "the clock cannot be moved back except by a reset")
            })?;
            advance(&sim, "now", by)?;
        }
        (Some(_), Some(_)) => {
            let rule = "expected either now or advance_seconds";
            return Err(BadRequest::new("now", rule));
        }
    }
    match runs {
        Some(true) => sim.run_clock(),
        Some(false) => sim.freeze_clock(),
        None => {}
    }
    Ok(show(State(sim)).await)
}

fn advance(sim: &SimState, field: &'static str, by: Duration) -> Result<(), BadRequest> {
    sim.advance(by).map_err(|left| {
        let left = left.as_secs();
        let rule = format!("the clock can be moved by at most {left} more seconds");
        BadRequest::new(field, rule)
    })
}
