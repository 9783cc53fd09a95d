//! A single page that never leaves itself: the login is in a pop-up, which tells the page by `postMessage` that it is
//! done; who it is stands in a signed cookie, without any session on the server.
//!
//! `cargo run -p weixin-axum --example spa`, then open <http://localhost:8080>.
#![expect(clippy::print_stdout, reason = "an example")]

mod settings;

use std::error::Error;

use axum::{
    Json, Router,
    extract::{FromRef, State},
    http::{HeaderMap, StatusCode, header::SET_COOKIE},
    response::{AppendHeaders, Html, IntoResponse},
    routing::{get, post},
};
use cookie::{Cookie, CookieJar, Key, SameSite};
use serde_json::json;
use url::Url;
use weixin_axum::{LoginError, PopUpDone, StartLogin, VerifiedCode, Visitor, WebLogin};

use self::settings::{REDIRECT_URI, Settings, named, url};

/// Who is logged in: what this cookie holds, nobody but this site can have written.
const SESSION: &str = "session";

#[derive(Clone)]
struct Site {
    login: WebLogin,
    /// Where the page is, and nobody else hears of the login.
    origin: Url,
    key: Key,
}

impl FromRef<Site> for WebLogin {
    fn from_ref(site: &Site) -> Self {
        site.login.clone()
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let settings = Settings::of_environment().await?;
    let origin = settings.redirect_uri.url().clone();
    let login = WebLogin::new(settings.client, settings.redirect_uri);
    let site = Site {
        origin,
        login: login.map_err(named(REDIRECT_URI))?,
        // Keep it, or everybody is logged out when the program starts again.
        key: Key::generate(),
    };
    let router = Router::new()
        .route("/", get(Html(include_str!("spa.html"))))
        .route("/login", get(start))
        .route("/callback", get(callback))
        .route("/api/me", get(me))
        .route("/api/logout", post(log_out))
        .with_state(site);
    println!("open {}", url(&settings.listener)?);
    Ok(axum::serve(settings.listener, router).await?)
}

async fn start(State(site): State<Site>, headers: HeaderMap) -> Result<StartLogin, LoginError> {
    site.login.start(&headers)
}

async fn callback(
    State(site): State<Site>,
    visitor: Visitor,
    code: VerifiedCode,
) -> Result<impl IntoResponse, LoginError> {
    let login = site.login.exchange(code).await?;
    let name = login.user().await?.nickname;
    let cookie = session(
        &site,
        json!({ "openid": login.token.openid, "name": name }).to_string(),
    );
    let done = PopUpDone::new(&site.origin, "login done", &visitor);
    Ok((cookie, done.forgetting(login.forget)))
}

async fn me(State(site): State<Site>, headers: HeaderMap) -> impl IntoResponse {
    match who(&site, &headers) {
        Some(user) => Json(user).into_response(),
        None => StatusCode::UNAUTHORIZED.into_response(),
    }
}

/// A callback that comes again, such as by the back button, logs nobody in any more.
async fn log_out(State(site): State<Site>, headers: HeaderMap) -> impl IntoResponse {
    let ended = site.login.end_login(&headers).await;
    let mut response = (session(&site, String::new()), StatusCode::NO_CONTENT).into_response();
    response.headers_mut().extend(ended);
    response
}

/// The cookie of this user, signed; of nobody, gone.
fn session(site: &Site, user: String) -> AppendHeaders<[(http::HeaderName, String); 1]> {
    let ended = user.is_empty();
    let cookie = Cookie::build((SESSION, user))
        .path("/")
        .http_only(true)
        .secure(site.origin.scheme() == "https")
        .same_site(SameSite::Lax)
        .max_age(cookie::time::Duration::hours(if ended { 0 } else { 12 }));
    let mut jar = CookieJar::new();
    jar.signed_mut(&site.key).add(cookie);
    let header = jar.get(SESSION).map(|cookie| cookie.encoded().to_string());
    AppendHeaders([(SET_COOKIE, header.unwrap_or_default())])
}

/// Who is logged in, if the cookie is one of this site's.
fn who(site: &Site, headers: &HeaderMap) -> Option<serde_json::Value> {
    let mut jar = CookieJar::new();
    for header in headers.get_all("cookie") {
        let cookies = Cookie::split_parse_encoded(header.to_str().ok()?.to_owned());
        cookies
            .flatten()
            .for_each(|cookie| jar.add_original(cookie));
    }
    let cookie = jar.signed(&site.key).get(SESSION)?;
    serde_json::from_str(cookie.value()).ok()
}
