//! `/api/check-login` and `/api/authorize`: fast login by WeChat for PC (docs/wechat.md#fast-login).
//!
//! The real one listens on `localhost.weixin.qq.com`, the simulated one at the simulator's own address.

use std::{sync::Arc, time::Duration};

use axum::{
    Json,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::qrconnect;
use crate::{
    parameters::Parameters,
    routes::request::{avatar_origin, texts},
    state::SimState,
    world::{Desktop, DesktopAnswer, LoginParams, Stage},
};

/// Maximum time that the page waits for the user.
const ANSWER_TIMEOUT: Duration = Duration::from_mins(2);

const TIMED_OUT: u16 = 10046;
const DENIED: u16 = 10050;
const SCAN_ONLY: u16 = 10057;

#[derive(Deserialize)]
struct Envelope {
    jsdata: DesktopRequest,
}

/// Parameters of the login page.
#[derive(Default, Deserialize)]
#[serde(default)]
struct DesktopRequest {
    appid: String,
    scope: String,
    redirect_uri: String,
    state: String,
    authorize_uuid: String,
}

/// Response of `/api/check-login`, with the members in WeChat's order.
#[derive(Serialize)]
struct Offered {
    errcode: u16,
    jsdata: Offer,
}

#[derive(Serialize)]
struct Offer {
    authorize_uuid: String,
    nickname: String,
    headimgurl: String,
}

/// Begins a fast login, if WeChat for PC runs and the app allows it.
pub(super) async fn check_login(
    State(sim): State<Arc<SimState>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let (Some(desktop), Some(request)) = (desktop(&sim), read(&body)) else {
        return absent();
    };
    let world = &mut *sim.world();
    let parameters = request.parameters();
    let app = qrconnect::check(world, &parameters).ok().cloned();
    let (Some(app), false) = (app, desktop.answer == DesktopAnswer::ScanOnly) else {
        return error(SCAN_ONLY);
    };
    let params = LoginParams {
        host: "",
        parameters: &parameters,
        headers: &texts(&headers),
        user: Some(&desktop.user),
        scope: &request.scope,
        redirect_uri: &request.redirect_uri,
        state: &request.state,
        snapshot: false,
        loses_cookies: false,
        is_quick: true,
    };
    let login = world.begin(&app, &params, sim.now());
    let Ok(user) = world.user(Some(&desktop.user)) else {
        return absent();
    };
    let jsdata = Offer {
        authorize_uuid: login.uuid,
        nickname: user.nickname.clone(),
        headimgurl: user.avatar_url(&avatar_origin(&sim, &headers)),
    };
    Json(Offered { errcode: 0, jsdata }).into_response()
}

/// Asks the user of WeChat for PC to confirm, after they pressed the page's button.
pub(super) async fn authorize(State(sim): State<Arc<SimState>>, body: Bytes) -> Response {
    let (Some(desktop), Some(request)) = (desktop(&sim), read(&body)) else {
        return absent();
    };
    let uuid = &request.authorize_uuid;
    let done = sim.change(|world, now| match desktop.answer {
        DesktopAnswer::Allow => world.confirm(uuid, Some(&desktop.user), now).map(|_| ()),
        DesktopAnswer::Refuse => world.cancel(uuid, now).map(|_| ()),
        _ => world.scan(uuid, now).map(|_| ()),
    });
    if done.is_err() || desktop.answer == DesktopAnswer::Ignore {
        return error(TIMED_OUT);
    }
    match timeout(ANSWER_TIMEOUT, decided(&sim, uuid)).await {
        Ok(Ok(redirect_url)) => {
            Json(json!({ "errcode": 0, "jsdata": { "redirect_url": redirect_url } }))
                .into_response()
        }
        Ok(Err(errcode)) => error(errcode),
        Err(_) => error(TIMED_OUT),
    }
}

/// Waits until the login is decided. Only changes of this login wake it.
async fn decided(sim: &SimState, uuid: &str) -> Result<String, u16> {
    // Subscribe before the first look at the world, so that no change in between is missed.
    let mut changed = sim.world().logins.watch(uuid);
    loop {
        if let Some(decision) = decision(sim, uuid) {
            return decision;
        }
        let Some(changed) = &mut changed else {
            return Err(TIMED_OUT);
        };
        // A login that is gone is undecided for ever: the next look says so.
        let _ = changed.changed().await;
    }
}

/// Callback URL or error code; `None` while the login is undecided.
fn decision(sim: &SimState, uuid: &str) -> Option<Result<String, u16>> {
    let world = sim.world();
    let Some(login) = world.logins.find(uuid, sim.now()) else {
        return Some(Err(TIMED_OUT));
    };
    match login.stage {
        Stage::Confirmed { .. } => Some(Ok(login.callback())),
        Stage::Canceled => Some(Err(DENIED)),
        Stage::Waiting | Stage::Scanned => None,
    }
}

impl DesktopRequest {
    fn parameters(&self) -> Parameters {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("appid", &self.appid);
        query.append_pair("scope", &self.scope);
        query.append_pair("redirect_uri", &self.redirect_uri);
        Parameters::new(&query.finish(), &[])
    }
}

fn desktop(sim: &SimState) -> Option<Desktop> {
    sim.world().desktop.clone()
}

fn read(body: &[u8]) -> Option<DesktopRequest> {
    serde_json::from_slice(body)
        .ok()
        .map(|Envelope { jsdata }| jsdata)
}

fn error(errcode: u16) -> Response {
    Json::<Value>(json!({ "errcode": errcode })).into_response()
}

/// Response while WeChat for PC is not running. The real one has no listener then; a 503 is the closest that
/// the simulator can do.
fn absent() -> Response {
    StatusCode::SERVICE_UNAVAILABLE.into_response()
}
