//! `/clock`: reads, moves, stops and starts the simulator's time.

use std::{sync::Arc, time::Duration};

use axum::{Json, body::Bytes, extract::State};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    clock::unix_seconds,
    routes::bad_request::{BadRequest, read},
    sim::Shared,
};

pub(super) async fn show(State(sim): State<Arc<Shared>>) -> Json<Value> {
    Json(json!({ "now": unix_seconds(sim.now()), "runs": sim.clock.runs() }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    advance_seconds: Option<u64>,
    /// Whether time passes by itself from now on.
    runs: Option<bool>,
}

pub(super) async fn change(
    State(sim): State<Arc<Shared>>,
    body: Bytes,
) -> Result<Json<Value>, BadRequest> {
    let Change {
        advance_seconds,
        runs,
    } = read(&body)?;
    if advance_seconds.is_none() && runs.is_none() {
        return Err(BadRequest::new(
            "body",
            "expected advance_seconds, runs or both",
        ));
    }
    if let Some(seconds) = advance_seconds {
        sim.advance(Duration::from_secs(seconds)).map_err(|left| {
            let rule = format!(
                "the clock can be moved by {} more seconds at the most",
                left.as_secs()
            );
            BadRequest::new("advance_seconds", rule)
        })?;
    }
    match runs {
        Some(true) => sim.run_clock(),
        Some(false) => sim.freeze_clock(),
        None => {}
    }
    Ok(show(State(sim)).await)
}
