//! What happens to apps and people, by control: codes, payloads and changes of their lives.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::bad_request::{BadRequest, read};
use crate::{encrypted, sim::Shared};

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct InApp {
    person: Option<String>,
    /// Of `encrypted-data`: `user` (without it) or `phone`.
    data: Option<String>,
}

const IN_APP: &str =
    "expected send-auth, wx-login, phone-code, encrypted-data, bind, unbind, freeze or unfreeze";

/// What happens in an app on the phone, a code for its server or a payload, and to the app itself.
pub(super) async fn app(
    State(sim): State<Arc<Shared>>,
    Path((app, action)): Path<(String, String)>,
    body: Bytes,
) -> Result<Json<Value>, BadRequest> {
    let InApp { person, data } = read(&body)?;
    let person = person.as_deref();
    let done = sim.change(|world, now| {
        let code = |code| json!({ "code": code });
        let nothing = |()| json!({});
        match action.as_str() {
            "send-auth" => Ok(world.mobile_code(&app, person, now).map(code)?),
            "wx-login" => Ok(world.wx_login(&app, person, now).map(code)?),
            "phone-code" => Ok(world.phone_code(&app, person, now).map(code)?),
            "encrypted-data" => {
                let iv = world.random.session_key();
                let (person, key) = world.visitor(&app, person)?;
                let watermark = encrypted::watermark(&app, now);
                let payload = match data.as_deref() {
                    None | Some("user") => {
                        let avatar = person.avatar_url(&sim.origin);
                        let unionid = world.unionid(&app, person);
                        let (whole, raw) =
                            encrypted::profile(person, &app, unionid, &avatar, &watermark);
                        encrypted::encrypt(&whole, Some(&raw), key, iv)
                    }
                    Some("phone") => {
                        encrypted::encrypt(&encrypted::phone(person, &watermark), None, key, iv)
                    }
                    Some(_) => return Err(BadRequest::new("data", "expected user or phone")),
                };
                Ok(json!(payload))
            }
            "bind" => Ok(world
                .change_app(&app, |app| app.is_bound = true)
                .map(nothing)?),
            "unbind" => Ok(world
                .change_app(&app, |app| app.is_bound = false)
                .map(nothing)?),
            "freeze" => Ok(world
                .change_app(&app, |app| app.is_frozen = true)
                .map(nothing)?),
            "unfreeze" => Ok(world
                .change_app(&app, |app| app.is_frozen = false)
                .map(nothing)?),
            _ => Err(BadRequest::new("action", IN_APP)),
        }
    });
    done.map(Json)
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    /// Of `rename`.
    nickname: Option<String>,
    /// Of `withdraw`: the app id.
    app: Option<String>,
}

const IN_LIFE: &str = "expected block, unblock, change-avatar, change-password, rename or withdraw";

/// What happens in somebody's life.
pub(super) async fn person(
    State(sim): State<Arc<Shared>>,
    Path((person, action)): Path<(String, String)>,
    body: Bytes,
) -> Result<Json<Value>, BadRequest> {
    let Change { nickname, app } = read(&body)?;
    let missing = |field| BadRequest::new(field, "missing");
    let done = sim.change(|world, _| match action.as_str() {
        "block" => Ok(world.change_person(&person, |person| person.is_blocked = true)?),
        "unblock" => Ok(world.change_person(&person, |person| person.is_blocked = false)?),
        "change-avatar" => Ok(world.change_person(&person, |person| person.avatars += 1)?),
        "change-password" => Ok(world.change_password(&person)?),
        "rename" => {
            let nickname = nickname.ok_or_else(|| missing("nickname"))?;
            Ok(world.change_person(&person, |person| person.nickname = nickname)?)
        }
        "withdraw" => {
            let app = app.ok_or_else(|| missing("app"))?;
            Ok(world.withdraw(&person, &app)?)
        }
        _ => Err(BadRequest::new("action", IN_LIFE)),
    });
    done.map(|()| Json(json!({})))
}
