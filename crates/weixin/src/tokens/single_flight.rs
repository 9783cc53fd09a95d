//! One computation at a time for each key, on one server or on several.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use tracing::Instrument;

use super::{
    VaultError,
    local::{Entry, Landing, Local},
    records::{Leased, Records},
};
use crate::{Clock, Store};

const LEASE: Duration = Duration::from_secs(30);
const SHORTEST_LEASE: Duration = Duration::from_secs(1);
const LONGEST_LEASE: Duration = Duration::from_hours(1);
const CACHE_FOR: Duration = Duration::from_secs(10);
const CAPACITY: usize = 6_000;

/// How often a record is written or removed that others write at the same time.
const ATTEMPTS: u32 = 100;

/// A value that a [`SingleFlight`] keeps and renews.
///
/// `Eq` tells whether a value is the one that was rejected. For secrets, compare in constant time.
pub trait Renewable: Clone + Eq + Send + Sync + 'static {
    /// The bytes that the store keeps; it encrypts them.
    fn encode(&self) -> Vec<u8>;
    /// The value of these bytes, or `None` if they are not from [`encode`](Self::encode).
    fn decode(bytes: &[u8]) -> Option<Self>;
    /// The time from which on the value is renewed, although it can still be used.
    fn refresh_at(&self) -> SystemTime;
    /// The time from which on the value cannot be used.
    fn expires_at(&self) -> SystemTime;
    /// The time from which on the value may be removed from the store; without it, when it expires.
    ///
    /// It is later for a value that is needed to compute the next one: an expired access token that has a refresh
    /// token.
    fn kept_until(&self) -> SystemTime {
        self.expires_at()
    }
}

/// Computes one value at a time for each key, for all callers in this process and on all servers that share a
/// [`Store`].
///
/// The server that computes has a lease, which is part of the record. The others use the value as long as it can be
/// used, or wait. A lease ends by itself, so that a server that dies in the middle is replaced.
///
/// Needs a tokio runtime with its timer. Clones share everything but their settings.
pub struct SingleFlight<V> {
    pub(super) shared: Arc<Shared<V>>,
    pub(super) settings: Settings,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    pub(super) lease: Duration,
    pub(super) cache_for: Duration,
    pub(super) mode: Mode,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Mode {
    /// Values are computed when there is none, and renewed.
    Fetch,
    /// Values are renewed; the first one is inserted.
    Renew,
    /// Values are computed once.
    Once,
}

pub(super) struct Shared<V> {
    pub(super) records: Records,
    pub(super) local: Local<V>,
}

impl<V: Renewable> SingleFlight<V> {
    /// Keeps values in this store.
    pub fn new(store: impl Store + 'static, clock: impl Clock + 'static) -> Self {
        Self {
            shared: Arc::new(Shared {
                records: Records::new(Arc::new(store), Arc::new(clock)),
                local: Local::new(CAPACITY),
            }),
            settings: Settings {
                lease: LEASE,
                cache_for: CACHE_FOR,
                mode: Mode::Fetch,
            },
        }
    }

    /// Sets the longest time that a computation may take; without it, 30 seconds. One second to one hour.
    ///
    /// It is canceled after that, and another server may begin. Use the same value on all servers.
    #[must_use]
    pub fn lease(mut self, lease: Duration) -> Self {
        self.settings.lease = lease.clamp(SHORTEST_LEASE, LONGEST_LEASE);
        self
    }

    /// Sets how long a value is used without another look into the store; without it, 10 seconds.
    ///
    /// That is how late this server may see a value that was inserted or removed on another one.
    #[must_use]
    pub fn cache_for(mut self, time: Duration) -> Self {
        self.settings.cache_for = time;
        self
    }

    /// Sets how many values this process keeps in memory, and how many keys it looks up at a time; without it, 6 000.
    /// At least two. Callers with one key more get [`VaultError::Busy`].
    #[must_use]
    pub fn capacity(self, entries: usize) -> Self {
        self.shared.local.set_capacity(entries);
        self
    }

    /// Computes each value only once: a computation that another server has begun is never repeated.
    ///
    /// A value is kept until it expires, whatever its [`refresh_at`](Renewable::refresh_at), and whichever value is
    /// rejected. An error of the computation frees the key for another one. If a lease ends without a value, because
    /// its server died, panicked or was too slow, [`try_get_with`](Self::try_get_with) returns
    /// [`VaultError::OutcomeUnknown`] for two hours after that. The clocks of the servers must agree within a lease.
    #[must_use]
    pub fn once(mut self) -> Self {
        self.settings.mode = Mode::Once;
        self
    }

