//! HTTP routes: WeChat's paths with their middleware, and the simulator's own.

mod api;
mod control;
mod faults;
mod guard;
mod language;
mod lint;
mod long_poll;
mod middleware;
mod pages;
mod people;
mod phone;
mod request;
mod response;

use std::sync::Arc;

use axum::{
    Router,
    http::StatusCode,
    middleware::{from_fn_with_state, map_response},
    routing::{any, get},
};

pub use self::control::OPENAPI;
pub(crate) use self::request::Peer;
use self::response::no_store;
use crate::state::SimState;

pub(crate) fn router(shared: Arc<SimState>) -> Router {
    simulator()
        .merge(wechat(&shared))
        .layer(from_fn_with_state(Arc::clone(&shared), guard::guard))
        .with_state(shared)
}

/// WeChat's own paths.
fn wechat(shared: &Arc<SimState>) -> Router<Arc<SimState>> {
    let pages = pages::wechat()
        .merge(phone::wechat())
        .layer(map_response(no_store));
    Router::new()
        .merge(pages)
        .merge(api::router())
        .layer(from_fn_with_state(
            Arc::clone(shared),
            middleware::instrument,
        ))
        // The long-poll route bypasses the middleware: thousands of browsers may wait here at once, and their
        // requests would push everything else out of the log without telling anything about the site.
        .route("/connect/l/qrconnect", get(pages::poll))
}

/// Paths that WeChat does not have.
fn simulator() -> Router<Arc<SimState>> {
    Router::new()
        // Browsers request it on their own, so it does not belong in the request log.
        .route("/favicon.ico", get(async || StatusCode::NO_CONTENT))
        .route("/_sim/language", get(language::choose))
        .merge(pages::simulator())
        .merge(phone::simulator())
        .merge(control::router())
        .route("/_sim/{*path}", any(control::not_found))
        .method_not_allowed_fallback(control::method_not_allowed)
        .layer(map_response(no_store))
}
