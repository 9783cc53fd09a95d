//! The simulator's clock: runs with the machine's clock or is frozen, and can be moved forward.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

/// Limit for all moves together (about 100 years), so that no date overflows.
const MAX_OFFSET: Duration = Duration::from_hours(100 * 365 * 24);

#[derive(Debug)]
pub(crate) struct Clock {
    /// Time at which the clock is frozen from the start; `None` if it runs.
    frozen_at: Option<SystemTime>,
    time: Mutex<Time>,
}

#[derive(Clone, Copy, Debug)]
struct Time {
    /// Time shown at `since` of the machine's clock, or permanently if `since` is `None`.
    shown: SystemTime,
    since: Option<SystemTime>,
    /// Sum of all moves.
    moved: Duration,
}

/// A clock at one time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ClockCopy {
    shown: SystemTime,
    runs: bool,
    moved: Duration,
}

impl Time {
    fn at_the_start(frozen_at: Option<SystemTime>) -> Self {
        let machine = system_time();
        Self {
            shown: frozen_at.unwrap_or(machine),
            since: frozen_at.is_none().then_some(machine),
            moved: Duration::ZERO,
        }
    }

    fn now(&self) -> SystemTime {
        match self.since {
            // The machine's clock may have been set back.
            Some(since) => self.shown + system_time().duration_since(since).unwrap_or_default(),
            None => self.shown,
        }
    }
}

impl Clock {
    pub(crate) fn new(frozen_at: Option<SystemTime>) -> Self {
        Self {
            frozen_at,
            time: Mutex::new(Time::at_the_start(frozen_at)),
        }
    }

    pub(crate) fn now(&self) -> SystemTime {
        self.time().now()
    }

    /// Returns `true` if time passes by itself.
    pub(crate) fn runs(&self) -> bool {
        self.time().since.is_some()
    }

    /// Freezes the clock at the current time.
    pub(crate) fn freeze(&self) {
        let mut time = self.time();
        time.shown = time.now();
        time.since = None;
    }

    /// Lets the clock run from the current time.
    pub(crate) fn run(&self) {
        let mut time = self.time();
        time.shown = time.now();
        time.since = Some(system_time());
    }

    /// Moves the clock forward. The error is the duration that is still allowed.
    pub(crate) fn advance(&self, by: Duration) -> Result<(), Duration> {
        let mut time = self.time();
        let left = MAX_OFFSET.saturating_sub(time.moved);
        if by > left {
            return Err(left);
        }
        time.moved += by;
        time.shown += by;
        Ok(())
    }

    /// The current time, whether it passes, and the moves so far.
    pub(crate) fn copy(&self) -> ClockCopy {
        let time = *self.time();
        ClockCopy {
            shown: time.now(),
            runs: time.since.is_some(),
            moved: time.moved,
        }
    }

    /// Continues from the time of a copy.
    pub(crate) fn restore(&self, copy: ClockCopy) {
        *self.time() = Time {
            shown: copy.shown,
            since: copy.runs.then(system_time),
            moved: copy.moved,
        };
    }

    /// Restores the initial clock, without the moves.
    pub(crate) fn reset(&self) {
        *self.time() = Time::at_the_start(self.frozen_at);
    }

    fn time(&self) -> MutexGuard<'_, Time> {
        self.time.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The machine's clock, independent of the simulator's.
#[expect(
    clippy::disallowed_methods,
    reason = "the only place that reads the machine's clock"
)]
pub(crate) fn system_time() -> SystemTime {
    SystemTime::now()
}

/// Whole milliseconds since the Unix epoch.
pub(crate) fn unix_milliseconds(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    u64::try_from(since.unwrap_or_default().as_millis()).unwrap_or(u64::MAX)
}

/// Whole seconds since the Unix epoch.
pub(crate) fn unix_seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs()
}

/// Time of day (UTC) of milliseconds since the Unix epoch.
pub(crate) fn time_of_day(milliseconds: u64) -> String {
    let seconds = milliseconds / 1000;
    let (hours, minutes, seconds) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{hours:02}:{minutes:02}:{seconds:02}")
}
