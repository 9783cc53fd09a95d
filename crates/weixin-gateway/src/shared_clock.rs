//! The clock that all nodes share.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use weixin::clock::{Clock, SleepFuture};

use crate::readiness::Readiness;

/// That of the database, as far as it was read; else the node's own, which is all that there is with SQLite. Whatever one node
/// writes, another one compares with its time.
#[derive(Debug)]
pub(crate) struct SharedClock(Arc<Readiness>);

impl SharedClock {
    pub(crate) const fn new(readiness: Arc<Readiness>) -> Self {
        Self(readiness)
    }
}

impl Clock for SharedClock {
    fn now(&self) -> SystemTime {
        let database = self.0.clocks().database_time();
        database.map_or_else(|| self.0.clocks().own_clock().now(), SystemTime::from)
    }

    fn sleep(&self, duration: Duration) -> SleepFuture<'_> {
        self.0.clocks().own_clock().sleep(duration)
    }
}
