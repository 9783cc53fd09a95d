//! What commands do with the store of a gateway, which may be running. It takes over what they change within five seconds.

mod client_changes;
mod client_removal;
mod clients;
mod error;
mod keys;
mod report;
mod revoke;
mod users;

pub use self::{
    clients::{ClientError, StoredClientOverview},
    error::{AdminError, StoreFailure},
    keys::{KeyOverview, KeyState},
    report::{AuditEvent, RevokeTarget, Revoked, UserReport},
};
use weixin::AppId;

use crate::{
    config::Config,
    start_error::StartError,
    store::{Migrate, Store},
};

/// The store of a gateway, opened beside it.
#[derive(Debug)]
pub struct Admin {
    database: Store,
    apps: Vec<AppId>,
}

impl Admin {
    /// Opens the store. If there is none, or its tables are of an earlier program, it is created or updated, unless a gateway
    /// is running or the configuration says `migrate = false`.
    ///
    /// # Errors
    ///
    /// [`StartError`] if a gateway would not start with this store, except that one may be running.
    pub async fn open(config: &Config) -> Result<Self, StartError> {
        let migrate = Migrate::if_allowed(config.store.migrate);
        let database = Store::open_beside(config.store.expose_url(), migrate).await?;
        let apps = config.apps.values().map(|app| app.id.clone()).collect();
        Ok(Self { database, apps })
    }

    /// Closes the store.
    pub async fn close(self) {
        self.database.close().await;
    }
}
