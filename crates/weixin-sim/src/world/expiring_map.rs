//! A map whose entries expire, with a limit on their number.

use std::{
    collections::{HashMap, VecDeque},
    time::SystemTime,
};

/// Maximum number of entries. 100 000 logins take about 350 MB.
const MAX_ENTRIES: usize = 100_000;

/// Maximum number of bytes of the texts that clients chose, of all entries together.
const MAX_BYTES: usize = 64 * 1024 * 1024;

/// Values of which clients choose texts.
pub(crate) trait Weigh {
    /// Bytes of the texts that the client chose.
    fn bytes(&self) -> usize {
        0
    }
}

/// Values by key. The oldest entry goes first, when it expires or when there are too many.
#[derive(Clone, Debug)]
pub(crate) struct ExpiringMap<V> {
    values: HashMap<String, V>,
    /// Keys with expiry times, in insertion order.
    order: VecDeque<(String, SystemTime)>,
    /// Bytes of the values and their keys.
    bytes: usize,
}

impl<V> Default for ExpiringMap<V> {
    fn default() -> Self {
        Self {
            values: HashMap::new(),
            order: VecDeque::new(),
            bytes: 0,
        }
    }
}

impl<V: Weigh> ExpiringMap<V> {
    /// Inserts a value that expires at `end`, or after 100 000 newer entries or 64 MiB.
    pub(super) fn insert(&mut self, key: String, value: V, end: SystemTime, now: SystemTime) {
        self.bytes += value.bytes();
        self.evict(now);
        // A replaced value keeps its place: a refresh stores the same pair of tokens with the same expiry.
        match self.values.insert(key.clone(), value) {
            Some(replaced) => self.bytes -= replaced.bytes(),
            None => self.order.push_back((key, end)),
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
            self.remove(&key);
        }
        while self.order.len() >= MAX_ENTRIES || self.bytes > MAX_BYTES {
            let Some((key, _)) = self.order.pop_front() else {
                break;
            };
            self.remove(&key);
        }
    }

    fn remove(&mut self, key: &str) {
        if let Some(removed) = self.values.remove(key) {
            self.bytes -= removed.bytes();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    impl Weigh for usize {}

    impl Weigh for &str {
        fn bytes(&self) -> usize {
            self.len()
        }
    }

    #[test]
    fn the_oldest_entries_go_when_their_texts_exceed_the_limit() {
        let text = "x".repeat(MAX_BYTES / 4);
        let now = SystemTime::UNIX_EPOCH;
        let mut map = ExpiringMap::default();
        for key in ["a", "b", "c", "d", "b", "e"] {
            map.insert(
                key.to_owned(),
                text.as_str(),
                now + Duration::from_secs(1),
                now,
            );
        }
        let left = ["a", "b", "c", "d", "e"].map(|key| map.get(key).is_some());
        assert_eq!(left, [false, true, true, true, true]);
        assert_eq!(map.bytes, MAX_BYTES);
        map.evict(now + Duration::from_secs(1));
        assert_eq!((map.bytes, map.values().count()), (0, 0));
    }

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
