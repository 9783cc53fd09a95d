//! The configuration file in TOML. Unknown fields are errors, and each secret is a text or a file.

mod app;
mod client;
mod client_logout;
mod error;
mod file;
mod issuer;
mod lifetimes;
mod limits;
mod metrics;
mod secret;
mod server;

pub use self::{error::ConfigError, file::Config};
pub(crate) use self::{
    issuer::IssuerConfig,
    lifetimes::Lifetimes,
    limits::Limits,
    server::{Network, StoreConfig},
};
