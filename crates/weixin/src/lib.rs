//! Log in with WeChat.
//!
//! ```text
//! Website ─authorize_url─> Url ─(browser, phone)─> Callback
//!         ─verify─> Code ─exchange─> Token ─user─> User
//! ```
//!
//! Each step takes the one before, so that the wrong order does not compile:
//!
#![cfg_attr(feature = "reqwest", doc = "```no_run")]
#![cfg_attr(not(feature = "reqwest"), doc = "```ignore")]
//! use weixin::{AppSecret, Callback, CsrfToken, QrPageOptions, RedirectUri, Website};
//!
//! # async fn login(secret: String, query: &str) -> Result<(), weixin::Error> {
//! let website = Website::new("wx0123456789abcdef".parse()?, AppSecret::new(secret)?)?;
//! let redirect_uri: RedirectUri = "https://www.example.com/callback".parse()?;
//!
//! // 1. Redirect the browser to WeChat, and keep the token where only this browser has it.
//! let csrf = CsrfToken::random()?;
//! let url = website.authorize_url(&redirect_uri, &csrf, &QrPageOptions::new())?;
//!
//! // 2. WeChat redirects the browser to the callback.
//! let code = Callback::parse(query)?.verify(&csrf)?;
//!
//! // 3. The server exchanges the code, and reads the profile.
//! let token = website.exchange(code).await?;
//! let user = website.user(&token).await?;
//! println!("{} is {}", user.openid, user.nickname);
//! # Ok(())
//! # }
//! ```
//!
//! With axum, use the crate `weixin-axum`: it does all this, and keeps the token in a cookie.
//!
//! # Before you start
//!
//! At WeChat, create a website app on the Open Platform (open.weixin.qq.com), wait for its review, and register the
//! callback domain (授权回调域): the host of your redirect URI alone, such as `www.example.com`, without scheme, port or path.
//! The app ID and the app secret are on the same page.
//!
//! Without a WeChat account, or on `localhost`, use the simulator: `cargo install weixin-cli`, then `weixin sim`. It accepts
//! this app ID, a secret of 32 times `s`, and every port of `localhost`:
//!
#![cfg_attr(feature = "reqwest", doc = "```no_run")]
#![cfg_attr(not(feature = "reqwest"), doc = "```ignore")]
//! # fn example() -> Result<(), weixin::Error> {
//! use weixin::{AppSecret, Endpoints, Website};
//!
//! let website = Website::builder("wx0123456789abcdef".parse()?, AppSecret::new("s".repeat(32))?)
//!     .endpoints(Endpoints::single("http://127.0.0.1:9300".parse()?))
//!     .build()?;
//! # Ok(())
//! # }
//! ```
//!
//! # The kinds of apps
//!
//! | WeChat | type | its users log in |
//! |---|---|---|
//! | website app (网站应用) | [`Website`] | by a QR code, in any browser |
//! | official account (公众号) | [`OfficialAccount`] | inside WeChat's own browser |
//! | mobile app (移动应用) | [`MobileApp`] | by the code that WeChat gives the app |
#![cfg_attr(
    feature = "mini-program",
    doc = "| mini program (小程序) | [`MiniProgram`] | by the code of `wx.login`: [`MiniProgram::session`] |"
)]
#![cfg_attr(
    not(feature = "mini-program"),
    doc = "| mini program (小程序) | `MiniProgram` | by the code of `wx.login` |"
)]
//!
//! # Errors
//!
//! [`Error::action`] says what to do:
//!
//! | action | question | what you do |
//! |---|---|---|
//! | [`LogIn`](error::Action::LogIn) | [`needs_login`](Error::needs_login) | start a new login |
//! | [`Refresh`](error::Action::Refresh) | [`needs_refresh`](Error::needs_refresh) | refresh the access token, then repeat the call |
//! | [`Retry`](error::Action::Retry) | [`is_retryable`](Error::is_retryable) | repeat the call later |
//! | [`FixConfiguration`](error::Action::FixConfiguration) | [`is_configuration`](Error::is_configuration) | correct the app ID, the secret, the scope or the callback domain |
//! | others | | log it, and report it |
//!
//! Each of WeChat's codes has an [`Explanation`](error::Explanation) in English and Chinese, which `weixin explain` prints.
//! A call is sent again only where that is harmless ([`RetryPolicy`](transport::RetryPolicy)); the exchange of a code never
//! is.
//!
//! # WeChat's behavior
//!
//! How WeChat behaves, with the source and the certainty of each statement, is in `docs/wechat.md` of the repository. The
//! items of this crate name its sections, such as docs/wechat.md#the-exchange.
//!
//! # Secrets
//!
//! App secrets, codes, tokens and session keys are redacted, wiped on drop, and in no error and no log event of this crate.
//! WeChat's API takes them in the query of its URLs: log the path of a request only. Copies that are made for sending (the
//! URL in the HTTP client, the bytes of a response) are not wiped.
//!
//! # Features
//!
//! | feature | adds |
//! |---|---|
#![cfg_attr(
    feature = "reqwest",
    doc = "| `reqwest` (default) | the bundled HTTP client [`Https`](transport::Https); without it, bring a [`Transport`](transport::Transport) |"
)]
#![cfg_attr(
    not(feature = "reqwest"),
    doc = "| `reqwest` (default) | the bundled HTTP client `Https`; without it, bring a [`Transport`](transport::Transport) |"
)]
//! | `mini-program` | sessions, encrypted payloads and phone numbers of mini programs; includes `tokens` |
#![cfg_attr(
    feature = "tokens",
    doc = "| `tokens` | [`UserTokens`] and [`AppTokens`], which refresh tokens in time, and a store in memory |"
)]
#![cfg_attr(
    not(feature = "tokens"),
    doc = "| `tokens` | `UserTokens` and `AppTokens`, which refresh tokens in time, and a store in memory |"
)]
//! | `sqlite`, `postgres`, `redis` | stores for several servers, encrypted at rest; each includes `tokens` |
//! | `metrics` | counters and latencies through the facade `metrics` |
//!
//! # Coming from python-weixin
//!
//! | python-weixin | here |
//! |---|---|
//! | `WeixinAPI(appid=, app_secret=, redirect_uri=)` | [`Website`], [`RedirectUri`] |
//! | `WeixinAPI(access_token=)` | the same [`Website`]; each call takes the token, or a [`Bearer`](tokens::Bearer) |
//! | `api.get_authorize_url(scope=)` | [`Website::authorize_url`] |
//! | `api.get_authorize_login_url(scope=)` | [`Website::authorize_url`], [`Website::probe`] |
//! | `api.exchange_code_for_access_token(code=)` | [`Website::exchange`] |
//! | `api.exchange_refresh_token_for_access_token(refresh_token=)` | [`Website::refresh`] |
//! | `api.user(openid=)` | [`Website::user`] |
//! | `api.validate_token(openid=)` | [`Website::check`] |
//! | `OAuth2AuthExchangeError(code, description)` | [`Error`] |
#![cfg_attr(docsrs, feature(doc_cfg))]

mod api;
pub mod app;
pub mod authorize;
mod builder;
mod client;
pub mod clock;
pub mod error;
pub mod identity;
mod language;
#[cfg(feature = "metrics")]
mod metrics;
#[cfg(feature = "mini-program")]
pub mod mini_program;
mod secret;
#[cfg(feature = "tokens")]
pub mod store;
pub mod tokens;
pub mod transport;

#[cfg(feature = "mini-program")]
pub use self::mini_program::calls::MiniProgram;
#[cfg(feature = "tokens")]
pub use self::tokens::{app_tokens::AppTokens, user_tokens::UserTokens};
pub use self::{
    api::{Avatar, Token, User},
    app::{mobile_app::MobileApp, official_account::OfficialAccount, website::Website},
    authorize::{
        callback::Callback, consent::ConsentOptions, csrf_token::CsrfToken, qr_page::QrPageOptions,
        redirect_uri::RedirectUri,
    },
    client::Client,
    error::{Action, Error},
    identity::{
        id::{AppId, OpenId, UnionId},
        link::UserIds,
    },
    language::{Bilingual, Language},
    secret::{AppSecret, Code},
    transport::endpoints::Endpoints,
};
