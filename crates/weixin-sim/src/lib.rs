//! WeChat on your own machine: the QR page, a simulated phone and the login API.
//!
//! It is for tests and local work, **not for production**: whoever reaches it logs in as anybody.
//! It listens on loopback, keeps nothing after it ends, and is as picky as WeChat is documented or
//! was observed to be.
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
//! # What it answers
//!
//! One origin serves every WeChat host's paths:
//!
//! | path | what it is |
//! |---|---|
//! | `/connect/qrconnect` | the QR page, or WeChat's error page; `lang`, `style`, `href`, `self_redirect`, `stylelite`, `f=xml` |
//! | `/connect/zh_CN/htmledition/js/wxLogin.js` | shows the QR page in a frame of a site |
//! | `/connect/qrcode/{uuid}` | the QR picture, a JPEG |
//! | `/connect/l/qrconnect` | what the page polls: 408, 404, 403, 405, 402; `f=json`, `f=url` |
//! | `/connect/confirm?uuid=` | what the QR code holds: the simulated phone |
//! | `/connect/oauth2/authorize` | the login of an official account, for browsers whose `User-Agent` has `MicroMessenger` |
//! | `/sns/oauth2/access_token`, `/sns/oauth2/refresh_token`, `/sns/auth`, `/sns/userinfo` | the API, by GET, POST form, or both |
//! | `/sns/jscode2session`, `/wxa/business/getuserphonenumber` | the login and the phone number of a mini program |
//! | `/cgi-bin/token`, `/cgi-bin/stable_token`, `/cgi-bin/ticket/getticket` | tokens and tickets of an app itself |
//! | `/wxa/checksession` | whether a session key is still the latest |
//! | `/api/check-login`, `/api/authorize` | WeChat for PC on the browser's machine ([`SimBuilder::desktop`]) |
//! | `/_sim/` | ours: the desk, which shows live what is going on |
//! | `/_sim/phone` | ours: the simulated phone, whose owner can be chosen |
//! | `/_sim/findings` | ours: what passes here and would not at WeChat |
//! | `/_sim/api/…` | ours: control, as JSON ([`OPENAPI`]) |
//!
//! # Who and what is there from the start
//!
//! Four apps of one Open Platform account, all with secret 32 × `s` and callbacks on `localhost` and
//! `127.0.0.1` at any port: the website app `wx0123456789abcdef` ([`App::default`]), the official
//! account `wx0123456789abcde0`, the mobile app `wx0123456789abcde1` and the mini program
//! `wx0123456789abcde2`. Five users, of whom `xiaoming` is the default. Others by [`SimBuilder`], also
//! from a TOML file ([`SimBuilder::config`], [`EXAMPLE_CONFIG`]), or later by [`Sim::put_app`] and
//! [`Sim::put_user`].
//!
//! # Control
//!
//! What the methods of [`Sim`] do can be done in any language by HTTP under `/_sim/api`; the OpenAPI document
//! of it is [`OPENAPI`] and `GET /_sim/api/openapi.json`. The phone scans, allows and cancels; users change
//! their names, avatars and passwords; apps are frozen; the clock moves, stops and runs; a test waits until
//! something happens ([`Sim::until`], `POST /_sim/api/wait-for`).
//!
//! # Faults
//!
//! Off until asked for, at one path, app or host of the API or at all, a number of times or for ever at a
//! percentage that is drawn by the seed: [`Fault`], [`Effect`], [`Sim::fault`], `POST /_sim/api/faults`.
//!
//! # Findings
//!
//! What local work needs is allowed, and reported: a port, an IP address, `localhost` or plain HTTP in the
//! callback; a scope that does not fit; a state that is missing, short or used before; parameters in another order
//! inside WeChat; a code exchanged twice; the app secret where it does not belong; tokens where they are logged; a
//! refresh at the wrong path; a profile asked for with `snsapi_base`; POST; old hosts; more calls than the quotas
//! allow. Each says what was sent, what WeChat would answer, how to mend it and where the rule stands, in Chinese
//! and English: [`Sim::findings`], [`Sim::expect_no_findings`], `GET /_sim/api/findings`, the page `/_sim/findings`.
//!
//! # WeChat's own host names
//!
//! With the feature `tls`, [`Sim::serve_tls`] and [`Sim::serve_proxy`] answer as WeChat's hosts
//! ([`WECHAT_HOSTS`]), with the certificate of an [`Authority`] that programs under test are told to trust.
//!
//! # What nobody knows
//!
//! Where WeChat's behaviour is not documented and was not observed, this is a guess on the safe
//! side, and [`Lifetimes`] can change it where it is a time: how long a poll is held (25 s), how
//! long a QR code lives (5 minutes), a website's code (10 minutes). A wrong secret leaves the code
//! unspent. A missing `grant_type` is noticed right after the app id. An unknown or forgotten QR
//! code polls as expired (402). The XML around the uuid of `f=xml` is ours. Errors come as
//! `application/json`, successes as `text/plain`, as last observed. A refresh token keeps its value
//! and its end; one that is over is 42002, an access token that is over is 42001, also at
//! `/sns/auth`. The texts of 41003, 41009, 42002 and 42007 are made up after their neighbours. At
//! an official account's login the order of the checks is a guess, a state that is too long or not
//! of letters and digits shows a page without a number, and the order of the parameters counts only
//! with [`SimBuilder::strict_order`]. At `/cgi-bin/token` the order behind the app id is a guess,
//! and so is that a website app gets no such token. Plain HTTP, a port and a local host in the
//! callback pass here, and would not at WeChat. Quotas count the minutes and days of the clock and are
//! enforced by [`SimBuilder::quotas`] only. `/wxa/checksession` and its 87009 are as those use it who do; WeChat
//! for PC listens at the simulator's own address and offers itself on both looks of the QR page, and an app that
//! it refuses is told 10057. Of what lives, the newest 100 000 of each kind are remembered.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod builder;
mod clock;
mod config;
mod hosts;
mod lifetimes;
mod lint;
mod parameters;
mod random;
mod routes;
mod settings;
mod sim;
mod state;
#[cfg(feature = "tls")]
mod tls;
mod wire;
mod world;

#[cfg(feature = "tls")]
pub use self::tls::Authority;
pub use self::{
    builder::SimBuilder,
    config::{EXAMPLE as EXAMPLE_CONFIG, InvalidConfig},
    hosts::WECHAT_HOSTS,
    lifetimes::Lifetimes,
    lint::finding::{Bilingual, Finding, Rule},
    routes::OPENAPI,
    sim::Sim,
    world::{
        DesktopAnswer, PhoneError,
        app::{App, AppKind},
        fault::{Answer, Effect, Fault},
        request_log::LoggedRequest,
        user::User,
    },
};
