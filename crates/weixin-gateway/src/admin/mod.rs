//! What commands do with the store of a gateway, which may be running. It takes over what they change within five seconds.

mod clients;
mod keys;

pub use self::{
    clients::{ClientError, StoredClientOverview},
    keys::{KeyOverview, KeyState, OldKeys},
};
use crate::{config::Config, gateway::StartError, store::Store};

/// The store of a gateway, opened beside it.
#[derive(Debug)]
pub struct Admin {
    database: Store,
}

impl Admin {
    /// Opens the store. If there is none, or its tables are of an earlier program, it is created or updated, unless a gateway
    /// is running.
    ///
    /// # Errors
    ///
    /// [`StartError`] if a gateway would not start with this store, except that one may be running.
    pub async fn open(config: &Config) -> Result<Self, StartError> {
        let database = Store::open_beside(config.store.expose_url()).await?;
        Ok(Self { database })
    }

    /// Closes the store.
    pub async fn close(self) {
        self.database.close().await;
    }
}
