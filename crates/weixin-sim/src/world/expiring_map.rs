//! A map whose entries expire, with a limit on their number.

use std::{
    collections::{HashMap, VecDeque},
    time::SystemTime,
};

/// Maximum number of entries. 100 000 logins take about 350 MB.
const MAX_ENTRIES: usize = 100_000;

/// Values by key. The oldest entry goes first, when it expires or when there are too many.
#[derive(Debug)]
pub(crate) struct ExpiringMap<V> {
    values: HashMap<String, V>,
    /// Keys with expiry times, in insertion order.
    order: VecDeque<(String, SystemTime)>,
}

impl<V> Default for ExpiringMap<V> {
    fn default() -> Self {
        Self {
            values: HashMap::new(),
            order: VecDeque::new(),
        }
    }
}

impl<V> ExpiringMap<V> {
    /// Inserts a value that expires at `end`, or after 100 000 newer entries.
    pub(super) fn insert(&mut self, key: String, value: V, end: SystemTime, now: SystemTime) {
        self.evict(now);
        // A replaced value keeps its place: a refresh stores the same pair of tokens with the same expiry.
        if self.values.insert(key.clone(), value).is_none() {
            self.order.push_back((key, end));
        }
    }

    pub(super) fn get(&self, key: &str) -> Option<&V> {
        self.values.get(key)
    }

    pub(super) fn get_mut(&mut self, key: &str) -> Option<&mut V> {
        self.values.get_mut(key)
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &V> {
        self.values.values()
    }

    pub(super) fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.values.values_mut()
    }

    /// Removes expired entries from the front. The cost is proportional to what is removed, not to the size of
    /// the map.
    fn evict(&mut self, now: SystemTime) {
        let is_over = |front: &mut (String, SystemTime)| front.1 <= now;
        while let Some((key, _)) = self.order.pop_front_if(is_over) {
            self.values.remove(&key);
        }
        if self.order.len() == MAX_ENTRIES
            && let Some((key, _)) = self.order.pop_front()
        {
            self.values.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_oldest_entries_go_when_they_expire_or_exceed_the_limit() {
        let start = SystemTime::UNIX_EPOCH;
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut map = ExpiringMap::default();
        map.insert("a".to_owned(), 1, at(10), at(0));
        map.insert("b".to_owned(), 2, at(20), at(0));
        map.insert("c".to_owned(), 3, at(30), at(10));
        assert_eq!(
            ["a", "b", "c"].map(|key| map.get(key).copied()),
            [None, Some(2), Some(3)]
        );
        for n in 0..MAX_ENTRIES {
            map.insert(n.to_string(), n, at(30), at(10));
        }
        assert_eq!(map.get("c"), None);
        assert_eq!(map.get("0"), Some(&0));
        assert_eq!(map.values().count(), MAX_ENTRIES);
    }
}
