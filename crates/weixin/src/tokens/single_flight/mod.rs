//! One computation at a time per key, on one server or on several.

mod cache;
mod computation;
mod flight;
mod lease;
mod local;
mod records;
mod renewable;
mod settings;

use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use tracing::Instrument;

pub use self::renewable::Renewable;
use self::{
    local::{Entry, Landing, Local},
    records::{Leased, Records},
    settings::{Mode, Settings},
};
use crate::{clock::Clock, error::Error, store::Store};

// A server that stops blocks a key for one lease: hence the upper bound.
const LEASE: Duration = Duration::from_secs(30);
const SHORTEST_LEASE: Duration = Duration::from_secs(1);
const LONGEST_LEASE: Duration = Duration::from_secs(60 * 60);
const CACHE_FOR: Duration = Duration::from_secs(10);
const CAPACITY: usize = 6_000;

/// Attempts to write or remove a record that others write at the same time. Many, since giving up would lose a login or
/// keep a removed one.
const ATTEMPTS: u32 = 100;

/// One computation at a time per key, for all callers in this process and on all servers that share a [`Store`].
///
/// The computing server has a lease, which is part of the record. The others use the previous value while it is valid, or
/// wait. A lease expires by itself, so that a server that stops in the middle is replaced.
///
/// Needs a tokio runtime with its timer. Clones share everything except their settings.
///
/// ```no_run
/// # use weixin::{Error, store::MemoryStore, tokens::{Renewable, SingleFlight}, clock::SystemClock};
/// # async fn example<Ticket: Renewable>(fetch: impl AsyncFn() -> Result<Ticket, Error> + Clone) {}
/// # async fn ticket<T: Renewable>(fetched: T) -> Result<(), Error> {
/// // A site's own `jsapi_ticket`, fetched once for all servers:
/// let tickets = SingleFlight::<T>::new(MemoryStore::new(), SystemClock);
/// let ticket = tickets.try_get_with("jsapi", None, |_previous| async { Ok(fetched) }).await?;
/// # Ok(())
/// # }
/// ```
pub struct SingleFlight<V> {
    shared: Arc<Shared<V>>,
    settings: Settings,
}

pub(super) struct Shared<V> {
    records: Records,
    local: Arc<Local<V>>,
}

impl<V: Renewable> SingleFlight<V> {
    /// A single flight whose values are in this store.
    pub fn new(store: impl Store + 'static, clock: impl Clock + 'static) -> Self {
        Self {
            shared: Arc::new(Shared {
                records: Records::new(Arc::new(store), Arc::new(clock)),
                local: Arc::new(Local::new(CAPACITY)),
            }),
            settings: Settings {
                lease: LEASE,
                cache_for: CACHE_FOR,
                mode: Mode::Fetch,
            },
        }
    }

    /// Sets the longest time of a computation, from one second to one hour; by default 30 seconds.
    ///
    /// After it the computation is canceled, and another server may start. Use the same value on all servers.
    #[must_use]
    pub fn lease(mut self, lease: Duration) -> Self {
        self.settings.lease = lease.clamp(SHORTEST_LEASE, LONGEST_LEASE);
        self
    }

    /// Sets how long a value is used without reading the store again; by default 10 seconds.
    ///
    /// A value that was inserted or removed on another server is seen here that late at most.
    #[must_use]
    pub fn cache_for(mut self, time: Duration) -> Self {
        self.settings.cache_for = time;
        self
    }

    /// Sets the most values in this process's memory, and the most keys that it looks up at a time; by default 6 000, at
    /// least two. Beyond it, callers get [`Error::StoreBusy`].
    #[must_use]
    pub fn capacity(self, entries: usize) -> Self {
        self.shared.local.set_capacity(entries);
        self
    }

