//! A single-page app: the login is in a pop-up window, which sends the page a message; a signed cookie holds the user,
//! without a session on the server.
//!
//! `cargo run -p weixin-axum --example spa`, then open <http://localhost:8080>.
#![expect(clippy::print_stdout, reason = "an example")]

mod settings;

use std::error::Error;

use axum::{
    Json, Router,
    extract::{Request, State},
    http::{
        HeaderMap, Method, StatusCode,
        header::{COOKIE, ORIGIN, SET_COOKIE},
    },
    middleware::{Next, from_fn_with_state},
    response::{AppendHeaders, Html, IntoResponse, Response},
    routing::{get, post},
};
use cookie::{Cookie, CookieJar, Key, SameSite};
use serde_json::json;
use weixin::transport::Origin;
use weixin_axum::{EndLogin, Login, LoginError, StartLogin, WebLogin, popup::PopupResponse};

use self::settings::{REDIRECT_URI, Settings, named, url};

#[derive(Clone)]
struct Site {
    /// The page, which alone gets the message of the pop-up.
    origin: Origin,
    key: Key,
}

impl Site {
    fn is_https(&self) -> bool {
        self.origin.as_str().starts_with("https:")
    }

    /// The signed cookie of the user who is logged in. Browsers take one with the prefix `__Host-` only from this host, over
    /// HTTPS.
    fn session_name(&self) -> &'static str {
        if self.is_https() {
            "__Host-session"
        } else {
            "session"
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let settings = Settings::of_environment().await?;
    let origin = settings
        .redirect_uri
        .as_url()
        .origin()
        .ascii_serialization();
    let login = WebLogin::new(settings.website, settings.redirect_uri);
    let login = login.map_err(named(REDIRECT_URI))?;
    let site = Site {
        origin: origin.parse()?,
        // Store it, or all users are logged out when the program restarts.
        key: Key::generate(),
    };
    let router = Router::new()
        .route("/", get(Html(include_str!("spa.html"))))
        .route("/login", get(async |start: StartLogin| start))
        .route("/callback", get(callback))
        .route("/api/me", get(me))
        .route("/api/logout", post(log_out))
        .layer(login)
        .layer(from_fn_with_state(site.clone(), from_here))
        .with_state(site);
    println!("open {}", url(&settings.listener)?);
    Ok(axum::serve(settings.listener, router).await?)
}

/// Rejects requests that change something and do not come from this site's own page: a sub-domain is the same site to
/// `SameSite=Lax`. Browsers since 2023 send `Sec-Fetch-Site`, older ones `Origin` with every POST.
async fn from_here(State(site): State<Site>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let is_from_here = match headers.get("sec-fetch-site") {
        Some(from) => from == "same-origin" || from == "none",
        None => headers
            .get(ORIGIN)
            .is_some_and(|from| *from == *site.origin.as_str()),
    };
    if matches!(*request.method(), Method::GET | Method::HEAD) || is_from_here {
        next.run(request).await
    } else {
        StatusCode::FORBIDDEN.into_response()
    }
}

async fn callback(
    State(site): State<Site>,
    login: Login,
) -> Result<(SetCookie, PopupResponse), LoginError> {
    let user = json!({ "openid": login.openid(), "name": login.user().await?.nickname });
    let done = login.popup(&site.origin, "login done");
    Ok((session(&site, user.to_string()), done))
}

async fn me(State(site): State<Site>, headers: HeaderMap) -> impl IntoResponse {
    match who(&site, &headers) {
        Some(user) => Json(user).into_response(),
        None => StatusCode::UNAUTHORIZED.into_response(),
    }
}

/// Without `EndLogin`, the back button would log in again for a minute.
async fn log_out(State(site): State<Site>, _: EndLogin) -> (SetCookie, StatusCode) {
    (session(&site, String::new()), StatusCode::NO_CONTENT)
}

type SetCookie = AppendHeaders<[(http::HeaderName, String); 1]>;

/// The signed cookie of a user; without one, it is removed.
fn session(site: &Site, user: String) -> SetCookie {
    let ended = user.is_empty();
    let cookie = Cookie::build((site.session_name(), user))
        .path("/")
        .http_only(true)
        .secure(site.is_https())
        .same_site(SameSite::Lax)
        .max_age(cookie::time::Duration::hours(if ended { 0 } else { 12 }));
    let mut jar = CookieJar::new();
    jar.signed_mut(&site.key).add(cookie);
    let header = jar
        .get(site.session_name())
        .map(|cookie| cookie.encoded().to_string());
    AppendHeaders([(SET_COOKIE, header.unwrap_or_default())])
}

/// Who is logged in, if the cookie is one of this site's.
///
/// Its name is compared as the bytes that it is: decoded, a sub-domain's `%5F%5FHost-session` would be `__Host-session`.
fn who(site: &Site, headers: &HeaderMap) -> Option<serde_json::Value> {
    let name = site.session_name();
    let all = headers.get_all(COOKIE).iter();
    let cookie = all
        .flat_map(|header| header.as_bytes().split(|byte| *byte == b';'))
        .filter_map(|cookie| str::from_utf8(cookie.trim_ascii()).ok())
        .find(|cookie| cookie.split('=').next() == Some(name))?;
    let mut jar = CookieJar::new();
    jar.add_original(Cookie::parse_encoded(cookie.to_owned()).ok()?);
    let cookie = jar.signed(&site.key).get(name)?;
    serde_json::from_str(cookie.value()).ok()
}
