//! The request log.

use std::sync::Arc;

use axum::{Json, extract::State};

use crate::{state::SimState, world::request_log::Entry};

/// `GET /requests`: the last requests to WeChat's paths, with masked secrets.
pub(super) async fn requests(State(sim): State<Arc<SimState>>) -> Json<Vec<Entry>> {
    let entries = sim.world().requests.entries();
    Json(entries)
}
