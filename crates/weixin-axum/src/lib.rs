//! Log in with WeChat in axum: safe by default.
//!
//! ```no_run
//! use axum::{Json, Router, extract::State, http::HeaderMap, routing::get};
//! use weixin::User;
//! use weixin_axum::{ForgetState, LoginError, StartLogin, VerifiedCode, WebLogin};
//!
//! async fn login(
//!     State(weixin): State<WebLogin>,
//!     headers: HeaderMap,
//! ) -> Result<StartLogin, LoginError> {
//!     weixin.start(&headers)
//! }
//!
//! async fn authorization(
//!     State(weixin): State<WebLogin>,
//!     code: VerifiedCode,
//! ) -> Result<(ForgetState, Json<User>), LoginError> {
//!     let login = weixin.exchange(code).await?;
//!     let user = login.user().await?;
//!     Ok((login.forget, Json(user)))
//! }
//!
//! # fn app(weixin: WebLogin) -> Router {
//! Router::new()
//!     .route("/login", get(login))
//!     .route("/authorization", get(authorization))
//!     .with_state(weixin)
//! # }
//! ```
//!
//! # What is taken care of
//!
//! - The page by the device: the QR page on desktops, the official account's page inside WeChat ([`WebLogin::builder`]
//!   takes both applications), and for other phones, which cannot scan their own screen, a page that says what to do.
//! - A cookie of this browser (`__Host-`, `HttpOnly`, `Secure`, `SameSite=Lax`, two hours) holds a random secret; WeChat
//!   and the callback's URL have a hash of it only, so that a stolen URL is worth nothing. One for each login in
//!   progress, five for a browser at most. On plain `http://localhost` and `http://127.0.0.1`, and only there, it goes
//!   without `__Host-` and `Secure`.
//! - A callback without this browser's cookie does not log in. WeChat's own browser loses cookies, so
//!   the login starts again by itself, once ([`LoginErrorKind::Restarted`]).
//! - A callback that comes twice (back button, prefetch, WeChat itself) gets the same result for a
//!   minute, from one exchange, even if the browser dropped the first request; with
//!   `WebLoginBuilder::shared` (feature `shared`) from any server of the site. [`WebLogin::end_login`] ends that for a
//!   user who logs out.
//! - A failed callback redirects to its own path, so that no code stays in the address bar; there, each
//!   [`LoginErrorKind`] has a page in Chinese or English that works without JavaScript, and JSON for programs that ask
//!   for it. Its button starts a new login. [`WebLoginBuilder::pages`] restyles them all.
//! - Where to go after the login is a path on the same site ([`ReturnPath`]), or rejected. It travels in the callback's
//!   query, covered by the state.
//! - A callback without a matching cookie is not kept and reaches neither WeChat nor a store. Anyone can start a login
//!   and make up its code, which costs one call and one entry: at most 256 calls are under way. Limit requests per IP
//!   address before this.
//! - The QR code inside a page ([`WebLogin::embed`]), and logins in a pop-up ([`PopUpDone`]).
//!
//! # What is left to you
//!
//! The session. Make a new session id at login, and set its cookie to `SameSite=Lax`: a `Strict` one
//! is not sent when the browser comes back from WeChat. Send `Strict-Transport-Security` where your site ends TLS.
//!
//! # Other frameworks
//!
//! Nothing but one page of this crate knows axum: [`Visitor::of`], [`WebLogin::verify`], `into_http` and
//! [`ForgetState::into_headers`] speak the types of the crate `http`. The example `actix` does it for actix-web.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod axum;
mod builder;
mod callback;
mod embedded;
mod error_kind;
mod exchange_once;
mod login_error;
mod pages;
mod pop_up;
mod return_path;
#[cfg(feature = "shared")]
mod shared_exchanges;
mod start;
mod state_cookie;
mod visitor;
mod web_login;

pub use self::{
    builder::{UnusableSite, WebLoginBuilder},
    callback::VerifiedCode,
    embedded::{EmbeddedLogin, Ending},
    error_kind::LoginErrorKind,
    login_error::LoginError,
    pages::{Link, PageText},
    pop_up::PopUpDone,
    return_path::{InvalidReturnPath, ReturnPath},
    start::StartLogin,
    state_cookie::ForgetState,
    visitor::{Language, Visitor},
    web_login::{Login, WebLogin},
};
