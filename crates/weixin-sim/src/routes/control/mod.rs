//! The control API: JSON under `/_sim/api`.

mod apps;
mod auto_allow;
mod bad_request;
mod clock;
mod desktop;
mod faults;
mod findings;
mod forms;
mod log;
mod logins;
mod simulator;
mod snapshots;
mod users;
mod verify;
mod wait;
mod worlds;

use std::sync::Arc;

use axum::{
    Json, Router,
    http::header::CONTENT_TYPE,
    response::{IntoResponse, Response},
    routing::{MethodRouter, get, post},
};
use serde_json::{Value, json};

pub(super) use self::bad_request::{method_not_allowed, not_found};
use crate::state::SimState;

/// OpenAPI 3.1 document of the control API, also served at `GET /_sim/api/openapi.json`.
pub const OPENAPI: &str = include_str!("../../../openapi.json");

/// All paths below `/_sim/api`; a test compares them with the OpenAPI document.
fn paths() -> [(&'static str, MethodRouter<Arc<SimState>>); 29] {
    [
        ("/apps", get(apps::list)),
        (
            "/apps/{app}",
            axum::routing::put(apps::put).delete(apps::delete),
        ),
        ("/apps/{app}/{action}", post(apps::act)),
        ("/auto-allow", get(auto_allow::show).put(auto_allow::set)),
        ("/clock", get(clock::show).post(clock::change)),
        (
            "/desktop",
            get(desktop::show).put(desktop::start).delete(desktop::end),
        ),
        (
            "/faults",
            get(faults::list).post(faults::add).delete(faults::clear),
        ),
        ("/faults/{id}", get(faults::show).delete(faults::remove)),
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
        ("/reset", post(simulator::reset)),
        ("/seed", post(simulator::seed)),
        ("/snapshots", get(snapshots::list).post(snapshots::take)),
        (
            "/snapshots/{snapshot}",
            axum::routing::delete(snapshots::delete),
        ),
        ("/snapshots/{snapshot}/restore", post(snapshots::restore)),
        ("/test", get(findings::test).put(findings::set_test)),
        ("/timeline", get(logins::timeline)),
        ("/verify", post(verify::verify)),
        ("/wait-for", post(wait::wait_for)),
        ("/worlds", get(worlds::list).post(worlds::open)),
        ("/worlds/{world}", get(worlds::show).delete(worlds::delete)),
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
