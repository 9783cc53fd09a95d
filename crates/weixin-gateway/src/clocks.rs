//! The clocks of this machine and of the database, and the time by which all nodes go.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use tokio::time::{Instant, timeout};
use weixin::clock::Clock;

use crate::{
    error_text::causes,
    oidc::Timestamp,
    store::{Store, StoreError},
    telemetry,
    time::{CLOCK_TOLERANCE, NO_RESPONSE, TURN},
};

/// How often the clock is compared with the database's.
const COMPARISON: Duration = Duration::from_secs(5);

/// The difference above which the log warns, once in so many comparisons.
const WARNING: Duration = Duration::from_secs(5);
const WARNING_EACH: u32 = 12;

/// A response of the database that took longer says little of its time.
const SLOW: Duration = Duration::from_secs(1);

/// What a node knows of the time.
#[derive(Debug)]
pub(crate) struct Clocks {
    /// That of this machine.
    own_clock: Arc<dyn Clock>,
    /// Milliseconds by which it is ahead.
    clock_difference: AtomicI64,
    /// None with SQLite.
    reading: Mutex<Option<Reading>>,
}

/// What the clocks have shown when that of the database was read.
#[derive(Clone, Copy, Debug)]
struct Reading {
    database: Timestamp,
    own: Timestamp,
    steady: Instant,
}

impl Clocks {
    pub(crate) fn new(own_clock: Arc<dyn Clock>) -> Self {
        Self {
            own_clock,
            clock_difference: AtomicI64::default(),
            reading: Mutex::default(),
        }
    }

    /// The clock of this machine.
    pub(crate) fn own_clock(&self) -> &dyn Clock {
        &*self.own_clock
    }

    #[cfg(test)]
    pub(crate) fn set_difference(&self, milliseconds: i64) {
        self.clock_difference.store(milliseconds, Ordering::Relaxed);
    }

    /// The milliseconds by which the node's clock was ahead of the database's.
    pub(crate) fn clock_difference(&self) -> i64 {
        self.clock_difference.load(Ordering::Relaxed)
    }

    /// The time by the database's clock: what another node compares with its own is noted so. It goes on from the last
    /// comparison in which both agreed, whatever happens to the clock of the node, which may be set meanwhile, or to the
    /// database's. `None` with SQLite.
    pub(crate) fn database_time(&self) -> Option<Timestamp> {
        let reading = self.reading()?;
        Some(reading.database.after(reading.steady.elapsed()))
    }

