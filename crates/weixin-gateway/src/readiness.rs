//! Whether this node can serve: what `/readyz` reports beside the store.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;
use weixin::clock::Clock;

use crate::{
    clocks::Clocks,
    oidc::Algorithm,
    store::{Store, StoreError},
    time::CLOCK_TOLERANCE,
};

/// For so long, the store is not asked again whether it responds.
const STORE_CHECK: Duration = Duration::from_secs(1);

/// How long keys and clients need not be read before the node is not ready: it would go on to accept what has been revoked or
/// removed.
const OUTDATED_AFTER: Duration = Duration::from_secs(30);

/// What a node knows of itself.
#[derive(Debug)]
pub(crate) struct Readiness {
    clocks: Clocks,
    /// The keys were read while the time was unknown: some of them may be missing.
    has_keys_of_unknown_time: AtomicBool,
    is_stopping: AtomicBool,
    lacks_keys: AtomicBool,
    has_other_key_file: AtomicBool,
    refreshed: Mutex<Refreshed>,
    /// When the store was asked last, and what came of it.
    store_check: tokio::sync::Mutex<Option<(Instant, Result<(), StoreError>)>>,
}

/// When keys and clients were read, and whether they could not be since.
#[derive(Clone, Copy, Debug)]
struct Refreshed {
    at: Instant,
    has_failed: bool,
}

/// Why a node cannot serve.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotReady {
    /// The clock is wrong, or the database's is.
    #[error("the clock differs by {} seconds from that of the database", .0.as_secs())]
    Clock(Duration),
    /// No key signs for the clients of this algorithm.
    #[error("there is no signing key for {}", .0.as_str())]
    NoKey(Algorithm),
    /// Another node has made a key that the key file of this one does not decrypt.
    #[error("the signing keys of the other nodes cannot be read")]
    Keys,
    /// Tokens of this node are not valid at the others, or theirs are not valid here.
    #[error(
        "the key file differs from that of the other nodes: `weixin gateway check` says what to do"
    )]
    KeyFile,
    /// What others have changed is unknown.
    #[error("keys and clients could not be read again for half a minute: the log says why")]
    Refresh,
    #[error("the keys are read again: the clock was wrong until now")]
    KeysOfUnknownTime,
    #[error("the gateway is stopping")]
    Stopping,
    #[error("the store does not respond")]
    Store(#[from] StoreError),
}

impl Readiness {
    pub(crate) fn new(own_clock: Arc<dyn Clock>) -> Self {
        Self {
            clocks: Clocks::new(own_clock),
            has_keys_of_unknown_time: AtomicBool::default(),
            is_stopping: AtomicBool::default(),
            lacks_keys: AtomicBool::default(),
            has_other_key_file: AtomicBool::default(),
            refreshed: Mutex::new(Refreshed {
                at: Instant::now(),
                has_failed: false,
            }),
            store_check: tokio::sync::Mutex::default(),
        }
    }

    pub(crate) const fn clocks(&self) -> &Clocks {
        &self.clocks
    }

    /// Whether requests can be served by this time, and by the keys that belong to it.
    pub(crate) fn knows_the_time(&self) -> bool {
        self.clocks.knows_the_time() && !self.has_keys_of_unknown_time.load(Ordering::Relaxed)
    }

    /// Whether the time was known when the keys were read.
    pub(crate) fn set_time_of_keys(&self, is_known: bool) {
        self.has_keys_of_unknown_time
            .store(!is_known, Ordering::Relaxed);
    }

    /// The same after a refresh, which leaves the keys alone while the time is unknown.
    pub(crate) fn confirm_time_of_keys(&self, is_known: bool) {
        if is_known {
            self.set_time_of_keys(true);
        }
    }

    /// From now on, load balancers must send requests to the other nodes.
    pub(crate) fn stop(&self) {
        self.is_stopping.store(true, Ordering::Relaxed);
    }

    /// Whether the keys of all nodes could be read.
    pub(crate) fn set_keys(&self, are_read: bool) {
        self.lacks_keys.store(!are_read, Ordering::Relaxed);
    }

    /// Whether the key file is that of the other nodes.
    pub(crate) fn set_key_file(&self, is_theirs: bool) {
        self.has_other_key_file.store(!is_theirs, Ordering::Relaxed);
    }

