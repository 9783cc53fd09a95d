//! The simulator's time: the machine's, or standing still; both can be moved forward.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

/// Furthest that the clock may be moved in all, so that no date overflows: about 100 years.
const MAX_OFFSET: Duration = Duration::from_hours(100 * 365 * 24);

#[derive(Debug)]
pub(crate) struct Clock {
    /// Where it stands still from the start; `None`: it runs.
    frozen_at: Option<SystemTime>,
    time: Mutex<Time>,
}

#[derive(Clone, Copy, Debug)]
struct Time {
    /// What it showed when the machine's clock showed `since`; what it shows all the time without.
    shown: SystemTime,
    since: Option<SystemTime>,
    /// How far it was moved.
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

    /// Whether time passes by itself.
    pub(crate) fn runs(&self) -> bool {
        self.time().since.is_some()
    }

    /// Stops the clock where it is.
    pub(crate) fn freeze(&self) {
        let mut time = self.time();
        time.shown = time.now();
        time.since = None;
    }

    /// Lets the time pass from where it is.
    pub(crate) fn run(&self) {
        let mut time = self.time();
        time.shown = time.now();
        time.since = Some(system_time());
    }

    /// Moves the time forward; the error is the furthest that it can still be moved.
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

    /// As it was at the start, without the moves.
    pub(crate) fn reset(&self) {
        *self.time() = Time::at_the_start(self.frozen_at);
    }

    fn time(&self) -> MutexGuard<'_, Time> {
        self.time.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The time of this machine, whatever the simulator's is.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place where the time comes from"
)]
pub(crate) fn system_time() -> SystemTime {
    SystemTime::now()
}

/// Whole seconds since 1970.
pub(crate) fn unix_seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs()
}
