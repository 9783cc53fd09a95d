//! The control API: JSON under `/_sim/api`.

mod apps;
mod bad_request;
mod clock;
mod desktop;
mod faults;
mod findings;
mod forms;
mod log;
mod logins;
mod users;
mod wait;

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Bytes,
    extract::State,
    http::header::CONTENT_TYPE,
    response::{IntoResponse, Response},
    routing::{MethodRouter, get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};

use self::bad_request::{BadRequest, read};
pub(super) use self::bad_request::{method_not_allowed, not_found};
use crate::{random::Random, state::SimState};

/// OpenAPI 3.1 document of the control API, also served at `GET /_sim/api/openapi.json`.
pub const OPENAPI: &str = include_str!("../../../openapi.json");

/// All paths below `/_sim/api`; a test compares them with the OpenAPI document.
fn paths() -> [(&'static str, MethodRouter<Arc<SimState>>); 21] {
    [
        ("/apps", get(apps::list)),
        (
            "/apps/{app}",
            axum::routing::put(apps::put).delete(apps::delete),
        ),
        ("/apps/{app}/{action}", post(apps::act)),
        ("/clock", get(clock::show).post(clock::change)),
        (
            "/desktop",
            get(desktop::show).put(desktop::start).delete(desktop::end),
        ),
        (
            "/faults",
            get(faults::list).post(faults::add).delete(faults::clear),
        ),
        ("/findings", get(findings::list)),
        (
            "/findings/accepted",
            get(findings::accepted).put(findings::accept),
        ),
        ("/health", get(health)),
        ("/logins", get(logins::pending)),
        ("/logins/{uuid}/{action}", post(logins::act)),
        ("/openapi.json", get(openapi)),
        ("/users", get(users::list)),
        (
            "/users/{user}",
            axum::routing::put(users::put).delete(users::delete),
        ),
        ("/users/{user}/{action}", post(users::act)),
        ("/requests", get(log::requests)),
        ("/reset", post(reset)),
        ("/seed", post(seed)),
        ("/test", get(findings::test).put(findings::set_test)),
        ("/timeline", get(logins::timeline)),
        ("/wait-for", post(wait::wait_for)),
    ]
}

pub(super) fn router() -> Router<Arc<SimState>> {
    paths()
        .into_iter()
        .fold(Router::new(), |router, (path, methods)| {
            router.route(&format!("/_sim/api{path}"), methods)
        })
        .route("/_sim/do/{action}", post(forms::act))
}

async fn health() -> Json<Value> {
    Json(json!({ "status": "ok", "simulator": true }))
}

async fn openapi() -> Response {
    ([(CONTENT_TYPE, "application/json")], OPENAPI).into_response()
}

/// No members.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

async fn reset(State(sim): State<Arc<SimState>>, body: Bytes) -> Result<Json<Value>, BadRequest> {
    let Nothing {} = read(&body)?;
    sim.reset();
    Ok(Json(json!({})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Seed {
    seed: u64,
}

/// Restarts the randomness from a seed.
async fn seed(State(sim): State<Arc<SimState>>, body: Bytes) -> Result<Json<Value>, BadRequest> {
    let Seed { seed } = read(&body)?;
    sim.world().random = Random::new(Some(seed));
    Ok(Json(json!({})))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_lists_exactly_the_served_paths() {
        let document: Value = serde_json::from_str(OPENAPI).unwrap();
        let described: Vec<_> = document["paths"].as_object().unwrap().keys().collect();
        let mut served = paths().map(|(path, _)| format!("/_sim/api{path}"));
        served.sort();
        assert_eq!(described, served.iter().collect::<Vec<_>>());
    }
}
