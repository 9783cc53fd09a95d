//! Log in with WeChat in axum: safe by default.
//!
//! ```no_run
//! use axum::{Json, Router, extract::State, routing::get};
//! use weixin::User;
//! use weixin_axum::{ForgetState, LoginError, StartLogin, VerifiedCode, WebLogin};
//!
//! async fn login(State(weixin): State<WebLogin>) -> Result<StartLogin, LoginError> {
//!     weixin.start()
//! }
//!
//! async fn authorization(
//!     State(weixin): State<WebLogin>,
//!     code: VerifiedCode,
//! ) -> Result<(ForgetState, Json<User>), LoginError> {
//!     let login = weixin.exchange(code).await?;
//!     let user = weixin.client().user(&login.token).await?;
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
//! - The state is random, lives in a cookie of this browser only (`__Host-`, `HttpOnly`, `Secure`,
//!   `SameSite=Lax`, ten minutes), one for each login in progress, so that two tabs do not fight.
//!   On plain `http://localhost` and `http://127.0.0.1`, and only there, it goes without `Secure`.
//! - A callback without this browser's cookie logs nobody in. WeChat's own browser loses cookies, so
//!   the login starts again by itself, once ([`CallbackRejection::Restart`]).
//! - A callback that comes twice (back button, prefetch, WeChat itself) gets the same answer for a
//!   minute, from one exchange, even if the browser dropped the first request. This memory is the
//!   process's own: behind several servers a repeat may meet another server and be told to log in again.
//! - Where to go after the login is a path on the same site ([`ReturnPath`]), or refused.
//!
//! # What is left to you
//!
//! The session. Make a new session id at login, and set its cookie to `SameSite=Lax`: a `Strict` one
//! is not sent when the browser comes back from WeChat.

mod login_error;
mod redemptions;
mod return_path;
mod start;
mod state_cookie;
mod verified;
mod web_login;

pub use self::{
    login_error::LoginError,
    return_path::{InvalidReturnPath, ReturnPath},
    start::StartLogin,
    state_cookie::ForgetState,
    verified::{CallbackRejection, VerifiedCode},
    web_login::{InsecureRedirectUri, Login, WebLogin},
};
