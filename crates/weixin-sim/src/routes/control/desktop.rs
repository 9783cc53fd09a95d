//! `/desktop`: starts and stops WeChat for PC.

use std::sync::Arc;

use axum::{Json, body::Bytes, extract::State};
use serde::Deserialize;
use serde_json::{Value, json};

use super::bad_request::{BadRequest, read};
use crate::{DesktopAnswer, state::SimState};

pub(super) async fn show(State(sim): State<Arc<SimState>>) -> Json<Value> {
    let world = sim.world();
    Json(match &world.desktop {
        Some(desktop) => {
            json!({ "runs": true, "user": desktop.user, "answer": desktop.answer })
        }
        None => json!({ "runs": false, "user": null, "answer": null }),
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DesktopParams {
    user: Option<String>,
    #[serde(default)]
    answer: DesktopAnswer,
}

pub(super) async fn start(
    State(sim): State<Arc<SimState>>,
    body: Bytes,
) -> Result<Json<Value>, BadRequest> {
    let DesktopParams { user, answer } = read(&body)?;
    sim.change(|world, _| world.run_desktop(user.as_deref(), answer))?;
    Ok(show(State(sim)).await)
}

pub(super) async fn end(State(sim): State<Arc<SimState>>) -> Json<Value> {
    sim.change(|world, _| world.desktop = None);
    show(State(sim)).await
}
