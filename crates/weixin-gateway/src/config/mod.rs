//! The configuration file in TOML. Unknown fields are errors, and each secret is a text or a file.

mod app;
mod client;
mod client_logout;
mod error;
mod file;
mod issuer;
mod lifetimes;
mod limits;
mod secret;
mod server;
mod stored_client;

pub(crate) use self::{
    app::App,
    issuer::IssuerConfig,
    lifetimes::Lifetimes,
    limits::Limits,
    server::{Network, StoreConfig},
    stored_client::{ClientBody, StoredSecret},
};
pub use self::{error::ConfigError, file::Config};
