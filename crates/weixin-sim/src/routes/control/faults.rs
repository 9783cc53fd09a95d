//! `/faults`: adds, lists and removes faults.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
};
use serde_json::{Value, json};

use super::bad_request::{BadRequest, read};
use crate::{
    Fault,
    state::SimState,
    world::faults::{AddedFault, RejectedFault},
};

impl From<RejectedFault> for BadRequest {
    fn from(rejected: RejectedFault) -> Self {
        match rejected {
            RejectedFault::Invalid { field, rule } => Self::new(field, rule),
            RejectedFault::Conflict { field, rule } => Self::conflict(field, rule),
        }
    }
}

/// `POST /faults`: checks and adds a fault; returns it with its ID.
pub(super) async fn add(
    State(sim): State<Arc<SimState>>,
    body: Bytes,
) -> Result<Json<AddedFault>, BadRequest> {
    let fault: Fault = read(&body)?;
    let added = sim.change(|world, _| world.add_fault(fault, &sim.settings.allowed_hosts))?;
    Ok(Json(added))
}

/// `GET /faults`: all faults, also those that have run out.
pub(super) async fn list(State(sim): State<Arc<SimState>>) -> Json<Value> {
    let faults = sim.world().faults.all().to_vec();
    Json(json!(faults))
}

/// `GET /faults/{id}`: a fault, with the number of times that it struck.
pub(super) async fn show(
    State(sim): State<Arc<SimState>>,
    Path(id): Path<String>,
) -> Result<Json<AddedFault>, BadRequest> {
    let fault = sim.world().faults.get(&id).cloned();
    fault.map(Json).ok_or_else(unknown)
}

/// `DELETE /faults/{id}`: removes a fault; returns it as it was.
pub(super) async fn remove(
    State(sim): State<Arc<SimState>>,
    Path(id): Path<String>,
) -> Result<Json<AddedFault>, BadRequest> {
    let removed = sim.change(|world, _| world.faults.remove(&id));
    removed.map(Json).ok_or_else(unknown)
}

/// `DELETE /faults`: removes all faults.
pub(super) async fn clear(State(sim): State<Arc<SimState>>) -> Json<Value> {
    sim.change(|world, _| world.faults.clear());
    Json(json!([]))
}

fn unknown() -> BadRequest {
    BadRequest::unknown("id", "unknown fault: see /_sim/api/faults")
}
