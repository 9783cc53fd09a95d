//! The clock: the time now, and the end of a pause.

use std::{
    fmt,
    pin::Pin,
    sync::Arc,
    time::{Duration, SystemTime},
};

/// The end of a pause.
pub type SleepFuture<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// A clock. Implement it in tests, to set the time.
pub trait Clock: fmt::Debug + Send + Sync {
    /// The time now.
    fn now(&self) -> SystemTime;

    /// Waits before a call is sent again. By default it is the timer of tokio; without the features `reqwest` and
    /// `tokens`, which bring tokio, there is no pause.
    fn sleep(&self, duration: Duration) -> SleepFuture<'_> {
        #[cfg(any(feature = "reqwest", feature = "tokens"))]
        return Box::pin(tokio::time::sleep(duration));
        #[cfg(not(any(feature = "reqwest", feature = "tokens")))]
        {
            let _ = duration;
            Box::pin(std::future::ready(()))
        }
    }
}

impl<C: Clock + ?Sized> Clock for Arc<C> {
    fn now(&self) -> SystemTime {
        (**self).now()
    }

    fn sleep(&self, duration: Duration) -> SleepFuture<'_> {
        (**self).sleep(duration)
    }
}

/// The clock of this machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where the time comes from"
    )]
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }
}
