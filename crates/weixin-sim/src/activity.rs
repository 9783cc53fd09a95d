//! The requests under way, and the time since the last one.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// Counts requests, on the machine's monotonic clock.
#[derive(Debug)]
pub(crate) struct Activity(Mutex<State>);

#[derive(Debug)]
struct State {
    under_way: usize,
    last: Instant,
}

/// A request under way; it ends when this is dropped.
#[derive(Debug)]
pub(crate) struct UnderWay<'a>(&'a Activity);

impl Activity {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(State {
            under_way: 0,
            last: Instant::now(),
        }))
    }

    pub(crate) fn begin(&self) -> UnderWay<'_> {
        self.state().under_way += 1;
        UnderWay(self)
    }

    /// Returns `true` while a request is under way.
    pub(crate) fn is_under_way(&self) -> bool {
        self.state().under_way > 0
    }

    /// Time since the end of the last request; zero while one is under way.
    pub(crate) fn idle(&self) -> Duration {
        let state = self.state();
        match state.under_way {
            0 => state.last.elapsed(),
            _ => Duration::ZERO,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.under_way -= 1;
        state.last = Instant::now();
    }
}
