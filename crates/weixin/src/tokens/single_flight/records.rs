//! The records of a single flight, read and written.

use std::{
    error::Error as _,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use secrecy::zeroize::Zeroizing;
use tracing::Instrument;

use super::Renewable;
use crate::{
    clock::Clock,
    error::{Error, StoreError},
    store::{
        Record, Store, Version,
        time::{from_milliseconds, later, milliseconds},
    },
};

/// Interval at which a server that writes removes expired records.
const SWEEP_INTERVAL: Duration = Duration::from_secs(60 * 60);

/// The value of a key, and the lease of the server that computes the next one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Leased<V> {
    /// `None` if no server computes.
    pub(super) lease_ends: Option<SystemTime>,
    /// `None` while the first one is computed.
    pub(super) value: Option<V>,
}

impl<V: Renewable> Leased<V> {
    /// No record.
    pub(super) const NONE: Self = Self {
        lease_ends: None,
        value: None,
    };

    pub(super) fn free(value: V) -> Self {
        Self {
            lease_ends: None,
            value: Some(value),
        }
    }

    /// Encodes the end of the lease in milliseconds since 1970 (0 without one), and the value after a marker byte.
    fn encode(&self) -> Vec<u8> {
        let lease = self.lease_ends.map_or(0, milliseconds).to_be_bytes();
        let value = self.value.as_ref().map(|v| Zeroizing::new(v.encode()));
        match &value {
            // The marker distinguishes an empty value from none.
            Some(value) => [&lease[..], &[1], value].concat(),
            None => lease.to_vec(),
        }
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (lease, rest) = bytes.split_first_chunk()?;
        let lease = i64::from_be_bytes(*lease);
        Some(Self {
            lease_ends: (lease > 0).then(|| from_milliseconds(lease)),
            value: match rest {
                [] => None,
                [1, value @ ..] => Some(V::decode(value)?),
                _ => return None,
            },
        })
    }

    /// The time from which on the store may remove the record. Without a value it outlasts its lease by `retention`.
    pub(super) fn expires_at(&self, retention: Duration) -> SystemTime {
        let lease = self.lease_ends.unwrap_or(SystemTime::UNIX_EPOCH);
        match &self.value {
            Some(value) => value.kept_until().max(lease),
            None => later(lease, retention),
        }
    }
}

/// A decoded record.
#[derive(Debug)]
pub(super) struct Found<V> {
    pub(super) version: Version,
    pub(super) leased: Leased<V>,
}

/// The records of a store.
#[derive(Debug)]
pub(super) struct Records {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    swept_at: Mutex<Option<SystemTime>>,
}

impl Records {
    pub(super) fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        Self {
            store,
            clock,
            swept_at: Mutex::new(None),
        }
    }

    pub(super) fn now(&self) -> SystemTime {
        self.clock.now()
    }

    pub(super) async fn load<V: Renewable>(&self, key: &str) -> Result<Option<Found<V>>, Error> {
        let Some(record) = self.store.load(key).await.map_err(logged)? else {
            return Ok(None);
        };
        let leased = Leased::decode(record.expose()).ok_or_else(unreadable)?;
        Ok(Some(Found {
            version: record.version(),
            leased,
        }))
    }

    /// The version of a record, without its value.
    pub(super) async fn version(&self, key: &str) -> Result<Option<Version>, Error> {
        let record = self.store.load(key).await.map_err(logged)?;
        Ok(record.map(|record| record.version()))
    }

    /// Replaces the record with the version `current`. Returns the new version, or `None` if another server was faster.
    pub(super) async fn write<V: Renewable>(
        &self,
        key: &str,
        current: Option<Version>,
        leased: &Leased<V>,
        retention: Duration,
    ) -> Result<Option<Version>, Error> {
        self.sweep();
        let version = Version::random()?;
        let record = Record::new(leased.encode(), version, leased.expires_at(retention));
        let written = self
            .store
            .compare_exchange(key, current, Some(record))
            .await;
        Ok(written.map_err(logged)?.then_some(version))
    }

    /// Removes the record with the version `current`. Returns `false` if another server was faster.
    pub(super) async fn remove(&self, key: &str, current: Version) -> Result<bool, Error> {
        let removed = self.store.compare_exchange(key, Some(current), None).await;
        Ok(removed.map_err(logged)?)
    }

    pub(super) async fn remove_expired(&self) -> Result<(), Error> {
        let removed = self.store.remove_expired(self.now()).await;
        Ok(removed.map_err(logged)?)
    }

    /// Removes expired records once an hour, in a task of its own, so that no caller waits for it.
    fn sweep(&self) {
        let now = self.now();
        let mut swept_at = self.swept_at.lock().unwrap_or_else(PoisonError::into_inner);
        let age = swept_at.and_then(|swept_at| now.duration_since(swept_at).ok());
        // No age if the clock was set back: that must not delay the next sweep.
        if age.is_some_and(|age| age < SWEEP_INTERVAL) {
            return;
        }
        // Before the sweep ends, so that a failing store is not swept by every write.
        *swept_at = Some(now);
        let store = Arc::clone(&self.store);
        let sweep = async move { store.remove_expired(now).await.map_err(logged) };
        tokio::spawn(sweep.in_current_span());
    }
}

/// Logs the causes of a failure, which callers rarely print.
fn logged(error: StoreError) -> StoreError {
    let mut causes = Vec::new();
    let mut next = error.source();
    while let Some(cause) = next {
        causes.push(cause.to_string());
        next = cause.source();
    }
    tracing::warn!(cause = causes.join(": "), "{error}");
    error
}

fn unreadable() -> StoreError {
    StoreError::new("the record was not written by this version of the crate")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Bytes without a time of their own.
    #[derive(Clone, Debug, Eq, PartialEq)]
    struct Bytes(Vec<u8>);

    impl Renewable for Bytes {
        fn encode(&self) -> Vec<u8> {
            self.0.clone()
        }

        fn decode(bytes: &[u8]) -> Option<Self> {
            Some(Self(bytes.to_vec()))
        }

        fn refresh_at(&self) -> SystemTime {
            SystemTime::UNIX_EPOCH
        }

        fn expires_at(&self) -> SystemTime {
            from_milliseconds(5_000)
        }
    }

    proptest! {
        #[test]
        fn any_bytes_of_a_store_are_read_or_rejected(bytes in prop::collection::vec(any::<u8>(), 0..32)) {
            if let Some(leased) = Leased::<Bytes>::decode(&bytes) {
                prop_assert!(leased.expires_at(Duration::MAX) >= leased.expires_at(Duration::ZERO));
                prop_assert_eq!(Leased::decode(&leased.encode()), Some(leased));
            }
        }
    }

    #[test]
    fn a_record_lasts_as_long_as_its_value_and_its_lease() {
        let leased = |lease: Option<i64>, value: Option<&[u8]>| Leased {
            lease_ends: lease.map(from_milliseconds),
            value: value.map(|bytes| Bytes(bytes.to_vec())),
        };
        let minute = Duration::from_secs(60);
        for (leased, expected) in [
            (leased(None, Some(b"")), 5_000),
            (leased(Some(4_000), Some(b"x")), 5_000),
            (leased(Some(6_000), Some(b"x")), 6_000),
            (leased(Some(6_000), None), 66_000),
        ] {
            assert_eq!(Leased::decode(&leased.encode()), Some(leased.clone()));
            assert_eq!(leased.expires_at(minute), from_milliseconds(expected));
        }
        assert_eq!(Leased::<Bytes>::decode(b"1234567"), None);
        assert_eq!(Leased::<Bytes>::decode(b"12345678\x02"), None);
    }
}
