//! How many requests one host gets at a time.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Requests to one host at a time, so that a slow one keeps no others waiting.
const MAX_PER_HOST: usize = 4;

/// The hosts with running requests. There are as many as clients name.
#[derive(Debug, Default)]
pub(super) struct HostLimit(Mutex<HashMap<String, Arc<Semaphore>>>);

impl HostLimit {
    /// Waits until the host may get another request, which runs as long as the permit exists.
    pub(super) async fn enter(&self, host: &str) -> Option<OwnedSemaphorePermit> {
        let semaphore = self.semaphore(host);
        // It is never closed.
        semaphore.acquire_owned().await.ok()
    }

    fn semaphore(&self, host: &str) -> Arc<Semaphore> {
        let mut hosts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || Arc::new(Semaphore::new(MAX_PER_HOST));
        Arc::clone(hosts.entry(host.to_owned()).or_insert_with(new))
    }
}