    fn reading(&self) -> Option<Reading> {
        *self.reading.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the clocks of this machine and of the database agree. If not, either can be wrong: what the time decides must
    /// wait, such as what has expired.
    pub(crate) fn knows_the_time(&self) -> bool {
        self.difference() <= CLOCK_TOLERANCE
    }

    /// That of the last comparison, or the time by which this machine's clock has been set since, if that is more.
    pub(crate) fn difference(&self) -> Duration {
        let compared = Duration::from_millis(self.clock_difference().unsigned_abs());
        let moved = self.reading().map(|reading| {
            let expected = reading.own.after(reading.steady.elapsed());
            distance(Timestamp::from(self.own_clock.now()), expected)
        });
        compared.max(moved.unwrap_or_default())
    }

    /// Compares the clock with the database's every five seconds. Never returns.
    pub(crate) async fn compare_clocks(&self, store: &Store) {
        let mut count = 0_u32;
        loop {
            self.own_clock.sleep(COMPARISON).await;
            count = count.wrapping_add(1);
            let error = match timeout(TURN, self.compare_clock(store)).await {
                Ok(Ok(())) => None,
                Ok(Err(error)) => Some(causes(&error)),
                Err(_) => Some(NO_RESPONSE.to_owned()),
            };
            if count.is_multiple_of(WARNING_EACH) {
                self.warn(error);
            }
        }
    }

    fn warn(&self, error: Option<String>) {
        match error {
            None => self.warn_of_difference(),
            Some(error) => {
                tracing::warn!(error, "the clock cannot be compared with the database's");
            }
        }
    }

    /// Compares the clock with that of PostgreSQL.
    pub(crate) async fn compare_clock(&self, store: &Store) -> Result<(), StoreError> {
        let own = || Timestamp::from(self.own_clock.now());
        let (before, start) = (own(), Instant::now());
        let Some(database) = store.database_time().await else {
            return Ok(());
        };
        let (database, duration) = (database?, start.elapsed());
        let after = own();
        let difference = ahead(before, database, after);
        // It was read at some time in between.
        let half = duration / 2;
        let reading = Reading {
            database: Timestamp::from_millis(database),
            own: before.after(half),
            steady: start + half,
        };
        // Else the time goes on from the last one: requests that run now go by it.
        if Duration::from_millis(difference.unsigned_abs()) <= CLOCK_TOLERANCE
            || self.reading().is_none()
        {
            self.note(reading, duration);
        }
        self.clock_difference.store(difference, Ordering::Relaxed);
        telemetry::clock_compared(difference);
        Ok(())
    }

    /// Of one that took long, the database's time is noted only if it proves the one before wrong.
    fn note(&self, reading: Reading, duration: Duration) {
        let known = self.reading.lock();
        let mut known = known.unwrap_or_else(PoisonError::into_inner);
        let Some(before) = known.filter(|_| duration >= SLOW) else {
            *known = Some(reading);
            return;
        };
        let elapsed = reading.steady.saturating_duration_since(before.steady);
        let is_right = distance(before.database.after(elapsed), reading.database) <= duration;
        *known = Some(Reading {
            database: if is_right {
                before.database.after(elapsed)
            } else {
                reading.database
            },
            ..reading
        });
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

fn distance(one: Timestamp, other: Timestamp) -> Duration {
    one.since(other).max(other.since(one))
}

/// By how many milliseconds a clock is ahead at least: that of the database was read at some time in between.
pub(crate) fn ahead(before: Timestamp, database: i64, after: Timestamp) -> i64 {
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
    use weixin::clock::SystemClock;

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
    fn the_time_of_the_database_goes_on_whatever_happens_to_the_clock_of_the_node() {
        let clocks = clocks();
        assert_eq!(clocks.database_time(), None);
        let steady = Instant::now();
        let own = Timestamp::from(SystemClock.now());
        for (seconds, duration, expected) in [
            (1_000, Duration::ZERO, 1_000),
            // One that took two seconds says no more than that the one before may be right.
            (1_002, SLOW * 2, 1_000),
            // It is wrong: the database has moved to another server.
            (9_000, SLOW * 2, 9_000),
            (8_970, Duration::ZERO, 8_970),
        ] {
            let database = Timestamp::from_seconds(seconds);
            let reading = Reading {
                database,
                own,
                steady,
            };
            clocks.note(reading, duration);
            let time = clocks.database_time().unwrap();
            let expected = Timestamp::from_seconds(expected);
            let latest = expected.after(steady.elapsed());
            assert!(expected <= time && time <= latest, "{seconds} {time:?}");
        }
    }

    #[test]
    fn the_time_is_unknown_while_the_clocks_disagree() {
        let clocks = clocks();
        assert!(clocks.knows_the_time());
        let database = Timestamp::from_seconds(1_000);
        let tolerance = i64::try_from(CLOCK_TOLERANCE.as_millis()).unwrap();
        for (difference, moved, expected) in [
            (tolerance, 0, true),
            (-tolerance - 1, 0, false),
            (tolerance + 1, 0, false),
            // Set since the last reading, forward or back.
            (0, tolerance / 2, true),
            (0, 2 * tolerance, false),
            (0, -2 * tolerance, false),
        ] {
            clocks.clock_difference.store(difference, Ordering::Relaxed);
            let now = Timestamp::from(SystemClock.now()).millis();
            let reading = Reading {
                database,
                own: Timestamp::from_millis(now - moved),
                steady: Instant::now(),
            };
            clocks.note(reading, Duration::ZERO);
            assert_eq!(clocks.knows_the_time(), expected, "{difference} {moved}");
        }
    }

    #[test]
    fn a_slow_database_shows_that_the_clock_of_the_node_is_right_again() {
        let clocks = clocks();
        let database = Timestamp::from_seconds(1_000);
        let reading = |own| Reading {
            database,
            own,
            steady: Instant::now(),
        };
        let now = Timestamp::from(SystemClock.now());
        clocks.note(reading(now.before(2 * CLOCK_TOLERANCE)), Duration::ZERO);
        assert!(!clocks.knows_the_time());
        clocks.note(reading(now), SLOW * 2);
        assert!(clocks.knows_the_time());
    }

    fn clocks() -> Clocks {
        Clocks::new(Arc::new(SystemClock))
    }
}
