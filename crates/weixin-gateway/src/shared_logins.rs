//! Redis, by which nodes share the logins that were used: a callback that comes twice gets the first result on every node.

use std::{
    error::Error as _,
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use secrecy::{ExposeSecret, SecretString};
use tokio::{sync::OnceCell, time::timeout};
use weixin::{
    error::StoreError,
    store::{Record, RedisStore, Store, StoreFuture, Version},
};

use crate::master_key::MasterKeys;

/// Time for one call, a moment less than `weixin-axum` has for it, whose error would not say that it is Redis.
const TIMEOUT: Duration = Duration::from_millis(1_900);

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
        self.store().await?.load("check").await.map(drop)
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
        Box::pin(named(async move { self.store().await?.load(key).await }))
    }

    fn compare_exchange<'a>(
        &'a self,
        key: &'a str,
        current: Option<Version>,
        new: Option<Record>,
    ) -> StoreFuture<'a, bool> {
        Box::pin(named(async move {
            self.store()
                .await?
                .compare_exchange(key, current, new)
                .await
        }))
    }

    /// Redis removes them by itself.
    fn remove_expired(&self, _: SystemTime) -> StoreFuture<'_, ()> {
        Box::pin(async { Ok(()) })
    }
}

/// The result of a call. An error names Redis: `weixin-axum`, which logs it, does not know what the store is.
async fn named<T>(call: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    let cause = match timeout(TIMEOUT, call).await {
        Ok(Ok(result)) => return Ok(result),
        Ok(Err(error)) => match error.source() {
            Some(cause) => cause.to_string(),
            None => error.to_string(),
        },
        Err(_) => "no response within 2 seconds".to_owned(),
    };
    Err(StoreError::new(format!("Redis ([store] redis): {cause}")))
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_error_says_that_it_is_of_redis() {
        let refused = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
        let refused = async { Err::<(), _>(StoreError::new(refused)) };
        let text = |error: StoreError| error.source().unwrap().to_string();
        assert_eq!(
            named(refused).await.map_err(text),
            Err("Redis ([store] redis): connection refused".to_owned())
        );
        assert_eq!(
            named(pending::<Result<(), _>>()).await.map_err(text),
            Err("Redis ([store] redis): no response within 2 seconds".to_owned())
        );
    }
}
