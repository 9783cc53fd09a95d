//! What is not WeChat's: control of the simulator, as JSON under `/_sim/api`.

use std::{sync::Arc, time::Duration};

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
    response::Response,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::bad_request::{BadRequest, read};
use crate::{
    clock::unix_seconds,
    pages::{HomePage, page},
    sim::Shared,
    world::Login,
};

pub(super) async fn home(State(sim): State<Arc<Shared>>) -> Response {
    let world = sim.world();
    let pending = world.logins.pending(sim.now());
    let app = world.apps.first();
    page(&HomePage {
        origin: &sim.origin,
        app_id: app.map_or("", |app| &app.id),
        app_secret: app.map_or("", |app| &app.secret),
        pending: &pending,
    })
}

pub(super) async fn health() -> Json<Value> {
    Json(json!({ "status": "ok", "simulator": true }))
}

pub(super) async fn people(State(sim): State<Arc<Shared>>) -> Json<Value> {
    let world = sim.world();
    let person = |person: &crate::Person| json!({ "id": person.id, "nickname": person.nickname });
    Json(world.people.iter().map(person).collect())
}

/// The QR codes that wait for a phone.
pub(super) async fn logins(State(sim): State<Arc<Shared>>) -> Json<Value> {
    let now = sim.now();
    let login = |login: &Login| {
        json!({
            "uuid": login.uuid,
            "stage": login.stage.name(),
            "app_id": login.app,
            "redirect_uri": login.redirect_uri,
            "expires_in": login.expires.duration_since(now).unwrap_or_default().as_secs(),
        })
    };
    Json(sim.world().logins.pending(now).iter().map(login).collect())
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Who {
    person: Option<String>,
}

/// The phone acts on a QR code; `allow` answers with the address that the browser is sent to.
pub(super) async fn act(
    State(sim): State<Arc<Shared>>,
    Path((uuid, action)): Path<(String, String)>,
    body: Bytes,
) -> Result<Json<Value>, BadRequest> {
    let who: Who = read(&body)?;
    let done = sim.change(|world, now| match action.as_str() {
        "scan" => Ok(world.logins.scan(&uuid, now).map(|_| json!({}))?),
        "allow" => {
            let redirect_url = world.allow(&uuid, who.person.as_deref(), now)?;
            Ok(json!({ "redirect_url": redirect_url }))
        }
        "cancel" => Ok(world.cancel(&uuid, now).map(|_| json!({}))?),
        "expire" => Ok(world.logins.expire(&uuid, now).map(|()| json!({}))?),
        _ => Err(BadRequest::new(
            "action",
            "expected scan, allow, cancel or expire",
        )),
    });
    done.map(Json)
}

pub(super) async fn clock(State(sim): State<Arc<Shared>>) -> Json<Value> {
    Json(json!({ "now": unix_seconds(sim.now()), "runs": sim.clock.runs() }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    advance_seconds: u64,
}

pub(super) async fn advance(
    State(sim): State<Arc<Shared>>,
    body: Bytes,
) -> Result<Json<Value>, BadRequest> {
    let Advance { advance_seconds } = read(&body)?;
    sim.advance(Duration::from_secs(advance_seconds))
        .map_err(|left| {
            let rule = format!(
                "the clock can be moved by {} more seconds at the most",
                left.as_secs()
            );
            BadRequest::new("advance_seconds", rule)
        })?;
    Ok(clock(State(sim)).await)
}

pub(super) async fn reset(State(sim): State<Arc<Shared>>) -> Json<Value> {
    sim.reset();
    Json(json!({}))
}

pub(super) async fn requests(State(sim): State<Arc<Shared>>) -> Json<Value> {
    Json(json!(sim.world().requests()))
}
