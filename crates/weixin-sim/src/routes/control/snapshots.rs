//! `/snapshots`: copies of the world and its clock, and their restoration.

use std::sync::{Arc, MutexGuard, PoisonError};

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
};
use serde_json::{Value, json};

use super::bad_request::{BadRequest, Nothing, read};
use crate::state::{SimState, Snapshots};

/// Maximum number of snapshots of a world.
const MAX_SNAPSHOTS: usize = 20;

fn kept(sim: &SimState) -> MutexGuard<'_, Snapshots> {
    sim.snapshots.lock().unwrap_or_else(PoisonError::into_inner)
}

/// `GET /snapshots`: the numbers of all snapshots, the oldest first.
pub(super) async fn list(State(sim): State<Arc<SimState>>) -> Json<Value> {
    let snapshots = kept(&sim);
    let ids = snapshots
        .kept
        .keys()
        .map(|id| json!({ "id": id.to_string() }));
    Json(ids.collect())
}

/// `POST /snapshots`: copies the world and its clock.
pub(super) async fn take(
    State(sim): State<Arc<SimState>>,
    body: Bytes,
) -> Result<(StatusCode, Json<Value>), BadRequest> {
    let Nothing {} = read(&body)?;
    let mut snapshots = kept(&sim);
    if snapshots.kept.len() >= MAX_SNAPSHOTS {
        let rule = format!("there are {MAX_SNAPSHOTS} snapshots, the maximum: delete one");
        return Err(BadRequest::conflict("body", rule));
    }
    snapshots.last += 1;
    let id = snapshots.last;
    snapshots.kept.insert(id, Arc::new(sim.snapshot()));
    Ok((StatusCode::CREATED, Json(json!({ "id": id.to_string() }))))
}

/// `POST /snapshots/{snapshot}/restore`: restores the world and its clock.
pub(super) async fn restore(
    State(sim): State<Arc<SimState>>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Json<Value>, BadRequest> {
    let Nothing {} = read(&body)?;
    let id = id.parse::<u64>().ok();
    let snapshot = id.and_then(|id| kept(&sim).kept.get(&id).cloned());
    let snapshot = snapshot.ok_or_else(|| {
        BadRequest::unknown(
            "snapshot",
            "no such snapshot: it was deleted, or never taken",
        )
    })?;
    sim.restore(&snapshot);
    Ok(Json(json!({})))
}

/// `DELETE /snapshots/{snapshot}`: succeeds even if there is no such snapshot.
pub(super) async fn delete(
    State(sim): State<Arc<SimState>>,
    Path(id): Path<String>,
) -> Json<Value> {
    if let Ok(id) = id.parse::<u64>() {
        kept(&sim).kept.remove(&id);
    }
    Json(json!({}))
}
