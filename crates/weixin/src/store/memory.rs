//! Records in the memory of this process.

use std::{
    collections::HashMap,
    future::ready,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use super::{Record, Store, StoreFuture, Version};

/// A store in the memory of this process: for one server, until it stops. Clones share their records.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore(Arc<Mutex<HashMap<Box<str>, Record>>>);

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// A poisoned lock is safe to use: nothing is left half done under it.
    fn records(&self) -> MutexGuard<'_, HashMap<Box<str>, Record>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for MemoryStore {
    fn load<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Record>> {
        Box::pin(ready(Ok(self.records().get(key).cloned())))
    }

    fn compare_exchange<'a>(
        &'a self,
        key: &'a str,
        current: Option<Version>,
        new: Option<Record>,
    ) -> StoreFuture<'a, bool> {
        let mut records = self.records();
        let is_current = records.get(key).map(Record::version) == current;
        if is_current {
            match new {
                Some(record) => drop(records.insert(key.into(), record)),
                None => drop(records.remove(key)),
            }
        }
        Box::pin(ready(Ok(is_current)))
    }

    fn remove_expired(&self, now: SystemTime) -> StoreFuture<'_, ()> {
        self.records().retain(|_, record| now < record.expires_at());
        Box::pin(ready(Ok(())))
    }
}
