//! A clock that tests move.

use std::{
    fmt,
    time::{Duration, SystemTime},
};

use tokio::sync::watch;
use weixin::clock::{Clock, SleepFuture, SystemClock};

/// A clock that stands still until a test moves it. A pause ends when the clock has been moved past it, and one of less than
/// a second, such as before a call is repeated, at once.
#[derive(Clone)]
pub(crate) struct TestClock(watch::Sender<SystemTime>);

impl Default for TestClock {
    fn default() -> Self {
        Self(watch::Sender::new(SystemClock.now()))
    }
}

impl fmt::Debug for TestClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TestClock(..)")
    }
}

impl TestClock {
    pub(crate) fn advance(&self, time: Duration) {
        self.0.send_modify(|now| *now += time);
    }

    /// Seconds since 1970.
    pub(crate) fn seconds(&self) -> u64 {
        let since = self.now().duration_since(SystemTime::UNIX_EPOCH);
        since.unwrap().as_secs()
    }
}

impl Clock for TestClock {
    fn now(&self) -> SystemTime {
        *self.0.borrow()
    }

    fn sleep(&self, duration: Duration) -> SleepFuture<'_> {
        if duration < Duration::from_secs(1) {
            return Box::pin(tokio::task::yield_now());
        }
        let (mut time, end) = (self.0.subscribe(), self.now() + duration);
        Box::pin(async move {
            // The sender lives as long as this clock.
            let _ = time.wait_for(|now| *now >= end).await;
        })
    }
}
