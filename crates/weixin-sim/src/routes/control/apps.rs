//! `/apps`: registers, changes and removes apps, and triggers app events.

use std::{sync::Arc, time::SystemTime};

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
    http::Uri,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::bad_request::{BadRequest, MAX_ENTRIES, MAX_ID, MAX_NAME, check_length, read, too_many};
use crate::{
    App, User, parameters,
    state::SimState,
    wire::encrypted::{PhoneInfo, UserIds, UserInfo, Watermark},
    world::{
        World,
        app::AppChange,
        user::{GRAY_AVATAR, WITHHELD_NAME, avatar_url},
    },
};

/// The secret is included, because tests need it. One that may be real is masked.
fn to_json(app: &App) -> Value {
    with_secret(app, app.shown_secret())
}

fn with_secret(app: &App, secret: &str) -> Value {
    json!({
        "id": app.id,
        "secret": secret,
        "kind": app.kind,
        "name": app.name,
        "callback_domains": app.callback_domains,
        "ip_whitelist": app.ip_whitelist,
        "bound": app.is_bound,
        "frozen": app.is_frozen,
    })
}

/// `GET /apps`; `secrets=true` includes the secrets that may be real.
pub(super) async fn list(
    State(sim): State<Arc<SimState>>,
    address: Uri,
) -> Result<Json<Value>, BadRequest> {
    let parameters = parameters::form(address.query().unwrap_or_default());
    let json = match parameters.get("secrets") {
        "true" => |app: &App| with_secret(app, &app.secret),
        "" | "false" => |app: &App| to_json(app),
        _ => return Err(BadRequest::new("secrets", "expected true or false")),
    };
    let apps = sim.world().apps.clone();
    Ok(Json(apps.iter().map(json).collect()))
}

/// `PUT /apps/{app}`: registers an app, or changes the given members of a registered one.
pub(super) async fn put(
    State(sim): State<Arc<SimState>>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Json<Value>, BadRequest> {
    let change: AppChange = read(&body)?;
    check_length("app", &id, MAX_ID)?;
    check_length("name", change.name.as_deref().unwrap_or_default(), MAX_NAME)?;
    let app = sim.change(|world, _| {
        let known = world.app(&id).ok().cloned();
        if known.is_none() && world.apps.len() >= MAX_ENTRIES {
            return Err(too_many("app"));
        }
        let mut app = known.unwrap_or_else(|| App::new(&id, "s".repeat(32)));
        change
            .apply(&mut app)
            .map_err(|(field, rule)| BadRequest::new(field, rule.en))?;
        world.put_app(app.clone());
        Ok(app)
    });
    app.map(|app| Json(to_json(&app)))
}

/// `DELETE /apps/{app}`
pub(super) async fn delete(
    State(sim): State<Arc<SimState>>,
    Path(id): Path<String>,
) -> Result<Json<Value>, BadRequest> {
    sim.change(|world, _| {
        world.known_app(&id)?;
        world.apps.retain(|app| app.id != id);
        world.auto_allow.apps.remove(&id);
        Ok(Json(json!({})))
    })
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct ActionParams {
    user: Option<String>,
    /// `user` (default) or `phone`; for `encrypted-data`.
    data: Option<String>,
}

const APP_ACTIONS: &str =
    "expected send-auth, wx-login, phone-code, encrypted-data, bind, unbind, freeze or unfreeze";

/// `POST /apps/{app}/{action}`: makes a code or a payload as an app on the phone does, or changes the app.
pub(super) async fn act(
    State(sim): State<Arc<SimState>>,
    Path((app, action)): Path<(String, String)>,
    body: Bytes,
) -> Result<Json<Value>, BadRequest> {
    let ActionParams { user, data } = read(&body)?;
    let user = user.as_deref();
    let done = sim.change(|world, now| {
        world.known_app(&app)?;
        let code = |code| json!({ "code": code });
        let mut change =
            |change: fn(&mut App)| Ok(world.change_app(&app, change).map(|()| json!({}))?);
        match action.as_str() {
            "bind" => change(|app| app.is_bound = true),
            "unbind" => change(|app| app.is_bound = false),
            "freeze" => change(|app| app.is_frozen = true),
            "unfreeze" => change(|app| app.is_frozen = false),
            "send-auth" => Ok(world.mobile_code(&app, user, now).map(code)?),
            "wx-login" => Ok(world.wx_login(&app, user, now).map(code)?),
            "phone-code" => Ok(world.phone_code(&app, user, now).map(code)?),
            "encrypted-data" => {
                let visit = MiniProgramVisit {
                    app: &app,
                    user,
                    origin: sim.own_url(),
                };
                visit.payload(world, data.as_deref(), now)
            }
            _ => Err(BadRequest::new("action", APP_ACTIONS)),
        }
    });
    done.map(Json)
}

/// A user in a mini program.
struct MiniProgramVisit<'a> {
    app: &'a str,
    user: Option<&'a str>,
    origin: &'a str,
}

impl MiniProgramVisit<'_> {
    /// Encrypts the payload that the mini program sends to its server.
    fn payload(
        &self,
        world: &mut World,
        data: Option<&str>,
        now: SystemTime,
    ) -> Result<Value, BadRequest> {
        // An IV has the size of a session key.
        let iv = world.random.session_key();
        let (user, key) = world.mini_program_user(self.app, self.user)?;
        let watermark = Watermark::new(self.app, now);
        let payload = match data {
            None | Some("user") => {
                let ids = UserIds {
                    openid: user.openid(self.app),
                    unionid: world.unionid(self.app, user),
                };
                let profile = self.profile(world, user);
                profile.encrypt(ids, watermark, (key, iv))
            }
            Some("phone") => PhoneInfo::new(user.phone(), watermark).encrypt(key, iv),
            Some(_) => return Err(BadRequest::new("data", "expected user or phone")),
        };
        Ok(json!(payload))
    }

    /// Profile as `wx.getUserInfo` returns it.
    fn profile(&self, world: &World, user: &User) -> UserInfo {
        if world.variants().mini_program_profiles {
            UserInfo::open(user.nickname.clone(), user.avatar_url(self.origin))
        } else {
            UserInfo::withheld(WITHHELD_NAME, avatar_url(self.origin, GRAY_AVATAR))
        }
    }
}
