//! What must be remembered: a small trait, and those who implement it.

mod keys;
mod memory;
#[cfg(feature = "redis")]
mod redis;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod sql;
pub(crate) mod time;

use std::{error::Error as StdError, fmt, pin::Pin, sync::Arc, time::SystemTime};

use secrecy::{ExposeSecret, SecretSlice};
use thiserror::Error;

#[cfg(feature = "redis")]
pub use self::redis::RedisStore;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub use self::sql::SqlStore;
pub use self::{
    keys::{InvalidStoreKey, StoreKeys},
    memory::MemoryStore,
};

/// The answer to come of a [`Store`].
pub type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// Keeps records by their key, for one server or for several.
///
/// # For those who implement it
///
/// [`replace`](Self::replace) is atomic: of any number of callers at once who expect the same version, on any number of
/// servers, one writes and the others are told `false`. That takes one conditional statement of the database, never a
/// read and then a write. What is kept are tokens: encrypt them at rest ([`StoreKeys`]).
pub trait Store: fmt::Debug + Send + Sync {
    /// The record of this key, if there is one. One that has expired may be gone.
    fn load<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Record>>;

    /// Puts a record in the place of the one with the version that is `expected`, or of none; without a record, that
    /// one is removed. Returns whether it was done.
    fn replace<'a>(
        &'a self,
        key: &'a str,
        expected: Option<Version>,
        record: Option<Record>,
    ) -> StoreFuture<'a, bool>;

    /// Removes what has expired at `now`, if the store does not do so by itself. Call it once a day or so.
    fn remove_expired(&self, now: SystemTime) -> StoreFuture<'_, ()>;
}

/// One store, and one set of connections, for users' tokens, app tokens and spent logins.
impl<S: Store + ?Sized> Store for Arc<S> {
    fn load<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Record>> {
        (**self).load(key)
    }

    fn replace<'a>(
        &'a self,
        key: &'a str,
        expected: Option<Version>,
        record: Option<Record>,
    ) -> StoreFuture<'a, bool> {
        (**self).replace(key, expected, record)
    }

    fn remove_expired(&self, now: SystemTime) -> StoreFuture<'_, ()> {
        (**self).remove_expired(now)
    }
}

/// Another for each write: random, so that a record that was removed and made again is not mistaken for itself.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Version(i64);

impl Version {
    /// A new version.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the operating system has no random bytes.
    pub fn random() -> Result<Self, StoreError> {
        let mut bytes = [0; 8];
        getrandom::fill(&mut bytes).map_err(|_| StoreError::new("no random bytes"))?;
        Ok(Self(i64::from_le_bytes(bytes)))
    }

    /// The number to keep beside the record.
    pub fn number(self) -> i64 {
        self.0
    }
}

impl From<i64> for Version {
    fn from(number: i64) -> Self {
        Self(number)
    }
}

/// Bytes that are kept, wiped on drop.
#[derive(Clone)]
pub struct Record {
    value: SecretSlice<u8>,
    /// Another for each write.
    pub version: Version,
    /// When nobody needs it any more.
    pub expires: SystemTime,
}

impl Record {
    /// A record with these bytes.
    pub fn new(value: Vec<u8>, version: Version, expires: SystemTime) -> Self {
        Self {
            value: value.into(),
            version,
            expires,
        }
    }

    /// The bytes: secrets, to be encrypted at rest.
    pub fn expose(&self) -> &[u8] {
        self.value.expose_secret()
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record")
            .field("version", &self.version)
            .field("expires", &self.expires)
            .finish_non_exhaustive()
    }
}

/// The store could not be read or written.
#[derive(Clone, Debug, Error)]
#[error("the store failed")]
pub struct StoreError(#[source] Arc<dyn StdError + Send + Sync>);

impl StoreError {
    /// With its cause, which must not show what is kept.
    pub fn new(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self(Arc::from(source.into()))
    }
}

/// What a record's ciphertext is bound to: its key, its version, and its expiry in milliseconds since 1970.
///
/// The two numbers have a fixed length and come last, so that no two records share a context.
#[cfg(any(feature = "postgres", feature = "redis", feature = "sqlite"))]
fn context(key: &str, version: Version, expires: i64) -> Vec<u8> {
    let version = version.number().to_be_bytes();
    [key.as_bytes(), &[0], &version, &expires.to_be_bytes()].concat()
}
