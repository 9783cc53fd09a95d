//! Recently used values, so that the store need not be read.

use std::{collections::HashMap, sync::Arc, time::SystemTime};

/// Values by key, in two generations. When the young one is full it becomes the old one, and the old one is dropped: used
/// values stay, without the cost of an order.
#[derive(Debug)]
pub(super) struct Cache<V> {
    young: HashMap<Box<str>, Cached<V>>,
    old: HashMap<Box<str>, Cached<V>>,
    /// Most values of one generation.
    generation: usize,
}

/// A value, and the time in which it may be used without reading the store again.
#[derive(Debug)]
pub(super) struct Cached<V> {
    pub(super) value: Arc<V>,
    pub(super) since: SystemTime,
    pub(super) until: SystemTime,
}

impl<V> Cached<V> {
    /// The value, unless it has ended. A clock that was set back does not make it last longer.
    fn at(&self, now: SystemTime) -> Option<Arc<V>> {
        let is_usable = (self.since..self.until).contains(&now);
        is_usable.then(|| Arc::clone(&self.value))
    }
}

impl<V> Cache<V> {
    /// A cache of at most this many values, and at least two.
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            young: HashMap::new(),
            old: HashMap::new(),
            generation: (capacity / 2).max(1),
        }
    }

    /// The most values.
    pub(super) fn capacity(&self) -> usize {
        self.generation.saturating_mul(2)
    }

    pub(super) fn get(&mut self, key: &str, now: SystemTime) -> Option<Arc<V>> {
        if let Some(cached) = self.young.get(key) {
            return cached.at(now);
        }
        let (key, cached) = self.old.remove_entry(key)?;
        let value = cached.at(now);
        self.add(key, cached);
        value
    }

    pub(super) fn insert(&mut self, key: &str, cached: Cached<V>) {
        self.old.remove(key);
        self.add(key.into(), cached);
    }

    pub(super) fn remove(&mut self, key: &str) {
        self.young.remove(key);
        self.old.remove(key);
    }

    fn add(&mut self, key: Box<str>, cached: Cached<V>) {
        if self.young.len() >= self.generation {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, cached);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const CAPACITY: usize = 100;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn from_10_to_20(value: usize) -> Cached<usize> {
        Cached {
            value: Arc::new(value),
            since: at(10),
            until: at(20),
        }
    }

    #[test]
    fn used_values_stay_and_the_others_are_dropped() {
        let mut cache = Cache::new(CAPACITY);
        cache.insert("used", from_10_to_20(0));
        cache.insert("idle", from_10_to_20(0));
        for n in 0..2 * CAPACITY {
            cache.insert(&n.to_string(), from_10_to_20(n));
            assert!(cache.get("used", at(10)).is_some());
        }
        assert!(cache.get("idle", at(10)).is_none());
    }

    #[test]
    fn as_many_values_are_kept_as_the_capacity_says_and_two_at_least() {
        for (wanted, expected) in [(100, 100), (2, 2), (1, 2), (0, 2)] {
            let mut cache = Cache::new(wanted);
            let mut most = 0;
            for n in 0..1_000 {
                cache.insert(&n.to_string(), from_10_to_20(n));
                most = most.max(cache.young.len() + cache.old.len());
            }
            assert_eq!((most, cache.capacity()), (expected, expected));
        }
    }

    #[test]
    fn the_value_that_was_inserted_last_is_found_and_a_removed_one_is_not() {
        let mut cache = Cache::new(2);
        cache.insert("a", from_10_to_20(1));
        cache.insert("b", from_10_to_20(2));
        cache.insert("a", from_10_to_20(3));
        assert_eq!(cache.get("a", at(10)).as_deref(), Some(&3));
        assert_eq!(cache.get("b", at(10)).as_deref(), Some(&2));
        cache.remove("a");
        cache.remove("b");
        assert!(cache.get("a", at(10)).is_none() && cache.get("b", at(10)).is_none());
    }

    #[test]
    fn a_value_is_used_from_its_begin_to_its_end_only() {
        let mut cache = Cache::new(2);
        cache.insert("a", from_10_to_20(1));
        let found: Vec<_> = [9, 10, 19, 20]
            .map(|time| cache.get("a", at(time)).is_some())
            .into();
        assert_eq!(found, [false, true, true, false]);
    }
}
