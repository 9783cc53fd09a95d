//! A simulator of WeChat login: the QR page, a simulated phone and the login API.
//!
//! It is for tests and local development, **not for production**: anyone who can reach it can log in as any user.
//! It listens on loopback, stores nothing, and is as strict as WeChat is documented or has been observed to be.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use weixin_sim::Sim;
//!
//! let sim = Sim::start().await?;
//! // Point the program under test at `sim.url()`; let its browser open the login page; then:
//! for uuid in sim.pending() {
//!     let callback = sim.allow(&uuid, "xiaoming")?;
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Paths
//!
//! One base URL serves the paths of all of WeChat's hosts:
//!
//! | path | content |
//! |---|---|
//! | `/connect/qrconnect` | QR page, or WeChat's error page; `lang`, `style`, `href`, `self_redirect`, `stylelite`, `f=xml` |
//! | `/connect/zh_CN/htmledition/js/wxLogin.js` | script that shows the QR page in a frame of a site |
//! | `/connect/qrcode/{uuid}` | QR code, a JPEG |
//! | `/connect/l/qrconnect` | long poll of the QR page: 408, 404, 403, 405, 402; `f=json`, `f=url` |
//! | `/connect/confirm?uuid=` | URL in the QR code: the simulated phone |
//! | `/connect/oauth2/authorize` | login of an official account, for browsers whose `User-Agent` contains `MicroMessenger` |
//! | `/sns/oauth2/access_token`, `/sns/oauth2/refresh_token`, `/sns/auth`, `/sns/userinfo` | API for user tokens and profiles, by GET, POST form, or both |
//! | `/sns/jscode2session`, `/wxa/business/getuserphonenumber` | login and phone number of a mini program |
//! | `/cgi-bin/token`, `/cgi-bin/stable_token`, `/cgi-bin/ticket/getticket` | app access tokens and tickets |
//! | `/wxa/checksession` | check of a session key |
//! | `/api/check-login`, `/api/authorize` | WeChat for PC on the browser's machine ([`SimBuilder::desktop`]) |
//! | `/_sim/` | dashboard: logins, requests and findings, live |
//! | `/_sim/phone` | simulated phone, whose user can be chosen |
//! | `/_sim/findings` | requests that WeChat rejects or that are unsafe |
//! | `/_sim/api/…` | control API, as JSON ([`OPENAPI`]) |
//!
//! # Default apps and users
//!
//! Four apps of one Open Platform account, all with secret 32 × `s` and callbacks on `localhost` and
//! `127.0.0.1` at any port: the website app `wx0123456789abcdef` ([`App::default`]), the official
//! account `wx0123456789abcde0`, the mobile app `wx0123456789abcde1` and the mini program
//! `wx0123456789abcde2`. Five test users; `xiaoming` is the default. Add your own with [`SimBuilder`], with
//! a TOML file ([`SimBuilder::config`], [`EXAMPLE_CONFIG`]), or later with [`Sim::put_app`] and [`Sim::put_user`].
//!
//! # Control API
//!
//! The methods of [`Sim`] are available in any language over HTTP, under `/_sim/api`. The OpenAPI document is
//! [`OPENAPI`] and `GET /_sim/api/openapi.json`. The phone scans, allows and cancels; users change their names,
//! avatars and passwords; apps are frozen; the clock is moved, frozen and run; a test waits for an event
//! ([`Sim::until`], `POST /_sim/api/wait-for`), and counts requests ([`Sim::verify`], `POST /_sim/api/verify`). Logins
//! can be answered without a phone ([`Sim::auto_allow`], `PUT /_sim/api/auto-allow`).
//!
//! # Faults
//!
//! Faults apply to one path, app, host, user, parameter or header, or to all, a number of times, from the n-th time on,
//! or permanently at a percentage that the seed determines: [`Fault`], [`Effect`], [`Sim::fault`],
//! `POST /_sim/api/faults`. One that could never strike is an error.
//!
//! # Findings
//!
//! The simulator accepts requests that WeChat rejects although local development needs them, and requests that are
//! unsafe. It reports them: a port, an IP address, `localhost` or plain HTTP in the callback; a scope that does not
//! match the app; a missing, short or repeated state, or one that returns changed; a redirect URI that is not encoded;
//! parameters in another order inside WeChat; a code that is
//! exchanged twice; a misplaced app secret; tokens where they are logged; a refresh at the wrong path; a profile with
//! `snsapi_base`; POST; old hosts; exceeded quotas. Each finding has the request, WeChat's response, a remedy and a
//! source, in Chinese and English, and the app, the login and the test ([`Sim::set_test`]) that caused it:
//! [`Sim::findings`], `GET /_sim/api/findings`, the page `/_sim/findings`.
//!
//! A test run fails for what WeChat rejects and for what is unsafe, not for what local development needs
//! ([`RuleClass`]), and not for rules that you accept ([`SimBuilder::accept`]): [`Sim::expect_no_findings`].
//!
//! # WeChat's host names
//!
//! With the feature `tls`, `Sim::serve_tls` and `Sim::serve_proxy` serve WeChat's hosts ([`WECHAT_HOSTS`]),
//! with the certificate of an `Authority` that programs under test have to trust.
//!
//! # Golden files
//!
//! [`GOLDEN_FILES`] are the requests and responses that the simulator guarantees. `weixin sim compare` sends those that
//! log no user in to the real WeChat.
//!
//! # Assumptions
//!
//! Some behavior of WeChat is neither documented nor observed. There the simulator makes an assumption on the safe
//! side; [`Lifetimes`] can change the durations.
//!
//! - **Durations**: a poll is held for 25 s, a QR code is valid for 5 minutes, a website app's code for 10 minutes.
//! - **Codes**: a wrong secret does not use up the code. A missing `grant_type` is reported right after the app ID.
//! - **QR page**: an unknown QR code polls as expired (402). The XML around the UUID of `f=xml` is an assumption.
//! - **Content types**: errors are `application/json`, successes `text/plain`, as last observed.
//! - **Tokens**: a refresh token keeps its value and its expiry. An expired one returns 42002, an expired access
//!   token 42001, also at `/sns/auth`. The texts of 41009, 42002 and 42007 are assumptions.
//! - **Official accounts**: the order of the checks is an assumption. The order of the parameters and the characters of
//!   the state are enforced only with [`SimBuilder::strict_order`]; the page for other characters is an assumption.
//! - **App access tokens**: the order of the checks after the app ID is an assumption, and so is that a website
//!   app gets no such token.
//! - **Snapshot users**: their name 微信用户 and their empty avatar are assumptions.
//! - **Mini programs**: a profile payload has the IDs, but name and avatar are withheld; the place of `is_demote` in it
//!   is an assumption. At `/sns/oauth2/access_token`, a code of `wx.login` returns 40242, which was seen once.
//! - **Frozen apps**: calls with an app access token return 48004, also in `/wxa`.
//! - **Tickets**: a type other than `jsapi`, `wx_card` and `2` returns 40035.
//! - **Variants**: what other reports say can be switched on by [`Variants`].
//! - **Callbacks**: a port, an IP address and a local host are accepted here, but not by WeChat.
//! - **Quotas**: they count the minutes and days of the clock, and are enforced only with [`SimBuilder::quotas`].
//! - **Session keys**: `/wxa/checksession` and its 87009 follow the clients that use it.
//! - **WeChat for PC**: it listens at the simulator's own URL, offers fast login on both variants of the QR
//!   page, and returns 10057 for an app that allows scanning only.
//! - **Memory**: the newest 100 000 entries of each kind are kept, and at most 64 MiB of what clients sent in them; of the
//!   request log 1000 entries and 4 MiB. Texts of more than 1 KiB are cut in the log and in findings.
//! - **Size**: URLs of more than 16 KiB are rejected (414), and so are bodies of more than 64 KiB (413). WeChat's limits are
//!   not known.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod activity;
mod bilingual;
mod builder;
mod clock;
mod config;
mod config_error;
mod explanation;
mod golden;
mod hosts;
mod lifetimes;
mod lint;
mod lock;
mod parameters;
mod random;
mod routes;
mod settings;
mod sim;
mod state;
#[cfg(feature = "tls")]
mod tls;
mod variants;
mod waiters;
mod wire;
mod world;
mod worlds;

#[cfg(feature = "tls")]
pub use self::tls::{Authority, OtherHosts, Relay};
pub use self::{
    bilingual::Bilingual,
    builder::SimBuilder,
    config::EXAMPLE as EXAMPLE_CONFIG,
    config_error::InvalidConfig,
    explanation::Explanation,
    golden::GOLDEN_FILES,
    hosts::WECHAT_HOSTS,
    lifetimes::Lifetimes,
    lint::{
        finding::{Cause, Finding},
        rule::{Rule, RuleClass},
        rules::UnknownRule,
    },
    routes::OPENAPI,
    sim::{AddedFault, Sim},
    state::Snapshot,
    variants::Variants,
    world::{
        DesktopAnswer, PhoneError,
        app::App,
        app_kind::AppKind,
        auto_allow::AutoAllow,
        expectation::Expectation,
        fault::{Answer, Effect, Fault},
        request_log::{BrokenRule, LoggedRequest},
        steps::HappenedStep,
        user::User,
    },
};
