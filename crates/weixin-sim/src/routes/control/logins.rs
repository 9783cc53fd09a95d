//! Logins: waiting QR codes, the phone's actions, and the timeline.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::bad_request::{BadRequest, read};
use crate::{
    state::SimState,
    world::{Login, LoginTrace},
};

/// `GET /logins`: QR codes that wait for a phone.
pub(super) async fn pending(State(sim): State<Arc<SimState>>) -> Json<Value> {
    let now = sim.now();
    let login = |login: &Login| {
        json!({
            "uuid": login.uuid,
            "stage": login.stage.name(),
            "app_id": login.app,
            "redirect_uri": &*login.redirect_uri,
            "expires_in": login.expires.duration_since(now).unwrap_or_default().as_secs(),
        })
    };
    let logins = sim.world().pending(now);
    Json(logins.iter().map(login).collect())
}

/// `GET /timeline`: steps of each login, the newest login first.
pub(super) async fn timeline(State(sim): State<Arc<SimState>>) -> Json<Value> {
    let now = sim.now();
    let traces: Vec<_> = sim.world().timeline.newest_first().cloned().collect();
    let trace = |trace: &Arc<LoginTrace>| {
        let mut members = json!(**trace);
        members["outcome"] = json!(trace.outcome(now));
        members
    };
    Json(traces.iter().map(trace).collect())
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct AllowParams {
    user: Option<String>,
}

/// `POST /logins/{uuid}/{action}`: scans, allows, cancels or expires; `allow` returns the callback URL.
pub(super) async fn act(
    State(sim): State<Arc<SimState>>,
    Path((uuid, action)): Path<(String, String)>,
    body: Bytes,
) -> Result<Json<Value>, BadRequest> {
    let who: AllowParams = read(&body)?;
    let done = sim.change(|world, now| {
        if world.logins.number(&uuid).is_none() {
            return Err(BadRequest::unknown(
                "uuid",
                "unknown QR code: see /_sim/api/logins",
            ));
        }
        match action.as_str() {
            "scan" => Ok(world.scan(&uuid, now).map(|_| json!({}))?),
            "allow" => {
                let redirect_url = world.allow(&uuid, who.user.as_deref(), now)?;
                Ok(json!({ "redirect_url": redirect_url }))
            }
            "cancel" => Ok(world.cancel(&uuid, now).map(|_| json!({}))?),
            "expire" => Ok(world.expire(&uuid, now).map(|()| json!({}))?),
            _ => Err(BadRequest::new(
                "action",
                "expected scan, allow, cancel or expire",
            )),
        }
    });
    done.map(Json)
}
