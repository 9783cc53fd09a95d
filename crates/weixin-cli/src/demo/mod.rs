//! The example site of `weixin demo`: log in, look at the profile and the token, log out.

mod cookies;
mod handlers;
mod language;
mod pages;
mod problem;
mod sessions;

use std::sync::Arc;

use axum::{
    Router,
    extract::{FromRef, State},
    http::{HeaderName, HeaderValue, header},
    middleware,
    response::Response,
    routing::{get, post},
};
use weixin_axum::WebLogin;

use self::sessions::Sessions;

/// What the handlers share.
#[derive(Clone)]
pub(crate) struct Site {
    login: WebLogin,
    sessions: Arc<Sessions>,
    /// The address under which cookies and callback belong together.
    origin: Arc<str>,
}

impl FromRef<Site> for WebLogin {
    fn from_ref(site: &Site) -> Self {
        site.login.clone()
    }
}

/// The site at `origin`; avatars come from `avatars`.
pub(crate) fn router(login: WebLogin, origin: &str, avatars: &str) -> Router {
    let policy = content_security_policy(avatars);
    let site = Site {
        login,
        sessions: Arc::default(),
        origin: origin.into(),
    };
    Router::new()
        .route("/", get(handlers::home))
        .route("/login", get(handlers::login))
        .route("/callback", get(handlers::callback))
        .route("/refresh", post(handlers::refresh))
        .route("/check", post(handlers::check))
        .route("/logout", post(handlers::logout))
        .route("/language", get(handlers::language))
        .route("/style.css", get(pages::style))
        .fallback(handlers::not_found)
        .layer(middleware::map_response_with_state(policy, protect))
        .with_state(site)
}

/// Nothing from elsewhere but avatars; no script at all.
fn content_security_policy(avatars: &str) -> HeaderValue {
    let policy = format!(
        "default-src 'none'; style-src 'self'; img-src 'self' {avatars}; form-action 'self'; \
         frame-ancestors 'none'; base-uri 'none'"
    );
    HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
}

async fn protect(State(policy): State<HeaderValue>, mut response: Response) -> Response {
    let protection: [(HeaderName, HeaderValue); 4] = [
        (header::CONTENT_SECURITY_POLICY, policy),
        (
            header::REFERRER_POLICY,
            HeaderValue::from_static("no-referrer"),
        ),
        (
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    for (name, value) in protection {
        response.headers_mut().insert(name, value);
    }
    response
}

#[cfg(test)]
mod tests;
