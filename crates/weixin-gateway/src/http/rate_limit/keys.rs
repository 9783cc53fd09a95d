//! The keys of a limit, as many as fit: what strangers send must not fill the memory.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Mutex, MutexGuard, PoisonError},
};

use governor::{
    nanos::Nanos,
    state::{StateStore, keyed::ShrinkableKeyedStateStore},
};

/// Keys with the time until which each has used up its share. A key beyond the limit is not remembered, and thus allowed.
pub(super) struct BoundedKeys<K> {
    times: Mutex<HashMap<K, Nanos>>,
    limit: usize,
}

impl<K> BoundedKeys<K> {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            times: Mutex::default(),
            limit,
        }
    }

    fn times(&self) -> MutexGuard<'_, HashMap<K, Nanos>> {
        // Each change is a single insertion, so a panic leaves nothing half done.
        self.times.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Eq + Hash + Clone> StateStore for BoundedKeys<K> {
    type Key = K;

    fn measure_and_replace<T, F, E>(&self, key: &K, measure: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let mut times = self.times();
        if let Some(time) = times.get_mut(key) {
            let (outcome, next) = measure(Some(*time))?;
            *time = next;
            return Ok(outcome);
        }
        let (outcome, next) = measure(None)?;
        if times.len() < self.limit {
            times.insert(key.clone(), next);
        }
        Ok(outcome)
    }
}

impl<K: Eq + Hash + Clone> ShrinkableKeyedStateStore<K> for BoundedKeys<K> {
    fn retain_recent(&self, drop_below: Nanos) {
        self.times().retain(|_, time| *time > drop_below);
    }

    fn shrink_to_fit(&self) {
        self.times().shrink_to_fit();
    }

    fn len(&self) -> usize {
        self.times().len()
    }

    fn is_empty(&self) -> bool {
        self.times().is_empty()
    }
}
