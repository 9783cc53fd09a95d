//! The gateway's clock as limits see it: it never goes back.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use governor::{clock, nanos::Nanos};
use weixin::clock::Clock;

/// The time that has passed since the start. A clock that is set back shows the same hours once more, and an address that has
/// used up its share in them would wait until they are over.
#[derive(Clone)]
pub(super) struct ForwardClock {
    clock: Arc<dyn Clock>,
    passed: Arc<Mutex<Passed>>,
}

struct Passed {
    /// What the clock showed at the latest look.
    shown: SystemTime,
    time: Duration,
}

impl ForwardClock {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        let passed = Passed {
            shown: clock.now(),
            time: Duration::ZERO,
        };
        Self {
            clock,
            passed: Arc::new(Mutex::new(passed)),
        }
    }
}

impl clock::Clock for ForwardClock {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        // Nothing between two changes can panic. Looked at under the lock, or a step of another thread would count twice.
        let mut passed = self.passed.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now();
        let step = now.duration_since(passed.shown).unwrap_or_default();
        passed.time += step;
        passed.shown = now;
        passed.time.into()
    }
}
