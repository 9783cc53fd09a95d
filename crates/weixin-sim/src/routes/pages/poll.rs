//! `/connect/l/qrconnect`: WeChat's long poll, held until the phone changes the login (docs/wechat.md#the-long-poll).

use std::{fmt::Write, sync::Arc, time::Duration};

use axum::{
    Json,
    extract::State,
    http::{
        HeaderName, Uri,
        header::{CACHE_CONTROL, CONTENT_TYPE},
    },
    response::{IntoResponse, Response},
};
use serde::Serialize;
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};

use crate::{
    parameters,
    state::SimState,
    world::{Poll, Stage},
};

const NO_STORE: [(HeaderName, &str); 1] = [(CACHE_CONTROL, "no-store")];

/// Parameter of the simulator's own page, whose polls share the connections of the browser with everything else.
const SHORT: &str = "short";

/// Maximum time of such a poll: the seventh open page has to wait for a connection that long.
const SHORT_POLL: Duration = Duration::from_secs(1);

/// Body of `f=json`, with the members in the order of the script.
#[derive(Serialize)]
struct PollBody {
    wx_errcode: u16,
    wx_code: String,
}

/// Responds with a script, or with the formats of mobile apps: `f=json` and `f=url`.
pub(crate) async fn poll(State(sim): State<Arc<SimState>>, address: Uri) -> Response {
    let parameters = parameters::form(address.query().unwrap_or_default());
    let uuid = parameters.get("uuid");
    let answer = wait_for_phone(&sim, uuid, parameters.get("last"));
    let (errcode, code) = if parameters.get(SHORT) == "1" {
        let answer = timeout(SHORT_POLL, answer).await;
        answer.unwrap_or((408, String::new()))
    } else {
        answer.await
    };
    if parameters.get("f") == "json" {
        let body = PollBody {
            wx_errcode: errcode,
            wx_code: code,
        };
        return (NO_STORE, Json(body)).into_response();
    }
    let mut script = format!("window.wx_errcode={errcode};window.wx_code='{code}';");
    if parameters.get("f") == "url" {
        let callback = callback(&sim, uuid).unwrap_or_default();
        // The URL has no control characters, so only these two characters could end the JavaScript string.
        let callback = callback.replace('\\', "%5C").replace('\'', "%27");
        let _ = write!(script, "window.wx_redirecturl='{callback}';");
    }
    ([(CONTENT_TYPE, "text/javascript; charset=utf-8")], script).into_response()
}

/// Callback URL, after the phone has allowed the login.
fn callback(sim: &SimState, uuid: &str) -> Option<String> {
    let world = sim.world();
    let login = world.logins.find(uuid, sim.now())?;
    matches!(login.stage, Stage::Confirmed { .. }).then(|| login.callback())
}

/// Holds the request until the login has a stage that the browser has not seen, or until the timeout.
async fn wait_for_phone(sim: &SimState, uuid: &str, last: &str) -> (u16, String) {
    // Subscribe before the first look at the world, so that no change in between is missed.
    let mut clock_changes = sim.clock_changes();
    count_poll(sim, uuid);
    let until = sim.now() + sim.world().lifetimes().poll;
    loop {
        let now = sim.now();
        // After a snapshot was restored, the same login is another one: subscribe with each look.
        let (poll, mut phone) = {
            let world = sim.world();
            let poll = world.logins.poll(uuid, last, now, until);
            (poll, world.logins.watch(uuid))
        };
        let wake = match poll {
            Poll::Response { errcode, code } => return (errcode, code),
            Poll::Wait(wake) => wake,
        };
        let timeout = async {
            match wake.duration_since(now) {
                Ok(timeout) if sim.clock.runs() => sleep(timeout).await,
                // A frozen clock reaches the deadline only by being moved, which wakes the loop below.
                _ => std::future::pending().await,
            }
        };
        // The branches only wake the loop: the world is the single source of truth, so a lost or doubled
        // wake-up cannot return a wrong state.
        tokio::select! {
            () = next_change(&mut phone) => {}
            _ = clock_changes.changed() => {}
            () = timeout => {}
        }
    }
}

fn count_poll(sim: &SimState, uuid: &str) {
    let mut world = sim.world();
    if let Some(number) = world.logins.number(uuid) {
        world.timeline.count_poll(number);
    }
}

/// Waits for the next change of the login. Returns at once if the login is gone, and the loop then reports it
/// as expired.
async fn next_change(phone: &mut Option<watch::Receiver<()>>) {
    if let Some(phone) = phone {
        let _ = phone.changed().await;
    }
}
