//! The example site of `weixin demo`: log in, see the profile and the token, log out.

pub(crate) mod cookies;
mod handlers;
mod pages;
pub(crate) mod request;
mod sessions;
mod state;

use axum::{
    Router,
    extract::State,
    http::{HeaderName, HeaderValue, header},
    middleware,
    response::Response,
    routing::{get, post},
};
use weixin::Website;
use weixin_axum::{ConfigError, WebLogin};

use self::state::Site;

/// The site at `origin`, whose avatars come from the simulator's origin, `avatars`.
pub(crate) fn site(website: Website, origin: &str, avatars: &str) -> Result<Router, ConfigError> {
    let redirect_uri = format!("{origin}/callback").parse()?;
    let login = WebLogin::builder(redirect_uri)
        .website(website.clone())
        .login_path("/login".parse()?)
        .pages(pages::message)
        .build()?;
    Ok(Router::new()
        .route("/", get(handlers::home))
        .route("/login", get(handlers::login))
        .route("/callback", get(handlers::callback))
        .route("/refresh", post(handlers::refresh))
        .route("/check", post(handlers::check))
        .route("/logout", post(handlers::logout))
        .route("/language", get(handlers::language))
        .route("/style.css", get(pages::style))
        .fallback(handlers::not_found)
        .layer(login)
        .layer(middleware::map_request(request::prepare))
        .layer(middleware::map_response_with_state(
            content_security_policy(avatars),
            protect,
        ))
        .with_state(Site::new(website, origin, avatars)))
}

/// Allows nothing from other origins but avatars, and no scripts.
fn content_security_policy(avatars: &str) -> HeaderValue {
    let policy = format!(
        "default-src 'none'; style-src 'self'; img-src 'self' {avatars}; form-action 'self'; \
         frame-ancestors 'none'; base-uri 'none'"
    );
    HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
}

pub(crate) async fn protect(State(policy): State<HeaderValue>, mut response: Response) -> Response {
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
