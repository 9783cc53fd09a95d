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
    Extension, Router,
    http::StatusCode,
    middleware::{from_fn_with_state, map_response},
    routing::{any, get},
};

pub use self::control::OPENAPI;
#[cfg(feature = "tls")]
pub(crate) use self::faults::broken_connection;
pub(crate) use self::request::Peer;
use self::response::{no_store, only_here};
use crate::{state::SimState, worlds::Worlds};

/// WeChat's long poll.
const POLL: &str = "/connect/l/qrconnect";

/// All paths of a world, and those with which further worlds are opened.
pub(crate) fn router(shared: Arc<SimState>, worlds: Arc<Worlds>) -> Router {
    simulator()
        .merge(wechat(&shared))
        .layer(from_fn_with_state(Arc::clone(&shared), guard::guard))
        .layer(Extension(worlds))
        .with_state(shared)
}

/// The long poll alone, for a port of its own.
pub(crate) fn polls(shared: Arc<SimState>) -> Router {
    Router::new()
        .route(POLL, get(pages::poll))
        .layer(from_fn_with_state(Arc::clone(&shared), guard::guard))
        .with_state(shared)
}

/// WeChat's own paths.
fn wechat(shared: &Arc<SimState>) -> Router<Arc<SimState>> {
    let pages = pages::wechat()
        .merge(phone::wechat().layer(map_response(only_here)))
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
        .route(POLL, get(pages::poll))
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
        .layer(map_response(only_here))
        .layer(map_response(no_store))
}
