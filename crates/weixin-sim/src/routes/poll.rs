//! `/connect/l/qrconnect`: what did the phone do? Held until it did something (facts 2.1).

use std::sync::Arc;

use axum::{
    extract::State,
    http::header::CONTENT_TYPE,
    response::{IntoResponse, Response},
};
use tokio::time::timeout;

use super::Parameters;
use crate::{sim::Shared, world::Poll};

pub(super) async fn poll(State(sim): State<Arc<Shared>>, parameters: Parameters) -> Response {
    let (errcode, code) = answer(&sim, parameters.get("uuid"), parameters.get("last")).await;
    let script = format!("window.wx_errcode={errcode};window.wx_code='{code}';");
    ([(CONTENT_TYPE, "text/javascript; charset=utf-8")], script).into_response()
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
