//! The table of paths.

mod api;
mod control;
mod faults;
mod lint;
mod long_poll;
mod middleware;
mod pages;
mod phone;
mod request;
mod response;

use std::sync::Arc;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::StatusCode,
    middleware::{from_fn_with_state, map_response},
    routing::{any, get},
};

pub use self::control::OPENAPI;
pub(crate) use self::request::Peer;
use self::{request::MAX_BODY, response::no_store};
use crate::state::SimState;

pub(crate) fn router(shared: Arc<SimState>) -> Router {
    simulator()
        .merge(wechat(&shared))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(shared)
}

/// WeChat's own paths. Polls pass in front of what is around the others.
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
        // Thousands of browsers may wait here at once, and what they ask tells nobody anything.
        .route("/connect/l/qrconnect", get(pages::poll))
}

/// What is not WeChat's.
fn simulator() -> Router<Arc<SimState>> {
    Router::new()
        // Browsers ask for it by themselves, which tells nobody anything.
        .route("/favicon.ico", get(async || StatusCode::NO_CONTENT))
        .merge(pages::simulator())
        .merge(phone::simulator())
        .merge(control::router())
        .route("/_sim/{*path}", any(control::not_found))
        .method_not_allowed_fallback(control::method_not_allowed)
        .layer(map_response(no_store))
}
