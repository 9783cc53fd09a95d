//! `/auto-allow`: who answers logins without a phone, and how.

use std::sync::Arc;

use axum::{Json, body::Bytes, extract::State};
use serde::Deserialize;
use serde_json::{Value, json};

use super::bad_request::{BadRequest, read};
use crate::{
    AutoAllow,
    state::SimState,
    world::auto_allow::{Answering, AutoAllows, AutoAnswer},
};

fn to_json(AutoAllows { all, apps }: &AutoAllows) -> Value {
    let of_app = |(app, Answering { answer, user }): (&String, &Answering)| json!({ "app": app, "answer": answer, "user": user });
    let apps: Vec<_> = apps.iter().map(of_app).collect();
    json!({ "answer": all.answer, "user": all.user, "apps": apps })
}

/// `GET /auto-allow`
pub(super) async fn show(State(sim): State<Arc<SimState>>) -> Json<Value> {
    let auto_allow = sim.world().auto_allow.clone();
    Json(to_json(&auto_allow))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    /// `None` removes the answer of `app`.
    answer: Option<AutoAnswer>,
    user: Option<String>,
    app: Option<String>,
}

/// `PUT /auto-allow`: sets the answer of all apps, or of one.
pub(super) async fn set(
    State(sim): State<Arc<SimState>>,
    body: Bytes,
) -> Result<Json<Value>, BadRequest> {
    let Change { answer, user, app } = read(&body)?;
    match (answer, app) {
        (Some(answer), app) => {
            let change = AutoAllow { answer, user, app };
            sim.change(|world, now| world.set_auto_allow(change, now))?;
        }
        (None, Some(app)) if user.is_none() => {
            sim.change(|world, now| world.forget_auto_allow(&app, now))?;
        }
        (None, _) => {
            let rule = "expected off, allow, deny or ignore; without it, app alone";
            return Err(BadRequest::new("answer", rule));
        }
    }
    Ok(show(State(sim)).await)
}
