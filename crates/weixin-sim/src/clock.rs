//! The simulator's time: the machine's, or standing still; both can be moved forward.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, SystemTime},
};

/// Furthest that the clock may be moved in all, so that no date overflows: about 100 years.
const MAX_OFFSET: Duration = Duration::from_hours(100 * 365 * 24);

#[derive(Debug)]
pub(crate) struct Clock {
    /// `None`: the machine's time.
    frozen_at: Option<SystemTime>,
    offset: Mutex<Duration>,
}

impl Clock {
    pub(crate) fn new(frozen_at: Option<SystemTime>) -> Self {
        Self {
            frozen_at,
            offset: Mutex::default(),
        }
    }

    pub(crate) fn now(&self) -> SystemTime {
        let offset = *self.offset.lock().unwrap_or_else(PoisonError::into_inner);
        self.frozen_at.unwrap_or_else(machine_time) + offset
    }

    /// Whether time passes by itself.
    pub(crate) fn runs(&self) -> bool {
        self.frozen_at.is_none()
    }

    /// Moves the time forward; the error is the furthest that it can still be moved.
    pub(crate) fn advance(&self, by: Duration) -> Result<(), Duration> {
        let mut offset = self.offset.lock().unwrap_or_else(PoisonError::into_inner);
        let left = MAX_OFFSET.saturating_sub(*offset);
        if by > left {
            return Err(left);
        }
        *offset += by;
        Ok(())
    }

    /// Forgets every move.
    pub(crate) fn reset(&self) {
        *self.offset.lock().unwrap_or_else(PoisonError::into_inner) = Duration::ZERO;
    }
}

/// The time of this machine, whatever the simulator's is.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place where the time comes from"
)]
pub(crate) fn machine_time() -> SystemTime {
    SystemTime::now()
}

/// Whole seconds since 1970.
pub(crate) fn unix_seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs()
}
