//! The request log.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde_json::{Value, json};

use crate::state::SimState;

/// `GET /requests`: the last requests to WeChat's paths, with masked secrets.
pub(super) async fn requests(State(sim): State<Arc<SimState>>) -> Json<Value> {
    let entries = sim.world().requests.entries();
    Json(json!(entries))
}