    /// Computes each value only once: a computation that another server has started is never repeated.
    ///
    /// A value is valid until it expires, whatever its [`refresh_at`](Renewable::refresh_at), and cannot be rejected. An
    /// error of the computation frees the key. If a lease expires without a value, because its server stopped, panicked or
    /// was too slow, [`try_get_with`](Self::try_get_with) returns [`Error::OutcomeUnknown`] for the next two hours. The
    /// clocks of the servers must agree within a lease.
    #[must_use]
    pub fn once(mut self) -> Self {
        self.settings.mode = Mode::Once;
        self
    }

    /// Never computes a first value: without one, the result is [`Error::LoginExpired`], and nothing is written.
    pub(super) fn renew_only(mut self) -> Self {
        self.settings.mode = Mode::Renew;
        self
    }

    pub(super) fn now(&self) -> SystemTime {
        self.shared.records.now()
    }

    /// The value of a key: from memory, from the store, or computed by `init`, which gets the previous value.
    ///
    /// A value that equals `rejected` is renewed, although it has not expired. `init` runs as a task of its own: it
    /// continues if the caller is dropped, and all callers in this process get its result. If `init` fails, the previous
    /// value stays, and is the result while it is valid. If the error needs a login ([`Error::needs_login`]), the previous
    /// value is removed.
    ///
    /// # Errors
    ///
    /// The error of `init`; [`Error::StoreBusy`] if another server, or `init`, took too long, or the key was removed in the
    /// meantime; [`Error::Store`] if the store failed.
    pub async fn try_get_with<F>(
        &self,
        key: &str,
        rejected: Option<&V>,
        init: impl FnOnce(Option<V>) -> F + Send + 'static,
    ) -> Result<Arc<V>, Error>
    where
        F: Future<Output = Result<V, Error>> + Send + 'static,
    {
        let mut init = Some(init);
        loop {
            let flight = match self.shared.local.enter(key, rejected, self.now()) {
                Entry::Cached(value) => return Ok(value),
                Entry::Full => return Err(Error::StoreBusy),
                Entry::Follower(flight) => flight,
                Entry::Leader(flight, sender) => {
                    let landing = Landing::new(&self.shared.local, key, &flight, sender);
                    // `None` if this caller's own flight has ended without an outcome.
                    let init = init.take().ok_or(Error::StoreBusy)?;
                    let fly = self.clone().fly(landing, init);
                    tokio::spawn(fly.in_current_span());
                    flight
                }
            };
            match flight.outcome().await {
                // The flight started before this value was rejected.
                Some(Ok(value))
                    if rejected == Some(&*value) && flight.rejected.as_ref() != rejected => {}
                Some(outcome) => return outcome,
                // The leader's runtime was shut down: this caller takes over.
                None => {}
            }
        }
    }

    /// Stores a value in place of any other. A computation under way does not replace it.
    ///
    /// # Errors
    ///
    /// [`Error::Store`] if the store failed; [`Error::StoreBusy`] if others keep writing the same key.
    pub async fn insert(&self, key: &str, value: V) -> Result<(), Error> {
        let _detached = self.shared.local.detach_on_drop(key);
        let records = &self.shared.records;
        let leased = Leased::free(value);
        for _ in 0..ATTEMPTS {
            let current = records.version(key).await?;
            // The retention applies only to records without a value.
            let written = records.write(key, current, &leased, Duration::ZERO).await?;
            if written.is_some() {
                return Ok(());
            }
        }
        Err(Error::StoreBusy)
    }

    /// Removes a value. A computation under way does not bring it back.
    ///
    /// Other servers see it within the time of [`cache_for`](Self::cache_for).
    ///
    /// # Errors
    ///
    /// As [`insert`](Self::insert).
    pub async fn remove(&self, key: &str) -> Result<(), Error> {
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
        Err(Error::StoreBusy)
    }

    /// Makes the next caller read the store.
    pub(super) fn invalidate(&self, key: &str) {
        self.shared.local.detach(key);
    }

    /// Removes expired records now. It happens hourly by itself.
    pub(super) async fn remove_expired(&self) -> Result<(), Error> {
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
