//! The keys in this process: recently used values, and flights that callers can join.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use tokio::sync::watch;

use super::cache::{Cache, Cached};
use crate::error::Error;

/// One lock guards both, so that an insertion or a removal and the end of a flight have an order.
pub(super) struct Local<V>(Mutex<Known<V>>);

struct Known<V> {
    cache: Cache<V>,
    /// Without the flights that started before an insertion or a removal: their values may be older than that.
    flights: HashMap<Box<str>, Arc<Flight<V>>>,
}

pub(super) type Outcome<V> = Result<Arc<V>, Error>;
pub(super) type Sender<V> = watch::Sender<Option<Outcome<V>>>;

/// One look-up of a key, with a computation if needed, for all callers in this process.
pub(super) struct Flight<V> {
    pub(super) rejected: Option<V>,
    outcome: watch::Receiver<Option<Outcome<V>>>,
}

impl<V> Flight<V> {
    /// `None` if the flight was dropped without an outcome.
    pub(super) async fn outcome(&self) -> Option<Outcome<V>> {
        let mut outcome = self.outcome.clone();
        let outcome = outcome.wait_for(Option::is_some).await;
        outcome.ok()?.clone()
    }
}

/// The way in which a caller gets a value.
pub(super) enum Entry<V> {
    Cached(Arc<V>),
    /// Too many flights are under way.
    Full,
    Follower(Arc<Flight<V>>),
    Leader(Arc<Flight<V>>, Sender<V>),
}

impl<V: Clone + PartialEq> Local<V> {
    pub(super) fn new(capacity: usize) -> Self {
        Self(Mutex::new(Known {
            cache: Cache::new(capacity),
            flights: HashMap::new(),
        }))
    }

    pub(super) fn set_capacity(&self, capacity: usize) {
        self.known().cache = Cache::new(capacity);
    }

    /// Finds a value in memory, joins a flight, or starts one.
    pub(super) fn enter(&self, key: &str, rejected: Option<&V>, now: SystemTime) -> Entry<V> {
        let mut known = self.known();
        if let Some(value) = known.cache.get(key, now)
            && rejected != Some(&*value)
        {
            return Entry::Cached(value);
        }
        if let Some(flight) = known.flights.get(key) {
            return Entry::Follower(Arc::clone(flight));
        }
        if known.flights.len() >= known.cache.capacity() {
            return Entry::Full;
        }
        let (sender, outcome) = watch::channel(None);
        let rejected = rejected.cloned();
        let flight = Arc::new(Flight { rejected, outcome });
        known.flights.insert(key.into(), Arc::clone(&flight));
        Entry::Leader(flight, sender)
    }
}

impl<V> Local<V> {
    /// Makes the next caller read the store.
    pub(super) fn detach(&self, key: &str) {
        let mut known = self.known();
        known.cache.remove(key);
        known.flights.remove(key);
    }

    /// Detaches when the store has been written, and also if the writer fails or is dropped: the store may have changed all
    /// the same.
    pub(super) fn detach_on_drop<'a>(&'a self, key: &'a str) -> DetachOnDrop<'a, V> {
        DetachOnDrop { local: self, key }
    }

    /// A poisoned lock is safe to use: nothing is left half done under it.
    fn known(&self) -> MutexGuard<'_, Known<V>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<V> Known<V> {
    /// Removes a flight, unless another one has taken its place.
    fn land(&mut self, key: &str, flight: &Arc<Flight<V>>) -> bool {
        let is_current = self
            .flights
            .get(key)
            .is_some_and(|known| Arc::ptr_eq(known, flight));
        if is_current {
            self.flights.remove(key);
        }
        is_current
    }
}

pub(super) struct DetachOnDrop<'a, V> {
    local: &'a Local<V>,
    key: &'a str,
}

impl<V> Drop for DetachOnDrop<'_, V> {
    fn drop(&mut self) {
        self.local.detach(self.key);
    }
}

/// The duty to end a flight. If it is dropped, callers no longer find the flight.
pub(super) struct Landing<V> {
    local: Arc<Local<V>>,
    key: Box<str>,
    flight: Arc<Flight<V>>,
    /// Dropped after the flight is removed, so that a caller who sees it closed can start another one.
    sender: Sender<V>,
}

impl<V> Landing<V> {
    pub(super) fn new(
        local: &Arc<Local<V>>,
        key: &str,
        flight: &Arc<Flight<V>>,
        sender: Sender<V>,
    ) -> Self {
        Self {
            local: Arc::clone(local),
            key: key.into(),
            flight: Arc::clone(flight),
            sender,
        }
    }

    pub(super) fn key(&self) -> &str {
        &self.key
    }

    pub(super) fn rejected(&self) -> Option<&V> {
        self.flight.rejected.as_ref()
    }

    /// Ends the flight. One that is no longer current changes nothing for later callers.
    pub(super) fn land(self, outcome: Result<Cached<V>, Error>) {
        let mut known = self.local.known();
        let is_current = known.land(&self.key, &self.flight);
        let outcome = match outcome {
            Ok(cached) => {
                let value = Arc::clone(&cached.value);
                if is_current {
                    known.cache.insert(&self.key, cached);
                }
                Ok(value)
            }
            Err(error) => {
                if is_current {
                    // It was rejected or is too old, or there would have been no flight.
                    known.cache.remove(&self.key);
                }
                Err(error)
            }
        };
        // Before the callers wake up, and before `self` is dropped, which locks again.
        drop(known);
        self.sender.send_replace(Some(outcome));
    }
}

impl<V> Drop for Landing<V> {
    fn drop(&mut self) {
        self.local.known().land(&self.key, &self.flight);
    }
}
