//! `/_sim/do/{action}`: the forms of the dashboard, which do what the control API does.

use std::sync::Arc;

use axum::{
    Extension, Json,
    body::Bytes,
    extract::{Path, State},
    http::HeaderMap,
    response::{IntoResponse, Redirect, Response},
};
use serde_json::{Map, Value, json};

use super::{
    apps, auto_allow, bad_request::BadRequest, clock, faults, findings, simulator, users, worlds,
};
use crate::{
    parameters::{self, Parameters},
    routes::language::own_path,
    state::SimState,
    worlds::Worlds,
};

type Done = Result<Json<Value>, BadRequest>;

/// Does what a form asks for, and goes back to its page.
pub(super) async fn act(
    sim: State<Arc<SimState>>,
    all: Extension<Arc<Worlds>>,
    Path(action): Path<String>,
    headers: HeaderMap,
    body: String,
) -> Response {
    let form = parameters::form(&body);
    let done = match action.as_str() {
        "clock" => change_clock(sim, &form).await,
        "fault" => add_fault(sim, &form).await,
        "fault-remove" => {
            let removed = faults::remove(sim, Path(form.get("id").to_owned())).await;
            removed.map(|Json(removed)| Json(json!(removed)))
        }
        "auto-allow" => set_auto_allow(sim, &form).await,
        "world" => open_world(all, headers, &form).await,
        "world-delete" => worlds::delete(all, Path(form.get("id").to_owned())).await,
        "no-faults" => Ok(faults::clear(sim).await),
        "reset" => simulator::reset(sim, Bytes::new()).await,
        "accept" => accept(sim, &form).await,
        _ => change_setup(sim, &action, &form).await,
    };
    match done {
        Ok(_) => Redirect::to(own_path(form.get("back"))).into_response(),
        Err(error) => error.into_response(),
    }
}

/// Changes users and apps.
async fn change_setup(sim: State<Arc<SimState>>, action: &str, form: &Parameters) -> Done {
    let id = form.get("id").trim().to_owned();
    if id.is_empty() {
        return Err(BadRequest::new("id", "missing"));
    }
    let is_set = |name| !form.get(name).is_empty();
    match action {
        "user" => {
            let change = json!({
                "nickname": form.get("nickname"),
                "avatar": is_set("avatar"),
                "blocked": is_set("blocked"),
            });
            users::put(sim, Path(id), body(&change)).await
        }
        "user-delete" => users::delete(sim, Path(id)).await,
        "user-change-password" => {
            let action = "change-password".to_owned();
            users::act(sim, Path((id, action)), Bytes::new()).await
        }
        "app" => {
            let domains = form.get("callback_domains").split([',', ' ']);
            let domains: Vec<_> = domains.filter(|domain| !domain.is_empty()).collect();
            let mut change = json!({
                "name": form.get("name"),
                "callback_domains": domains,
                "bound": is_set("bound"),
                "frozen": is_set("frozen"),
            });
            if is_set("kind") {
                change["kind"] = json!(form.get("kind"));
            }
            apps::put(sim, Path(id), body(&change)).await
        }
        "app-delete" => apps::delete(sim, Path(id)).await,
        _ => Err(BadRequest::new("action", "unknown")),
    }
}

async fn change_clock(sim: State<Arc<SimState>>, form: &Parameters) -> Done {
    let mut change = Map::new();
    for name in ["advance_seconds", "runs"] {
        if let Ok(value) = serde_json::from_str(form.get(name)) {
            change.insert(name.to_owned(), value);
        }
    }
    clock::change(sim, body(&Value::Object(change))).await
}

async fn add_fault(sim: State<Arc<SimState>>, form: &Parameters) -> Done {
    let effect = form.get("effect");
    let mut fault = Map::new();
    let effect = serde_json::from_str(effect).unwrap_or_else(|_| json!(effect));
    fault.insert("effect".to_owned(), effect);
    for name in ["path", "app"] {
        if !form.get(name).is_empty() {
            fault.insert(name.to_owned(), json!(form.get(name)));
        }
    }
    for name in ["times", "percent"] {
        if let Ok(number @ (Value::Number(_) | Value::Null)) = serde_json::from_str(form.get(name))
        {
            fault.insert(name.to_owned(), number);
        }
    }
    let added = faults::add(sim, body(&Value::Object(fault))).await;
    added.map(|Json(added)| Json(json!(added)))
}

async fn set_auto_allow(sim: State<Arc<SimState>>, form: &Parameters) -> Done {
    let set = |name| Some(form.get(name)).filter(|value| !value.is_empty());
    let change = json!({ "answer": set("answer"), "user": set("user"), "app": set("app") });
    auto_allow::set(sim, body(&change)).await
}

async fn open_world(all: Extension<Arc<Worlds>>, headers: HeaderMap, form: &Parameters) -> Done {
    let id = form.get("id").trim();
    let id = if id.is_empty() {
        json!({})
    } else {
        json!({ "id": id })
    };
    let opened = worlds::open(all, headers, body(&id)).await;
    opened.map(|(_, world)| world)
}

/// Accepts a rule, or accepts it no longer.
async fn accept(sim: State<Arc<SimState>>, form: &Parameters) -> Done {
    let rule = form.get("rule");
    let Json(accepted) = findings::accepted(State(Arc::clone(&sim))).await;
    let known = accepted["rules"].as_array().cloned().unwrap_or_default();
    let mut rules: Vec<Value> = known
        .iter()
        .filter(|known| **known != rule)
        .cloned()
        .collect();
    if rules.len() == known.len() {
        rules.push(json!(rule));
    }
    findings::accept(sim, body(&json!({ "rules": rules }))).await
}

fn body(value: &Value) -> Bytes {
    Bytes::from(value.to_string())
}
