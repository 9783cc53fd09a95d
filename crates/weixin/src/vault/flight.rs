//! One renewal for any number of callers, tasks and servers.
//!
//! Tasks of one process wait for each other. Servers agree by a lease that is written into the record itself: who has
//! written it renews, the others use the token that is still good, or wait. If the one who renews dies, its lease ends,
//! and the next one takes its place.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::{Duration, SystemTime},
};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tokio::{sync::Mutex as Gate, time::sleep};
use tracing::instrument;

use super::{VaultError, cache::Cache};
use crate::{Clock, Record, Store, StoreError, Version};

/// How long one who renews may take; longer than the client's tries and time-outs together.
const LEASE: Duration = Duration::from_secs(30);

/// How often and how long a server looks whether another has finished: 30 seconds and a bit in all.
const GLANCES: u32 = 620;
const GLANCE: Duration = Duration::from_millis(50);

/// How often what WeChat answered is written before that is given up.
const WRITES: u32 = 3;

/// What is kept and renewed.
pub(super) trait Kept: Serialize + DeserializeOwned + Send + Sync {
    /// Whether it is not yet to be renewed; it is renewed while it is still good.
    fn is_fresh(&self, now: SystemTime) -> bool;
    /// Whether it can still be used.
    fn is_good(&self, now: SystemTime) -> bool;
    /// From then on nobody needs it.
    fn expires(&self) -> SystemTime;
}

/// How to get a new one.
pub(super) trait Renew: Sync {
    type Kept: Kept;

    /// Asks WeChat. `forced`: the old one is not good any more, whatever its time.
    fn renew(
        &self,
        old: Option<&Self::Kept>,
        forced: bool,
    ) -> impl Future<Output = Result<Self::Kept, VaultError>> + Send;

    /// Whether the user must log in again, so that what is kept is worthless.
    fn is_over(&self, error: &VaultError) -> bool;
}

/// What the store has: a value, and until when somebody renews it.
#[derive(Serialize, Deserialize)]
struct Leased<K> {
    /// Unix seconds.
    #[serde(rename = "l", default, skip_serializing_if = "is_zero")]
    lease: u64,
    /// `None` while the first is being fetched.
    #[serde(rename = "v")]
    value: Option<K>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_zero(lease: &u64) -> bool {
    *lease == 0
}

#[derive(Debug)]
pub(super) struct Flight<K> {
    store: Box<dyn Store>,
    clock: Arc<dyn Clock>,
    cache: Cache<K>,
    /// Those who wait for the same key in this process.
    gates: Mutex<HashMap<Box<str>, Weak<Gate<()>>>>,
}

impl<K: Kept> Flight<K> {
    pub(super) fn new(store: Box<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        Self {
            store,
            clock,
            cache: Cache::default(),
            gates: Mutex::default(),
        }
    }

    pub(super) fn now(&self) -> SystemTime {
        self.clock.now()
    }

    /// A good one: from memory, from the store, or new. One that is `stale`, though its time is not over, is renewed.
    pub(super) async fn get<R: Renew<Kept = K>>(
        &self,
        key: &str,
        stale: Option<&K>,
        how: &R,
    ) -> Result<Arc<K>, VaultError> {
        if let Some(known) = self.cached(key, stale) {
            return Ok(known);
        }
        let gate = self.gate(key);
        let _turn = gate.lock().await;
        if let Some(known) = self.cached(key, stale) {
            return Ok(known);
        }
        let found = self.look_up(key, stale, how).await;
        match &found {
            Ok(value) => self.cache.put(key, Arc::clone(value)),
            Err(_) => self.cache.remove(key),
        }
        found
    }

    /// Keeps a value that did not come from a renewal, whatever was there before.
    pub(super) async fn put(&self, key: &str, value: K) -> Result<(), VaultError> {
        let value = Some(value);
        let leased = Leased { lease: 0, value };
        for _ in 0..GLANCES {
            let before = self.store.load(key).await?.map(|record| record.version);
            if self.write(key, before, &leased).await?.is_some() {
                self.cache.remove(key);
                return Ok(());
            }
        }
        Err(VaultError::Busy)
    }

    /// What is kept, as it is.
    pub(super) async fn peek(&self, key: &str) -> Result<Option<K>, VaultError> {
        Ok(self.read(key).await?.and_then(|(_, leased)| leased.value))
    }

    pub(super) async fn forget(&self, key: &str) -> Result<(), VaultError> {
        self.cache.remove(key);
        for _ in 0..GLANCES {
            let Some(record) = self.store.load(key).await? else {
                return Ok(());
            };
            if self.store.replace(key, Some(record.version), None).await? {
                return Ok(());
            }
        }
        Err(VaultError::Busy)
    }

    pub(super) async fn remove_expired(&self) -> Result<(), VaultError> {
        Ok(self.store.remove_expired(self.now()).await?)
    }

