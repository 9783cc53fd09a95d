//! The configuration file in TOML. Unknown fields are errors, and each secret is a text or a file.

mod app;
mod claim_entry;
mod client;
mod client_auth;
mod client_logout;
mod client_name;
mod database_tls;
mod duration;
mod error;
mod file;
mod file_content;
mod issuer;
mod lifetimes;
mod limits;
mod metrics;
mod nearest;
mod problem;
mod rules;
mod secret;
mod serde_error;
mod server;
mod shown_name;
mod store;
mod stored_client;
mod syntax;
mod unreadable_file;
mod url_parameters;

pub(crate) use self::{
    app::App,
    file_content::FileContent,
    issuer::IssuerConfig,
    lifetimes::{LONGEST_SESSION, Lifetimes},
    limits::Limits,
    metrics::Metrics,
    server::{Network, ServerConfig},
    store::{StoreConfig, check_url},
    stored_client::{ClientBody, StoredSecret},
};
pub use self::{error::ConfigError, file::Config};