    /// Never computes a first value: without one, [`VaultError::Unknown`] is the result, and nothing is written.
    pub(super) fn renew_only(mut self) -> Self {
        self.settings.mode = Mode::Renew;
        self
    }

    pub(super) fn now(&self) -> SystemTime {
        self.shared.records.now()
    }

    /// The value of this key: from memory, from the store, or computed by `init`, which gets the previous value.
    ///
    /// A value that equals `rejected` is renewed, although it has not expired. `init` runs as a task of its own: it
    /// goes on if the caller is dropped, and everyone in this process who asks in the meantime gets its result. If
    /// `init` fails, the previous value remains, and is the result as long as it can be used. If the error says that
    /// the user must log in again ([`VaultError::needs_login`]), the previous value is removed.
    ///
    /// # Errors
    ///
    /// The error of `init`; [`VaultError::Busy`] if another server, or `init`, has taken too long;
    /// [`VaultError::Unknown`] if the key was removed in the meantime; [`VaultError::Store`] if the store failed.
    pub async fn try_get_with<F>(
        &self,
        key: &str,
        rejected: Option<&V>,
        init: impl FnOnce(Option<V>) -> F + Send + 'static,
    ) -> Result<Arc<V>, VaultError>
    where
        F: Future<Output = Result<V, VaultError>> + Send + 'static,
    {
        let mut init = Some(init);
        loop {
            let flight = match self.shared.local.enter(key, rejected, self.now()) {
                Entry::Cached(value) => return Ok(value),
                Entry::Full => return Err(VaultError::Busy),
                Entry::Follower(flight) => flight,
                Entry::Leader(flight, sender) => {
                    let landing = Landing::new(&self.shared, key, &flight, sender);
                    // Without one, this caller's own flight has ended without an outcome.
                    let init = init.take().ok_or(VaultError::Busy)?;
                    let fly = self.clone().fly(landing, init);
                    tokio::spawn(fly.in_current_span());
                    flight
                }
            };
            match flight.outcome().await {
                // The flight did not know that this value is rejected.
                Some(Ok(value))
                    if rejected == Some(&*value) && flight.rejected.as_ref() != rejected => {}
                Some(outcome) => return outcome,
                // Its runtime was shut down: this caller takes its place.
                None => {}
            }
        }
    }

    /// Stores a value, whatever was there before. A computation that is under way does not replace it.
    ///
    /// # Errors
    ///
    /// [`VaultError::Store`] if the store failed; [`VaultError::Busy`] if others write the same key all the time.
    pub async fn insert(&self, key: &str, value: V) -> Result<(), VaultError> {
        let _detached = self.shared.local.detach_on_drop(key);
        let records = &self.shared.records;
        let leased = Leased::free(value);
        for _ in 0..ATTEMPTS {
            let current = records.version(key).await?;
            let written = records.write(key, current, &leased, Duration::ZERO).await?;
            if written.is_some() {
                return Ok(());
            }
        }
        Err(VaultError::Busy)
    }

    /// Removes a value. A computation that is under way does not bring it back.
    ///
    /// Other servers see it after the time of [`cache_for`](Self::cache_for).
    ///
    /// # Errors
    ///
    /// As [`insert`](Self::insert).
    pub async fn remove(&self, key: &str) -> Result<(), VaultError> {
        let _detached = self.shared.local.detach_on_drop(key);
        let records = &self.shared.records;
        for _ in 0..ATTEMPTS {
            let Some(current) = records.version(key).await? else {
                return Ok(());
            };
            if records.remove(key, current).await? {
                return Ok(());
            }
        }
        Err(VaultError::Busy)
    }

    /// What the store has, as it is.
    pub(super) async fn peek(&self, key: &str) -> Result<Option<V>, VaultError> {
        let found = self.shared.records.load(key).await?;
        Ok(found.and_then(|found| found.leased.value))
    }

    /// Makes the next caller look into the store.
    pub(super) fn invalidate(&self, key: &str) {
        self.shared.local.detach(key);
    }

    /// Removes expired records now. It happens once an hour by itself.
    pub(super) async fn remove_expired(&self) -> Result<(), VaultError> {
        self.shared.records.remove_expired().await
    }
}

impl<V> Clone for SingleFlight<V> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            settings: self.settings,
        }
    }
}

impl<V> fmt::Debug for SingleFlight<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SingleFlight")
            .field("settings", &self.settings)
            .field("records", &self.shared.records)
            .finish_non_exhaustive()
    }
}
