//! An OpenID Provider whose users log in with WeChat, for products that support OpenID Connect.
//!
//! ```text
//! client ──302──> /authorize ─┬─ valid session ────────────────────────────> code ──303──> client
//!                             └─ none ─> request row ─> WeChat ──> /callback
//!                                                                     │ verify, exchange   (weixin-axum)
//!                                                                     │ user, session      (one transaction)
//!                                                                     └─> the request goes on ─> code ──303──> client
//! client ──POST──> /token ─> client authenticated ─> code verified ─> grant inserted (single use) ─> tokens
//! client ──> /userinfo ─> one read
//! ```
//!
//! [`Config`] reads the configuration file; [`Gateway`] serves it, as a server or as an axum router.

mod admin;
mod announced_keys;
mod audit;
mod backchannel;
mod clients;
mod clocks;
mod config;
mod copy_store;
mod error_text;
mod gateway;
mod http;
mod key_file;
mod keys;
mod master_key;
mod oidc;
mod outbound;
mod overview;
mod params;
mod random;
mod readiness;
mod reload;
mod rotation;
mod secret;
mod session_secret;
mod shared_clock;
#[cfg(feature = "redis")]
mod shared_logins;
mod signed;
mod slow_files;
mod start_error;
mod state;
mod store;
mod telemetry;
mod time;
mod upstream;
mod watch;
mod web_login;

pub use self::{
    admin::{
        Admin, AdminError, AuditEvent, ClientError, KeyOverview, KeyState, RevokeTarget, Revoked,
        StoreFailure, StoredClientOverview, UserReport,
    },
    announced_keys::KeyFileDifference,
    clients::ClientProblem,
    config::{Config, ConfigError},
    gateway::{Gateway, GatewayBuilder, ServeError},
    http::serve_metrics,
    overview::{AppOverview, ClientOverview, IssuerOverview, ServerOverview},
    reload::{ReloadError, Reloaded},
    rotation::OldKeys,
    start_error::{LOST_KEY, StartError},
    store::{CopiedStore, CopiedTable, CopyError, CopyProgress, StoreState},
    telemetry::describe_metrics,
};

/// A configuration file for `https://login.example.com`, with comments.
pub const EXAMPLE_CONFIG: &str = include_str!("../templates/gateway.toml");

/// The same file with comments in Chinese.
pub const EXAMPLE_CONFIG_CHINESE: &str = include_str!("../templates/gateway.zh.toml");