    fn cached(&self, key: &str, stale: Option<&K>) -> Option<Arc<K>> {
        let known = self.cache.get(key)?;
        let is_stale = stale.is_some_and(|stale| std::ptr::eq(stale, Arc::as_ptr(&known)));
        (!is_stale && known.is_fresh(self.now())).then_some(known)
    }

    fn gate(&self, key: &str) -> Arc<Gate<()>> {
        let mut gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(gate) = gates.get(key).and_then(Weak::upgrade) {
            return gate;
        }
        gates.retain(|_, gate| gate.strong_count() > 0);
        let gate = Arc::default();
        gates.insert(key.into(), Arc::downgrade(&gate));
        gate
    }

    async fn look_up<R: Renew<Kept = K>>(
        &self,
        key: &str,
        stale: Option<&K>,
        how: &R,
    ) -> Result<Arc<K>, VaultError> {
        for _ in 0..GLANCES {
            let now = self.now();
            let (version, leased) = match self.read(key).await? {
                Some((version, leased)) => (Some(version), Some(leased)),
                None => (None, None),
            };
            let (lease, old) = leased.map_or((0, None), |leased| (leased.lease, leased.value));
            let is_stale = |value: &K| stale.is_some_and(|stale| same(stale, value));
            let good = old.as_ref().filter(|value| !is_stale(value));
            if good.is_some_and(|value| value.is_fresh(now)) {
                return old.map(Arc::new).ok_or(VaultError::Unknown);
            }
            if unix_seconds(now) < lease {
                if good.is_some_and(|value| value.is_good(now)) {
                    return old.map(Arc::new).ok_or(VaultError::Unknown);
                }
                sleep(GLANCE).await;
                continue;
            }
            let forced = old.is_some() && good.is_none();
            let leased = Leased {
                lease: unix_seconds(now + LEASE),
                value: old,
            };
            if let Some(version) = self.write(key, version, &leased).await? {
                let turn = Turn {
                    key,
                    version,
                    forced,
                };
                return self.renew(&turn, leased.value, how).await;
            }
        }
        Err(VaultError::Busy)
    }

    /// Has the lease: asks WeChat, and writes what it says.
    #[instrument(name = "weixin.renew", skip_all, fields(key = turn.key, forced = turn.forced), err(level = "debug"))]
    async fn renew<R: Renew<Kept = K>>(
        &self,
        turn: &Turn<'_>,
        old: Option<K>,
        how: &R,
    ) -> Result<Arc<K>, VaultError> {
        match how.renew(old.as_ref(), turn.forced).await {
            Ok(new) => {
                let new = Leased {
                    lease: 0,
                    value: Some(new),
                };
                self.write_patiently(turn, &new).await;
                new.value.map(Arc::new).ok_or(VaultError::Unknown)
            }
            Err(error) if how.is_over(&error) => {
                let version = Some(turn.version);
                self.store.replace(turn.key, version, None).await?;
                Err(error)
            }
            Err(error) => {
                let is_good = |value: &K| !turn.forced && value.is_good(self.now());
                let old = Leased {
                    lease: 0,
                    value: old,
                };
                self.write_patiently(turn, &old).await;
                let good = old.value.filter(is_good);
                good.map(Arc::new).ok_or(error)
            }
        }
    }

    /// What cannot be written is used all the same. A lease that stays ends by itself.
    async fn write_patiently(&self, turn: &Turn<'_>, leased: &Leased<K>) {
        for _ in 0..WRITES {
            match self.write(turn.key, Some(turn.version), leased).await {
                // If it was not written, somebody has taken over since.
                Ok(_) => return,
                Err(error) => tracing::warn!(%error, "a renewed token could not be written"),
            }
            sleep(GLANCE).await;
        }
    }

    async fn read(&self, key: &str) -> Result<Option<(Version, Leased<K>)>, VaultError> {
        let Some(record) = self.store.load(key).await? else {
            return Ok(None);
        };
        let leased = serde_json::from_slice(record.expose()).map_err(|_| VaultError::Unreadable)?;
        Ok(Some((record.version, leased)))
    }

    /// The new version, if it was written.
    async fn write(
        &self,
        key: &str,
        expected: Option<Version>,
        leased: &Leased<K>,
    ) -> Result<Option<Version>, StoreError> {
        let version = Version::random()?;
        let lease = SystemTime::UNIX_EPOCH + Duration::from_secs(leased.lease);
        let expires = leased.value.as_ref().map_or(lease, Kept::expires);
        let value = serde_json::to_vec(leased).map_err(StoreError::new)?;
        let record = Record::new(value, version, expires.max(lease));
        let written = self.store.replace(key, expected, Some(record)).await?;
        Ok(written.then_some(version))
    }
}

/// The right to renew.
struct Turn<'a> {
    key: &'a str,
    version: Version,
    forced: bool,
}

/// Whether two values are the same: by what is written of them, as they came from different places.
fn same<K: Serialize>(one: &K, other: &K) -> bool {
    serde_json::to_vec(one).ok() == serde_json::to_vec(other).ok()
}

pub(super) fn unix_seconds(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    since.unwrap_or_default().as_secs()
}
