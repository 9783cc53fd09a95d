//! What the simulator has seen.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde_json::{Value, json};

use crate::state::SimState;

/// `GET /requests`: the last requests to WeChat's paths, secrets masked.
pub(super) async fn requests(State(sim): State<Arc<SimState>>) -> Json<Value> {
    Json(json!(sim.world().requests.masked()))
}

/// `GET /findings`: what passed here and would not at WeChat.
pub(super) async fn findings(State(sim): State<Arc<SimState>>) -> Json<Value> {
    Json(json!(sim.world().findings.all()))
}
