//! Log in with WeChat.
//!
//! ```text
//! LoginUrl ──(browser, WeChat, phone)──> Callback ──verify──> Code ──exchange──> Token ──user──> User
//! ```
//!
//! Each step takes the one before, so the wrong order does not compile:
//!
#![cfg_attr(feature = "reqwest", doc = "```no_run")]
#![cfg_attr(not(feature = "reqwest"), doc = "```ignore")]
//! use weixin::{AppSecret, Callback, Client, RedirectUri};
//!
//! # async fn login(query: &str) -> Result<(), Box<dyn std::error::Error>> {
//! let secret = AppSecret::new(std::env::var("WEIXIN_APP_SECRET")?)?;
//! let client = Client::builder("wx0123456789abcdef".parse()?, secret).build()?;
//!
//! // 1. Send the browser to WeChat, and keep the token where only this browser has it.
//! let redirect_uri: RedirectUri = "https://www.example.com/callback".parse()?;
//! let login = client.login_url(redirect_uri)?;
//!
//! // 2. The browser comes back to the callback.
//! let code = Callback::parse(query)?.verify(login.csrf())?;
//!
//! // 3. and 4. The server trades the code, and reads the profile.
//! let token = client.exchange(code).await?;
//! let user = client.user(&token).await?;
//! println!("{} is {}", user.openid, user.nickname);
//! # Ok(())
//! # }
//! ```
//!
//! For axum, `weixin-axum` does steps 1 to 3 and keeps the state in a cookie. To try all this
//! without a WeChat account, run `weixin demo`, or point [`Endpoints::single`] at `weixin sim`.
//!
//! # For those who come from python-weixin
//!
//! | python-weixin | here |
//! |---|---|
//! | `WeixinAPI(appid=, app_secret=, redirect_uri=)` | [`Client::builder`]; the callback is a [`RedirectUri`] |
//! | `WeixinAPI(access_token=)` | the same [`Client`]; each call takes the token, or access token and open id ([`Bearer`]) |
//! | `api.get_authorize_url(scope=)` | [`Client::login_url`] |
//! | `api.get_authorize_login_url(scope=)` | [`Client::login_url`], then [`Client::probe`] |
//! | `api.exchange_code_for_access_token(code=)` | [`Client::exchange`] |
//! | `api.exchange_refresh_token_for_access_token(refresh_token=)` | [`Client::refresh`] |
//! | `api.user(openid=)` | [`Client::user`] |
//! | `api.validate_token(openid=)` | [`Client::check`] |
//! | `OAuth2AuthExchangeError(code, description)` | [`Error`], [`ApiError`], [`LoginPageError`] |
//!
//! # When something fails
//!
//! Every [`Error`] answers [`needs_login`](Error::needs_login), [`needs_refresh`](Error::needs_refresh),
//! [`is_retryable`](Error::is_retryable), [`is_configuration`](Error::is_configuration) and
//! [`blame`](Error::blame). Each code of WeChat's has its [`Explanation`] in English and Chinese, which
//! `weixin explain` prints. A call is sent again only where that can do no harm ([`Retries`]): the
//! exchange of a code never is.
//!
//! # Secrets
//!
//! [`AppSecret`], [`Code`], [`AccessToken`] and [`RefreshToken`] are redacted, wiped on drop, and are
//! in no error and no log event of this crate. WeChat's API wants them in the query of the address:
//! log the path of a request and nothing else of it. A copy that was made to be sent (the address in
//! the HTTP client, the bytes of an answer) is not wiped.
//!
//! # Features
//!
//! | feature | what it adds |
//! |---|---|
//! | `reqwest` (default) | the bundled HTTP client `Https`; without it, bring a [`Transport`] |
//! | `mini-program` | sessions, encrypted payloads and phone numbers of mini programs |
//! | `vault` | tokens that stay alive, of users and of the app itself, and a store in memory |
//! | `sqlite`, `postgres`, `redis` | stores for tokens, encrypted at rest |
//! | `metrics` | counters and latencies through the `metrics` facade |
#![cfg_attr(docsrs, feature(doc_cfg))]

mod api;
mod app;
mod authorize;
mod builder;
mod client;
mod clock;
mod device;
mod error;
mod identity;
#[cfg(feature = "metrics")]
mod metrics;
#[cfg(feature = "mini-program")]
mod mini_program;
mod secret;
#[cfg(feature = "vault")]
mod store;
#[cfg(feature = "vault")]
mod tokens;
mod transport;

#[cfg(feature = "redis")]
pub use self::store::RedisStore;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub use self::store::SqlStore;
#[cfg(feature = "vault")]
pub use self::store::{
    InvalidStoreKey, MemoryStore, Record, Store, StoreError, StoreFuture, StoreKeys, Version,
};
#[cfg(feature = "vault")]
pub use self::tokens::{
    AppToken, AppTokens, LiveToken, Renewable, SingleFlight, Vault, VaultError,
};
#[cfg(feature = "reqwest")]
pub use self::transport::Https;
pub use self::{
    api::{Avatar, Bearer, InvalidScope, Lang, Scope, Scopes, Token, TokenStatus, User},
    app::{Advice, AppKind, Apps, Start, StartError},
    authorize::{
        AuthorizeRequest, Callback, CallbackError, CsrfToken, EmbeddedQr, InvalidRedirectUri,
        LoginRequest, LoginUrl, PageLang, RedirectUri, SelfRedirect, TextColour,
        UnregistrableRedirectUri,
    },
    builder::ClientBuilder,
    client::Client,
    clock::{Clock, SystemClock},
    device::Device,
    error::{ApiError, Bilingual, Blame, ErrCode, Error, Explanation, LoginPageError, ParseError},
    identity::{AppId, Identity, InvalidId, InvalidIdentity, KnownIds, Linking, OpenId, UnionId},
    secret::{AccessToken, AppSecret, Code, InvalidSecret, RefreshToken},
    transport::{
        Answer, Endpoints, InvalidOrigin, MAX_BODY, Origin, Pause, Retries, Transport,
        TransportError, TransportErrorKind,
    },
};
#[cfg(feature = "mini-program")]
pub use self::{
    mini_program::{Decrypted, EncryptedData, MiniProgramUser, PayloadError, PhoneNumber, Session},
    secret::SessionKey,
};
