//! Stores of tokens and logins: in memory, or in a database that several servers share.

mod encryption;
mod memory;
#[cfg(feature = "redis")]
mod redis;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod sql;
pub(crate) mod time;

use std::{fmt, pin::Pin, sync::Arc, time::SystemTime};

use secrecy::{ExposeSecret, SecretSlice};

#[cfg(feature = "redis")]
pub use self::redis::RedisStore;
#[cfg(feature = "postgres")]
pub use self::sql::PostgresStore;
#[cfg(feature = "sqlite")]
pub use self::sql::SqliteStore;
pub use self::{encryption::StoreKeys, memory::MemoryStore};
use crate::error::{Error, StoreError};

/// The response of a [`Store`].
pub type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// A store of records by key, for one server or for several.
///
/// # Implementing it
///
/// [`compare_exchange`](Self::compare_exchange) must be atomic: of any number of callers with the same `current`, on any
/// number of servers, one writes and the others get `false`. Use one conditional statement of the database, never a read
/// and then a write. The values are secrets: encrypt them at rest ([`StoreKeys`]).
pub trait Store: fmt::Debug + Send + Sync {
    /// The record of a key. An expired one may be missing.
    fn load<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Record>>;

    /// Replaces the record whose version is `current`, or stores a first one if `current` is `None`. Without a `new` one,
    /// it removes the record. Returns whether the record was replaced.
    fn compare_exchange<'a>(
        &'a self,
        key: &'a str,
        current: Option<Version>,
        new: Option<Record>,
    ) -> StoreFuture<'a, bool>;

    /// Removes the records that have expired at `now`, if the store does not do so by itself.
    fn remove_expired(&self, now: SystemTime) -> StoreFuture<'_, ()>;
}

/// One store, and one set of connections, for several uses.
impl<S: Store + ?Sized> Store for Arc<S> {
    fn load<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Record>> {
        (**self).load(key)
    }

    fn compare_exchange<'a>(
        &'a self,
        key: &'a str,
        current: Option<Version>,
        new: Option<Record>,
    ) -> StoreFuture<'a, bool> {
        (**self).compare_exchange(key, current, new)
    }

    fn remove_expired(&self, now: SystemTime) -> StoreFuture<'_, ()> {
        (**self).remove_expired(now)
    }
}

/// The version of a record: random, and new on every write, so that a record that was removed and stored again is not
/// mistaken for the old one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "a number that stores keep")]
pub struct Version(pub i64);

impl Version {
    /// A new version.
    ///
    /// # Errors
    ///
    /// [`Error::Random`] if the operating system has no random bytes.
    pub fn random() -> Result<Self, Error> {
        let mut bytes = [0; 8];
        getrandom::fill(&mut bytes).map_err(|_| Error::Random)?;
        Ok(Self(i64::from_le_bytes(bytes)))
    }
}

/// A stored value, wiped on drop.
#[derive(Clone)]
pub struct Record {
    value: SecretSlice<u8>,
    version: Version,
    expires_at: SystemTime,
}

impl Record {
    /// A record of these bytes.
    pub fn new(value: Vec<u8>, version: Version, expires_at: SystemTime) -> Self {
        Self {
            value: value.into(),
            version,
            expires_at,
        }
    }

    /// The bytes: secrets, to be encrypted at rest.
    pub fn expose(&self) -> &[u8] {
        self.value.expose_secret()
    }

    /// The version.
    pub fn version(&self) -> Version {
        self.version
    }

    /// The time from which on the store may remove the record.
    pub fn expires_at(&self) -> SystemTime {
        self.expires_at
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record")
            .field("version", &self.version)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}
