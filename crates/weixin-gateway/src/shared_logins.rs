//! Redis, by which nodes share the logins that were used: a callback that comes twice gets the first result on every node.

use std::{fmt, sync::Arc, time::SystemTime};

use secrecy::{ExposeSecret, SecretString};
use tokio::sync::OnceCell;
use weixin::{
    error::StoreError,
    store::{Record, RedisStore, Store, StoreFuture, Version},
};

use crate::master_key::MasterKeys;

/// A connection to Redis that is made when it is needed: a node starts and serves without it, and decides alone meanwhile.
pub(crate) struct SharedLogins {
    url: SecretString,
    master: Arc<MasterKeys>,
    store: OnceCell<RedisStore>,
}

impl SharedLogins {
    pub(crate) fn new(url: SecretString, master: Arc<MasterKeys>) -> Self {
        Self {
            url,
            master,
            store: OnceCell::new(),
        }
    }

    /// Connects, for `weixin gateway check`.
    pub(crate) async fn inspect(&self) -> Result<(), StoreError> {
        // A read of a key that is none: a connection alone says little about a password.
        self.load("check").await.map(drop)
    }

    async fn store(&self) -> Result<&RedisStore, StoreError> {
        let connect = || async {
            let keys = self.master.shared_logins()?;
            RedisStore::connect(self.url.expose_secret(), keys).await
        };
        self.store.get_or_try_init(connect).await
    }
}

impl fmt::Debug for SharedLogins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedLogins(..)")
    }
}

impl Store for SharedLogins {
    fn load<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Record>> {
        Box::pin(async move { self.store().await?.load(key).await })
    }

    fn compare_exchange<'a>(
        &'a self,
        key: &'a str,
        current: Option<Version>,
        new: Option<Record>,
    ) -> StoreFuture<'a, bool> {
        Box::pin(async move {
            self.store()
                .await?
                .compare_exchange(key, current, new)
                .await
        })
    }
    /// Redis removes them by itself.
    fn remove_expired(&self, _: SystemTime) -> StoreFuture<'_, ()> {
        Box::pin(async { Ok(()) })
    }
}
