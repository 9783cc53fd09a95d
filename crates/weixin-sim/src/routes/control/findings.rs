//! Findings, the rules that are accepted, and the name of the test that runs.

use std::sync::Arc;

use axum::{Extension, Json, body::Bytes, extract::State, http::Uri};
use serde::Deserialize;
use serde_json::{Value, json};

use super::bad_request::{BadRequest, read};
use crate::{Finding, Rule, parameters, state::SimState, worlds::Worlds};

/// Maximum length of a test's name, in characters.
const MAX_NAME: usize = 200;

/// `GET /findings`: the findings since the last reset; `since=start` includes those before it, and those of other worlds.
pub(super) async fn list(
    State(sim): State<Arc<SimState>>,
    Extension(worlds): Extension<Arc<Worlds>>,
    address: Uri,
) -> Result<Json<Value>, BadRequest> {
    let parameters = parameters::form(address.query().unwrap_or_default());
    let findings = match parameters.get("since") {
        "" | "reset" => sim.world().findings.all(),
        "start" if sim.id.is_none() => worlds.findings(),
        "start" => sim.world().findings.since_start(),
        _ => return Err(BadRequest::new("since", "expected reset or start")),
    };
    let findings: Vec<&Finding> = findings.iter().map(AsRef::as_ref).collect();
    Ok(Json(json!(findings)))
}

/// Identifiers of rules.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rules {
    rules: Vec<String>,
}

/// `GET /findings/accepted`: the accepted rules.
pub(super) async fn accepted(State(sim): State<Arc<SimState>>) -> Json<Value> {
    let world = sim.world();
    let rules = world.findings.accepted().iter().map(|rule| rule.id);
    Json(json!({ "rules": rules.collect::<Vec<_>>() }))
}

/// `PUT /findings/accepted`: replaces the accepted rules.
pub(super) async fn accept(
    State(sim): State<Arc<SimState>>,
    body: Bytes,
) -> Result<Json<Value>, BadRequest> {
    let Rules { rules } = read(&body)?;
    let rules: Result<Vec<Rule>, _> = rules.iter().map(|id| id.parse()).collect();
    let rules = rules.map_err(|error| BadRequest::new("rules", error.to_string()))?;
    sim.change(|world, _| world.findings.accept(rules));
    Ok(accepted(State(sim)).await)
}

/// The name of a test; `null` after it has ended.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Test {
    name: Option<String>,
}

/// `GET /test`: the test that runs.
pub(super) async fn test(State(sim): State<Arc<SimState>>) -> Json<Value> {
    Json(json!({ "name": sim.world().test }))
}

/// `PUT /test`: names the test that runs from now on.
pub(super) async fn set_test(
    State(sim): State<Arc<SimState>>,
    body: Bytes,
) -> Result<Json<Value>, BadRequest> {
    let Test { name } = read(&body)?;
    if name
        .as_ref()
        .is_some_and(|name| name.chars().count() > MAX_NAME)
    {
        let rule = format!("expected at most {MAX_NAME} characters");
        return Err(BadRequest::new("name", rule));
    }
    sim.change(|world, _| world.test = name);
    Ok(test(State(sim)).await)
}
