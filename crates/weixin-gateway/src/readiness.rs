//! Whether this node can serve: what `/readyz` reports beside the store.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

use weixin::clock::Clock;

use crate::{
    error_text::causes,
    oidc::{Algorithm, Timestamp},
    store::{Store, StoreError},
    telemetry,
    time::CLOCK_TOLERANCE,
};

/// How often the clock is compared with the database's.
const COMPARISON: Duration = Duration::from_secs(5);

/// The difference above which the log warns, once in so many comparisons.
const WARNING: Duration = Duration::from_secs(5);
const WARNING_EACH: u32 = 12;

/// A response of the database that took longer says too little of its time.
const SLOW: Duration = Duration::from_secs(1);

/// What a node knows of itself.
#[derive(Debug, Default)]
pub(crate) struct Readiness {
    is_stopping: AtomicBool,
    lacks_keys: AtomicBool,
    has_other_key_file: AtomicBool,
    /// Milliseconds by which the node's clock is ahead.
    clock_difference: AtomicI64,
    /// The database's time when it was read last. None with SQLite.
    database_time: Mutex<Option<(Timestamp, Instant)>>,
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
    #[error("the gateway is stopping")]
    Stopping,
    #[error("the store does not respond")]
    Store(#[from] StoreError),
}

impl Readiness {
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

    /// The milliseconds by which the node's clock was ahead of the database's.
    pub(crate) fn clock_difference(&self) -> i64 {
        self.clock_difference.load(Ordering::Relaxed)
    }

    /// The time by the database's clock: what another node compares with its own is noted so. It goes on from the last
    /// comparison whatever happens to the clock of the node, which may be set meanwhile. `None` with SQLite.
    pub(crate) fn database_time(&self) -> Option<Timestamp> {
        let read = self.database_time.lock();
        let (time, at) = (*read.unwrap_or_else(PoisonError::into_inner))?;
        Some(time.after(at.elapsed()))
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
        let difference = Duration::from_millis(self.clock_difference().unsigned_abs());
        // Its codes would be expired or not valid yet on the other nodes.
        if difference > CLOCK_TOLERANCE {
            return Err(NotReady::Clock(difference));
        }
        Ok(())
    }

    /// Compares the clock with the database's every five seconds. Never returns.
    pub(crate) async fn compare_clocks(&self, store: &Store, clock: &dyn Clock) {
        let mut count = 0_u32;
        loop {
            clock.sleep(COMPARISON).await;
            count = count.wrapping_add(1);
            match self.compare_clock(store, clock).await {
                _ if !count.is_multiple_of(WARNING_EACH) => {}
                Ok(()) => self.warn_of_difference(),
                Err(error) => {
                    let error = causes(&error);
                    tracing::warn!(error, "the clock cannot be compared with the database's");
                }
            }
        }
    }

    /// Compares the clock with that of PostgreSQL.
    pub(crate) async fn compare_clock(
        &self,
        store: &Store,
        clock: &dyn Clock,
    ) -> Result<(), StoreError> {
        let (before, start) = (Timestamp::from(clock.now()), Instant::now());
        let Some(database) = store.database_time().await else {
            return Ok(());
        };
        let (database, duration) = (database?, start.elapsed());
        let after = Timestamp::from(clock.now());
        let difference = ahead(before, database, after);
        self.clock_difference.store(difference, Ordering::Relaxed);
        telemetry::clock_compared(difference);
        self.note_database_time(Timestamp::from_millis(database), start, duration);
        Ok(())
    }

    /// It was read at some time in between.
    fn note_database_time(&self, database: Timestamp, start: Instant, duration: Duration) {
        let read = self.database_time.lock();
        let mut read = read.unwrap_or_else(PoisonError::into_inner);
        if read.is_none() || duration < SLOW {
            *read = Some((database, start + duration / 2));
        }
    }

    pub(crate) fn warn_of_difference(&self) {
        let milliseconds = self.clock_difference();
        if Duration::from_millis(milliseconds.unsigned_abs()) > WARNING {
            tracing::warn!(
                milliseconds,
                "the clock is ahead of that of the database, or behind it: check NTP on both"
            );
        }
    }
}

/// By how many milliseconds a clock is ahead at least: that of the database was read at some time in between.
fn ahead(before: Timestamp, database: i64, after: Timestamp) -> i64 {
    let (before, after) = (before.millis(), after.millis());
    if database < before {
        before - database
    } else if database > after {
        after - database
    } else {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_that_responds_late_makes_no_clock_wrong() {
        let millis = Timestamp::from_millis;
        for (before, database, after, expected) in [
            (1_000, 1_000, 1_000, 0),
            (1_000, 8_000, 9_000, 0),
            (1_000, 999, 9_000, 1),
            (1_000, 9_001, 9_000, -1),
            (71_000, 1_000, 71_010, 70_000),
        ] {
            assert_eq!(ahead(millis(before), database, millis(after)), expected);
        }
    }

    #[test]
    fn a_node_whose_clock_differs_by_more_than_a_minute_is_not_ready() {
        let readiness = Readiness::default();
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
            readiness
                .clock_difference
                .store(difference, Ordering::Relaxed);
            assert_eq!(text(&readiness), expected);
        }
    }

    #[test]
    fn the_time_of_the_database_goes_on_whatever_happens_to_the_clock_of_the_node() {
        let readiness = Readiness::default();
        assert_eq!(readiness.database_time(), None);
        let read = Instant::now();
        readiness.note_database_time(Timestamp::from_seconds(1_000), read, Duration::ZERO);
        // One that took too long to say much changes nothing.
        readiness.note_database_time(Timestamp::from_seconds(9_000), read, SLOW);
        let time = readiness.database_time().unwrap();
        let limit = Timestamp::from_seconds(1_000).after(read.elapsed());
        assert!(Timestamp::from_seconds(1_000) <= time && time <= limit);
    }

    #[test]
    fn a_node_is_ready_again_when_it_has_read_the_keys_and_never_after_its_stop() {
        let readiness = Readiness::default();
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
