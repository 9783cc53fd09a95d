//! What is not WeChat's: control of the simulator, as JSON under `/_sim/api`.

use std::{sync::Arc, time::Duration};

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::{
    PhoneError,
    clock::unix_seconds,
    encrypted,
    pages::{HomePage, page},
    sim::Shared,
    world::Login,
};

/// Bad input: the field and the rule that it breaks.
pub(super) struct BadRequest {
    status: StatusCode,
    field: String,
    rule: String,
}

impl BadRequest {
    fn new(field: impl Into<String>, rule: impl Into<String>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            field: field.into(),
            rule: rule.into(),
        }
    }
}

impl From<PhoneError> for BadRequest {
    fn from(error: PhoneError) -> Self {
        let field = match error {
            PhoneError::NotOpened | PhoneError::UnknownPerson { .. } => "person",
            PhoneError::WrongApp { .. } => "app",
            _ => "uuid",
        };
        Self::new(field, error.to_string())
    }
}

impl IntoResponse for BadRequest {
    fn into_response(self) -> Response {
        let Self {
            status,
            field,
            rule,
        } = self;
        (
            status,
            Json(json!({ "error": { "field": field, "rule": rule } })),
        )
            .into_response()
    }
}

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

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct InApp {
    person: Option<String>,
    /// Of `encrypted-data`: `user` (without it) or `phone`.
    data: Option<String>,
}

/// What happens in an app on the phone: a code for its server, or a payload.
pub(super) async fn app(
    State(sim): State<Arc<Shared>>,
    Path((app, action)): Path<(String, String)>,
    body: Bytes,
) -> Result<Json<Value>, BadRequest> {
    let InApp { person, data } = read(&body)?;
    let person = person.as_deref();
    let done = sim.change(|world, now| {
        let code = |code| json!({ "code": code });
        match action.as_str() {
            "send-auth" => Ok(world.mobile_code(&app, person, now).map(code)?),
            "wx-login" => Ok(world.wx_login(&app, person, now).map(code)?),
            "phone-code" => Ok(world.phone_code(&app, person, now).map(code)?),
            "encrypted-data" => {
                let iv = world.random.session_key();
                let (person, key) = world.visitor(&app, person)?;
                let watermark = encrypted::watermark(&app, now);
                let payload = if data.as_deref() == Some("phone") {
                    encrypted::encrypt(&encrypted::phone(person, &watermark), None, key, iv)
                } else {
                    let avatar = person.avatar_url(&sim.origin);
                    let (whole, raw) = encrypted::profile(person, &app, &avatar, &watermark);
                    encrypted::encrypt(&whole, Some(&raw), key, iv)
                };
                Ok(json!(payload))
            }
            _ => Err(BadRequest::new(
                "action",
                "expected send-auth, wx-login, phone-code or encrypted-data",
            )),
        }
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
    Json(json!(sim.world().requests))
}

pub(super) async fn not_found() -> BadRequest {
    let rule = "no such path: see / for what there is";
    BadRequest {
        status: StatusCode::NOT_FOUND,
        ..BadRequest::new("path", rule)
    }
}

pub(super) async fn method_not_allowed() -> BadRequest {
    let rule = "this path is read with GET or changed with POST, not both: see / for what there is";
    BadRequest {
        status: StatusCode::METHOD_NOT_ALLOWED,
        ..BadRequest::new("method", rule)
    }
}

/// JSON of ours; no body is the same as `{}`.
fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, BadRequest> {
    let body = if body.is_empty() { b"{}" } else { body };
    let mut json = serde_json::Deserializer::from_slice(body);
    serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let field = error.path().to_string();
        let field = if field == "." {
            "body".to_owned()
        } else {
            field
        };
        BadRequest::new(field, error.into_inner().to_string())
    })
}
