//! The table of paths.

mod app_token;
mod authorize;
mod bad_request;
mod checks;
mod control;
mod desk;
mod desktop;
mod faults;
mod follow;
mod front;
mod inspect;
mod invalid_url;
mod mini_program;
mod owner;
mod parameters;
mod phone;
mod phone_home;
mod poll;
mod qrconnect;
mod token;
mod userinfo;

use std::sync::Arc;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::{
        StatusCode,
        header::{CACHE_CONTROL, HeaderValue, LOCATION},
    },
    middleware,
    response::{IntoResponse, Response},
    routing::{any, get, post},
};

pub(crate) use self::parameters::Parameters;
use crate::{sim::Shared, world::Login};

/// Largest request that is read, in bytes.
const MAX_BODY: usize = 64 * 1024;

pub(crate) fn router(shared: Arc<Shared>) -> Router {
    ours()
        .merge(wechat(&shared))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(shared)
}

/// WeChat's own paths. Polls pass in front of what is around the others.
fn wechat(shared: &Arc<Shared>) -> Router<Arc<Shared>> {
    let pages = Router::new()
        .route("/connect/qrconnect", get(qrconnect::page))
        .route("/connect/qrcode/{uuid}", get(qrconnect::picture))
        .route(
            "/connect/zh_CN/htmledition/js/wxLogin.js",
            get(qrconnect::wx_login_script),
        )
        .route("/connect/confirm", get(phone::confirm))
        .route("/connect/oauth2/authorize", get(authorize::page))
        .layer(middleware::map_response(no_store));
    Router::new()
        .merge(pages)
        .route("/sns/oauth2/access_token", any(token::access_token))
        .route("/sns/oauth2/refresh_token", any(token::refresh_token))
        .route("/sns/auth", any(token::auth))
        .route("/sns/jscode2session", any(mini_program::session))
        .route("/sns/userinfo", any(userinfo::userinfo))
        .route("/cgi-bin/token", any(app_token::token))
        .route("/cgi-bin/stable_token", any(app_token::stable_token))
        .route("/cgi-bin/ticket/getticket", any(app_token::ticket))
        .route(
            "/wxa/business/getuserphonenumber",
            any(mini_program::phone_number),
        )
        .route("/wxa/checksession", any(mini_program::check_session))
        .route("/mmopen/vi_32/{id}/{size}", get(userinfo::avatar))
        .fallback(invalid_url::invalid_url)
        .layer(middleware::from_fn_with_state(
            Arc::clone(shared),
            front::front,
        ))
        // Thousands of browsers may wait here at once, and what they ask tells nobody anything.
        .route("/connect/l/qrconnect", get(poll::poll))
}

/// What is not WeChat's.
fn ours() -> Router<Arc<Shared>> {
    Router::new()
        .route("/", get(desk::show))
        .route("/_sim/", get(desk::show))
        // Browsers ask for it by themselves, which tells nobody anything.
        .route("/favicon.ico", get(async || StatusCode::NO_CONTENT))
        .route("/api/check-login", post(desktop::check_login))
        .route("/api/authorize", post(desktop::authorize))
        .route("/_sim/desk", get(desk::follow))
        .route("/_sim/phone", get(phone_home::show))
        .route("/_sim/phone/open", get(phone_home::open))
        .route("/_sim/phone/waiting", get(phone_home::follow))
        .route("/_sim/phone/owner", post(phone_home::choose))
        .route("/_sim/phone/mini-program", post(phone_home::mini_program))
        .route("/_sim/phone/{uuid}", post(phone::decide))
        .route("/_sim/inside", get(authorize::inside))
        .route("/_sim/twice", get(phone::twice))
        .route("/_sim/findings", get(inspect::show))
        .merge(control::router())
        .route("/_sim/{*path}", any(bad_request::not_found))
        .method_not_allowed_fallback(bad_request::method_not_allowed)
        .layer(middleware::map_response(no_store))
}

/// Sends the browser elsewhere (302), as WeChat does.
fn redirect(url: String) -> Response {
    HeaderValue::try_from(url).map_or_else(
        |_| StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        |location| (StatusCode::FOUND, [(LOCATION, location)]).into_response(),
    )
}

/// Sends the browser back to the site; by a page of ours, if it is to come back twice.
fn send_back(sim: &Shared, login: &Login, callback: String) -> Response {
    redirect(login.twice(&sim.origin).unwrap_or(callback))
}

/// No page is worth keeping in a browser's cache. WeChat's API sends no such header.
async fn no_store(mut response: Response) -> Response {
    response
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
