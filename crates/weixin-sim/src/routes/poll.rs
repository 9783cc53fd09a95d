//! `/connect/l/qrconnect`: what did the phone do? Held until it did something (facts 2.1).

use std::{fmt::Write, sync::Arc};

use axum::{
    Json,
    extract::State,
    http::header::CONTENT_TYPE,
    response::{IntoResponse, Response},
};
use serde_json::json;
use tokio::time::timeout;

use super::Parameters;
use crate::{
    sim::Shared,
    world::{Poll, Stage},
};

/// The answer is a script; `f=json` and `f=url` are the forms that apps ask for.
pub(super) async fn poll(State(sim): State<Arc<Shared>>, parameters: Parameters) -> Response {
    let uuid = parameters.get("uuid");
    let (errcode, code) = answer(&sim, uuid, parameters.get("last")).await;
    if parameters.get("f") == "json" {
        return Json(json!({ "wx_errcode": errcode, "wx_code": code })).into_response();
    }
    let mut script = format!("window.wx_errcode={errcode};window.wx_code='{code}';");
    if parameters.get("f") == "url" {
        let callback = callback(&sim, uuid).unwrap_or_default();
        // Percent-encoded like every address, so that no quote ends the text.
        let callback = callback.replace('\\', "%5C").replace('\'', "%27");
        let _ = write!(script, "window.wx_redirecturl='{callback}';");
    }
    ([(CONTENT_TYPE, "text/javascript; charset=utf-8")], script).into_response()
}

/// Where the browser is sent, once the phone said yes.
fn callback(sim: &Shared, uuid: &str) -> Option<String> {
    let world = sim.world();
    let login = world.logins.find(uuid, sim.now())?;
    matches!(login.stage, Stage::Confirmed { .. }).then(|| login.callback())
}

async fn answer(sim: &Shared, uuid: &str, last: &str) -> (u16, String) {
    let mut changes = sim.changes();
    let until = sim.now() + sim.settings.lifetimes.poll;
    loop {
        let now = sim.now();
        let poll = sim.world().logins.poll(uuid, last, now, until);
        let wake = match poll {
            Poll::Answer { errcode, code } => return (errcode, code),
            Poll::Wait(wake) => wake,
        };
        let change = changes.changed();
        if sim.clock.runs() {
            // Too late is the same as changed: look again.
            let _ = timeout(wake.duration_since(now).unwrap_or_default(), change).await;
        } else {
            let _ = change.await;
        }
    }
}
