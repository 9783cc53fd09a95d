//! Records in the memory of this process.

use std::{
    collections::HashMap,
    future::ready,
    sync::{Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use super::{Record, Store, StoreFuture, Version};

/// Keeps records in the memory of this process: for one server, until it ends.
#[derive(Debug, Default)]
pub struct MemoryStore(Mutex<HashMap<Box<str>, Record>>);

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// Nothing is left half done under the lock.
    fn records(&self) -> MutexGuard<'_, HashMap<Box<str>, Record>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for MemoryStore {
    fn load<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Record>> {
        Box::pin(ready(Ok(self.records().get(key).cloned())))
    }

    fn replace<'a>(
        &'a self,
        key: &'a str,
        expected: Option<Version>,
        record: Option<Record>,
    ) -> StoreFuture<'a, bool> {
        let mut records = self.records();
        let is_expected = records.get(key).map(|known| known.version) == expected;
        if is_expected {
            match record {
                Some(record) => drop(records.insert(key.into(), record)),
                None => drop(records.remove(key)),
            }
        }
        Box::pin(ready(Ok(is_expected)))
    }

    fn remove_expired(&self, now: SystemTime) -> StoreFuture<'_, ()> {
        self.records().retain(|_, record| now < record.expires);
        Box::pin(ready(Ok(())))
    }
}
