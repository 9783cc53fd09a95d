//! Values that were used lately, so that the store need not be asked.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// How many values are kept of each of the two generations.
const GENERATION: usize = 3_000;

/// Values by their key. When the young are too many they become the old, and the old are forgotten: what is used
/// stays, at no cost for keeping an order.
#[derive(Debug)]
pub(super) struct Cache<V>(Mutex<Generations<V>>);

#[derive(Debug)]
struct Generations<V> {
    young: HashMap<Box<str>, Arc<V>>,
    old: HashMap<Box<str>, Arc<V>>,
}

impl<V> Default for Cache<V> {
    fn default() -> Self {
        Self(Mutex::new(Generations {
            young: HashMap::new(),
            old: HashMap::new(),
        }))
    }
}

impl<V> Cache<V> {
    pub(super) fn get(&self, key: &str) -> Option<Arc<V>> {
        let mut generations = self.generations();
        if let Some(value) = generations.young.get(key) {
            return Some(Arc::clone(value));
        }
        let (key, value) = generations.old.remove_entry(key)?;
        generations.add(key, Arc::clone(&value));
        Some(value)
    }

    pub(super) fn put(&self, key: &str, value: Arc<V>) {
        let mut generations = self.generations();
        generations.old.remove(key);
        generations.add(key.into(), value);
    }

    pub(super) fn remove(&self, key: &str) {
        let mut generations = self.generations();
        generations.young.remove(key);
        generations.old.remove(key);
    }

    /// Nothing is left half done under the lock.
    fn generations(&self) -> MutexGuard<'_, Generations<V>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<V> Generations<V> {
    fn add(&mut self, key: Box<str>, value: Arc<V>) {
        if self.young.len() >= GENERATION {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_stays_and_the_rest_is_forgotten() {
        let cache = Cache::default();
        cache.put("used", Arc::new(0));
        cache.put("idle", Arc::new(0));
        for n in 0..4 * GENERATION {
            cache.put(&n.to_string(), Arc::new(n));
            assert!(cache.get("used").is_some());
        }
        assert!(cache.get("idle").is_none());
        let generations = cache.generations();
        assert!(generations.young.len() + generations.old.len() <= 2 * GENERATION);
        drop(generations);
        cache.remove("used");
        assert!(cache.get("used").is_none());
    }
}
