//! Redis, by which nodes share the logins that were used: a callback that comes twice gets the first result on every node.

use std::{fmt, sync::Arc, time::SystemTime};

use arc_swap::ArcSwap;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::OnceCell;
use weixin::{
    error::StoreError,
    store::{Record, RedisStore, Store, StoreFuture, Version},
};

use crate::master_key::MasterKeys;

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
        self.load("check").await.map(drop)
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
        Box::pin(async move { current.store(&self.url).await?.load(key).await })
    }

    fn compare_exchange<'a>(
        &'a self,
        key: &'a str,
        current: Option<Version>,
        new: Option<Record>,
    ) -> StoreFuture<'a, bool> {
        let encrypted = self.current.load_full();
        Box::pin(async move {
            let store = encrypted.store(&self.url).await?;
            store.compare_exchange(key, current, new).await
        })
    }

    /// Redis removes them by itself.
    fn remove_expired(&self, _: SystemTime) -> StoreFuture<'_, ()> {
        Box::pin(async { Ok(()) })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

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
}
