//! `/reset` and `/seed`.

use std::sync::Arc;

use axum::{Json, body::Bytes, extract::State};
use serde::Deserialize;
use serde_json::{Value, json};

use super::bad_request::{BadRequest, Nothing, read};
use crate::{random::Random, state::SimState};

/// `POST /reset`: restores the initial state.
pub(super) async fn reset(
    State(sim): State<Arc<SimState>>,
    body: Bytes,
) -> Result<Json<Value>, BadRequest> {
    let Nothing {} = read(&body)?;
    sim.reset();
    Ok(Json(json!({})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Seed {
    seed: u64,
}

/// `POST /seed`: restarts the randomness from a seed.
pub(super) async fn seed(
    State(sim): State<Arc<SimState>>,
    body: Bytes,
) -> Result<Json<Value>, BadRequest> {
    let Seed { seed } = read(&body)?;
    sim.world().random = Random::new(Some(seed));
    Ok(Json(json!({})))
}
