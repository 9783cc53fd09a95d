//! Redis, by which nodes share the logins that were used: a callback that comes twice gets the first result on every node.

use std::{
    error::Error as _,
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use arc_swap::ArcSwap;
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
///
/// What nodes share is encrypted with the key file. A changed file makes another connection, and calls that run go on with the
/// one before.
pub(crate) struct SharedLogins {
    url: SecretString,
    current: ArcSwap<Encrypted>,
}

/// The connection with the keys of one file.
struct Encrypted {
    master: Arc<MasterKeys>,
    store: OnceCell<RedisStore>,
}

impl SharedLogins {
    pub(crate) fn new(url: SecretString, master: Arc<MasterKeys>) -> Self {
        Self {
            url,
            current: ArcSwap::from_pointee(Encrypted::with(master)),
        }
    }

    /// Encrypts and decrypts with a changed key file from now on.
    pub(crate) fn set_keys(&self, master: &Arc<MasterKeys>) {
        if self.current.load().master.check_values() != master.check_values() {
            self.current
                .store(Arc::new(Encrypted::with(Arc::clone(master))));
        }
    }

    /// Connects, for `weixin gateway check`.
    pub(crate) async fn inspect(&self) -> Result<(), StoreError> {
        // A read of a key that is none: a connection alone says little about a password.
        let current = self.current.load_full();
        current
            .store(&self.url)
            .await?
            .load("check")
            .await
            .map(drop)
    }
}

impl Encrypted {
    fn with(master: Arc<MasterKeys>) -> Self {
        Self {
            master,
            store: OnceCell::new(),
        }
    }

    async fn store(&self, url: &SecretString) -> Result<&RedisStore, StoreError> {
        let connect = || async {
            let keys = self.master.shared_logins()?;
            RedisStore::connect(url.expose_secret(), keys).await
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
        let current = self.current.load_full();
        Box::pin(named(async move {
            current.store(&self.url).await?.load(key).await
        }))
    }

    fn compare_exchange<'a>(
        &'a self,
        key: &'a str,
        current: Option<Version>,
        new: Option<Record>,
    ) -> StoreFuture<'a, bool> {
        let encrypted = self.current.load_full();
        Box::pin(named(async move {
            let store = encrypted.store(&self.url).await?;
            store.compare_exchange(key, current, new).await
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

    use weixin::clock::{Clock, SystemClock};

    use super::*;
    use crate::random;

    const OLD: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    const OTHER: &str = "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=";
    const NEW: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

    fn keys(lines: &[&str]) -> Arc<MasterKeys> {
        Arc::new(MasterKeys::parse(&lines.join("\n").into()).unwrap())
    }

    fn node(lines: &[&str]) -> SharedLogins {
        let url = std::env::var("WEIXIN_TEST_REDIS").unwrap_or_else(|_| {
            panic!("WEIXIN_TEST_REDIS is not set: run by ./scripts/test or scripts/with-services")
        });
        SharedLogins::new(url.into(), keys(lines))
    }

    /// The key of a record that a node writes.
    async fn written(node: &SharedLogins) -> String {
        let key = data_encoding::HEXLOWER.encode(&random::bytes::<16>().unwrap());
        let expires = SystemClock.now() + Duration::from_mins(1);
        let record = Record::new(b"a login".to_vec(), Version::random().unwrap(), expires);
        let new = node.compare_exchange(&key, None, Some(record));
        assert!(new.await.unwrap());
        key
    }

    async fn reads(node: &SharedLogins, key: &str) -> bool {
        match node.load(key).await {
            Ok(found) => {
                assert_eq!(found.unwrap().expose(), b"a login");
                true
            }
            Err(_) => false,
        }
    }

    /// As the manual says, with a node that has been running since before the first step.
    #[tokio::test]
    async fn a_node_encrypts_with_the_key_file_that_it_has_loaded_last() {
        let running = node(&[OLD]);
        let before = written(&running).await;
        for lines in [&[OLD, NEW][..], &[NEW, OLD]] {
            running.set_keys(&keys(lines));
            assert!(reads(&running, &before).await, "{lines:?}");
        }
        let after = written(&running).await;
        assert!(reads(&node(&[NEW]), &after).await);
        assert!(!reads(&node(&[OLD]), &after).await);
        running.set_keys(&keys(&[NEW]));
        assert!(reads(&running, &after).await);
        assert!(!reads(&running, &before).await);
    }

    /// A file whose former change is not over gets the new key at its end.
    #[tokio::test]
    async fn a_node_decrypts_with_each_line_of_its_key_file() {
        let written = written(&node(&[NEW, OLD, OTHER])).await;
        assert!(reads(&node(&[OLD, OTHER, NEW]), &written).await);
    }

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
