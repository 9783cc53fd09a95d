//! Log in with WeChat in axum.
//!
//! ```no_run
//! use axum::{Json, Router, routing::get};
//! use weixin::{AppSecret, User, Website};
//! use weixin_axum::{Login, LoginError, StartLogin, WebLogin};
//!
//! async fn callback(login: Login) -> Result<Json<User>, LoginError> {
//!     Ok(Json(login.user().await?))
//! }
//!
//! # fn site(secret: String) -> Result<Router, Box<dyn std::error::Error>> {
//! let website = Website::new("wx0123456789abcdef".parse()?, AppSecret::new(secret)?)?;
//! let weixin = WebLogin::new(website, "https://www.example.com/callback".parse()?)?;
//! let site = Router::new()
//!     .route("/login", get(async |start: StartLogin| start))
//!     .route("/callback", get(callback))
//!     .layer(weixin);
//! # Ok(site)
//! # }
//! ```
//!
//! [`StartLogin`] starts a login, and sends the browser to WeChat. [`Login`] is the completed login. [`LoginError`] is a
//! page in Chinese or English, or JSON for programs. The layer sets the cookies and renders the errors; without it, the
//! first request says so in the log. Its place beside a session layer does not matter.
//!
//! The crate works with axum 0.8 (`cargo add weixin weixin-axum axum`). The app ID, the callback domain, and how to try it
//! without a WeChat account: see [`weixin`]'s front page. With the simulator, a redirect URI on `http://localhost` works.
//!
//! # What it does
//!
//! - **The right page of WeChat's**: the QR page on desktops, the official account's page inside WeChat
//!   ([`WebLogin::builder`] takes both apps), and a hint for other phones, which cannot scan their own screen.
//! - **The cookie**: `__Host-`, `HttpOnly`, `Secure`, `SameSite=Lax`, two hours, one per login in progress, at most five
//!   per browser. It holds a random secret; WeChat and the callback's URL have a hash of it only, so that a leaked URL is
//!   worth nothing. Only on `http://localhost` and `http://127.0.0.1` it goes without `__Host-` and `Secure`.
//! - **No login without the cookie.** WeChat's own browser loses cookies (docs/wechat.md#the-state): the login restarts
//!   by itself, once ([`LoginErrorKind::Restarted`]).
//! - **Repeated callbacks** (back button, prefetch, WeChat itself) get the same login for a minute, from one exchange, even
//!   if the browser dropped the first request; with `WebLoginBuilder::shared` (feature `shared`) on all servers.
//!   [`EndLogin`] ends that at log-out.
//! - **No code in the address bar**: a failed callback redirects to its own path, where each [`LoginErrorKind`] has a page
//!   that works without JavaScript. [`WebLoginBuilder::pages`] renders them in your style.
//! - **The return path** ([`StartLogin::return_to`]) is a path on the same site. It travels in the callback's query, covered
//!   by the state.
//! - **Bounds**: a callback without a matching cookie is not kept, and reaches neither WeChat nor a store. Anyone can start
//!   a login and make up its code, which costs one call to WeChat and one entry in memory; at most 256 such calls are in
//!   progress. Limit requests per IP address at your proxy.
//!
//! The QR code inside a page is [`embed`]; a login in a pop-up window is [`popup`].
//!
//! # What you do
//!
//! Make a new session ID at login, and set its cookie to `SameSite=Lax`: browsers do not send a `Strict` one when they come
//! back from WeChat. Send `Strict-Transport-Security` where your site ends TLS. The example `axum_login` does it with
//! axum-login and tower-sessions; the example `website` has accounts in a database, links and unlinks them.
//!
//! A handler that finds or creates the account, and one that logs out:
//!
#![cfg_attr(feature = "axum", doc = "```")]
#![cfg_attr(not(feature = "axum"), doc = "```ignore")]
//! use axum::response::{IntoResponse, Redirect};
//! use weixin_axum::{EndLogin, Login};
//!
//! async fn callback(login: Login) -> Redirect {
//!     let ids = login.user_ids();
//!     for identity in ids.identities() {
//!         // Find the accounts with this key in your database. `UserIds::link` says which one it is, or to create one.
//!         # let _ = identity;
//!     }
//!     // To call WeChat for the user in the weeks to come, store the tokens: `UserTokens::insert(login.token())`.
//!     Redirect::to(login.return_to().map_or("/", |path| path.as_str()))
//! }
//!
//! async fn log_out(_: EndLogin) -> impl IntoResponse {
//!     // End your own session here.
//!     Redirect::to("/")
//! }
//! ```
//!
//! Mini programs and mobile apps have no callback: their handlers take the code from the request's body, and call
//! `MiniProgram::session` or [`MobileApp::exchange`](weixin::MobileApp::exchange).
//!
//! # An error page of your own
//!
//! [`WebLoginBuilder::pages`] renders all pages in your style. For a handler's own response to a failure:
//!
#![cfg_attr(feature = "axum", doc = "```")]
#![cfg_attr(not(feature = "axum"), doc = "```ignore")]
//! use axum::response::{Html, IntoResponse, Response};
//! use weixin_axum::{Login, LoginError, LoginErrorKind};
//!
//! async fn callback(login: Result<Login, LoginError>) -> Response {
//!     match login {
//!         Ok(_login) => "hello".into_response(),
//!         // The first response redirects, so that no code stays in the address bar: then this handler runs again.
//!         Err(error) if !error.is_page() => error.into_response(),
//!         Err(error) if error.kind() == LoginErrorKind::Declined => {
//!             Html("<p>Maybe later</p>").into_response()
//!         }
//!         Err(error) => error.into_response(),
//!     }
//! }
//! ```
//!
//! | [kind](LoginErrorKind) | status | what you do |
//! |---|---|---|
//! | `Declined` | 403 | nothing: the user declined |
//! | `Expired`, `Used`, `CsrfMismatch` | 410, 410, 403 | nothing: the page offers a new login. If many users see it, look for a proxy or cache that changes the callback |
//! | `NoCookie` | 400 | if many users see it: check that the login begins on the callback's host, over HTTPS |
//! | `SnapshotUser` | 403 | nothing: the page asks the user to open the full page in WeChat |
//! | `UserRejected` | 403 | nothing: WeChat restricts this user |
//! | `Configuration` | 500 | correct the setting that the log names |
//! | `Unreachable`, `Busy` | 503 | if it lasts: check the network to WeChat, and limit requests per IP address |
//! | `Malformed` | 400 | nothing: the URL is not from WeChat |
//! | `InFrame`, `Restarted` | 200, 303 | nothing: the login continues by itself |
//!
//! # Other frameworks
//!
//! Without the feature `axum`, the methods of [`WebLogin`] take and return types of the crate `http`:
//! [`start`](WebLogin::start), [`verify`](WebLogin::verify), [`exchange`](WebLogin::exchange). The example `actix` does it
//! with actix-web. `default-features = false, features = ["axum"]` keeps axum, and leaves out the bundled HTTP client.
//!
//! # Features
//!
//! | feature | adds |
//! |---|---|
//! | `axum` (default) | the layer, extractors and responses |
//! | `reqwest` (default) | the bundled HTTP client of `weixin` |
//! | `shared` | used logins in a store that several servers share |
//! | `test-util` | `Login::for_test`, for unit tests of your handlers |
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "axum")]
mod axum;
mod browser;
mod builder;
mod callback;
mod context;
mod destination;
pub mod embed;
mod error;
mod error_kind;
mod exchange;
mod exchange_once;
mod login;
mod login_redirect;
pub mod pages;
mod parameters;
pub mod popup;
#[cfg(feature = "axum")]
mod request_context;
mod return_path;
#[cfg(feature = "axum")]
pub mod service;
#[cfg(feature = "shared")]
mod shared_exchanges;
#[cfg(feature = "shared")]
mod shared_token;
mod state_cookie;
mod web_login;

#[cfg(feature = "axum")]
pub use self::axum::EndLogin;
pub use self::{
    browser::{Browser, Framing},
    builder::{ConfigError, WebLoginBuilder},
    callback::VerifiedCallback,
    error::LoginError,
    error_kind::LoginErrorKind,
    login::Login,
    login_redirect::StartLogin,
    return_path::ReturnPath,
    web_login::WebLogin,
};
pub use weixin;