    /// Whether what others have changed could be read.
    pub(crate) fn set_refreshed(&self, is_read: bool) {
        let mut refreshed = self.refreshed();
        if is_read {
            refreshed.at = Instant::now();
        }
        refreshed.has_failed = !is_read;
    }

    fn refreshed(&self) -> MutexGuard<'_, Refreshed> {
        let refreshed = self.refreshed.lock();
        refreshed.unwrap_or_else(PoisonError::into_inner)
    }

    fn is_outdated(&self) -> bool {
        let refreshed = self.refreshed();
        refreshed.has_failed && refreshed.at.elapsed() >= OUTDATED_AFTER
    }

    /// What the node knows without asking the store.
    pub(crate) fn check(&self) -> Result<(), NotReady> {
        if self.is_stopping.load(Ordering::Relaxed) {
            return Err(NotReady::Stopping);
        }
        if self.lacks_keys.load(Ordering::Relaxed) {
            return Err(NotReady::Keys);
        }
        if self.has_other_key_file.load(Ordering::Relaxed) {
            return Err(NotReady::KeyFile);
        }
        if self.is_outdated() {
            return Err(NotReady::Refresh);
        }
        let difference = self.clocks.difference();
        // Its codes would be expired or not valid yet on the other nodes.
        if difference > CLOCK_TOLERANCE {
            return Err(NotReady::Clock(difference));
        }
        if self.has_keys_of_unknown_time.load(Ordering::Relaxed) {
            return Err(NotReady::KeysOfUnknownTime);
        }
        Ok(())
    }

    /// Whether the store responds: asked once at a time, and at most once a second, since everyone can open `/readyz`.
    pub(crate) async fn check_store(&self, store: &Store) -> Result<(), StoreError> {
        let mut last = self.store_check.lock().await;
        if let Some((at, result)) = &*last
            && at.elapsed() < STORE_CHECK
        {
            return result.clone();
        }
        let result = store.check().await;
        *last = Some((Instant::now(), result.clone()));
        result
    }
}

#[cfg(test)]
mod tests {
    use weixin::clock::SystemClock;

    use super::*;

    #[test]
    fn a_node_whose_clock_differs_by_more_than_a_minute_is_not_ready() {
        let readiness = readiness();
        for (difference, expected) in [
            (0, "ready"),
            (60_000, "ready"),
            (-60_000, "ready"),
            (
                61_000,
                "the clock differs by 61 seconds from that of the database",
            ),
            (
                -61_000,
                "the clock differs by 61 seconds from that of the database",
            ),
        ] {
            readiness.clocks.set_difference(difference);
            assert_eq!(text(&readiness), expected);
        }
    }

    #[test]
    fn keys_of_an_unknown_time_are_not_served_once_it_is_known() {
        let readiness = readiness();
        assert!(readiness.knows_the_time());
        readiness.clocks.set_difference(61_000);
        readiness.set_time_of_keys(false);
        assert!(!readiness.knows_the_time());
        readiness.clocks.set_difference(0);
        assert!(!readiness.knows_the_time());
        assert_eq!(
            text(&readiness),
            "the keys are read again: the clock was wrong until now"
        );
        readiness.set_time_of_keys(true);
        assert!(readiness.knows_the_time());
        assert_eq!(text(&readiness), "ready");
    }

    fn readiness() -> Readiness {
        Readiness::new(Arc::new(SystemClock))
    }

    #[test]
    fn a_node_is_ready_again_when_it_has_read_the_keys_and_never_after_its_stop() {
        let readiness = readiness();
        readiness.set_keys(false);
        assert_eq!(
            text(&readiness),
            "the signing keys of the other nodes cannot be read"
        );
        readiness.set_keys(true);
        assert_eq!(text(&readiness), "ready");
        readiness.set_key_file(false);
        assert_eq!(
            text(&readiness),
            "the key file differs from that of the other nodes: `weixin gateway check` says what to do"
        );
        readiness.set_key_file(true);
        assert_eq!(text(&readiness), "ready");
        readiness.stop();
        assert_eq!(text(&readiness), "the gateway is stopping");
    }

    fn text(readiness: &Readiness) -> String {
        match readiness.check() {
            Ok(()) => "ready".to_owned(),
            Err(reason) => reason.to_string(),
        }
    }
}
