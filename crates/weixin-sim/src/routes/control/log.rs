//! The request log and the findings.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde_json::{Value, json};

use crate::state::SimState;

/// `GET /requests`: the last requests to WeChat's paths, with masked secrets.
pub(super) async fn requests(State(sim): State<Arc<SimState>>) -> Json<Value> {
    Json(json!(sim.world().requests.masked()))
}

/// `GET /findings`: all findings.
pub(super) async fn findings(State(sim): State<Arc<SimState>>) -> Json<Value> {
    Json(json!(sim.world().findings.all()))
}
