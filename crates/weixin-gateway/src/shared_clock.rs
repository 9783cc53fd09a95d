//! The clock that all nodes share.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use weixin::clock::{Clock, SleepFuture};

use crate::readiness::Readiness;

/// That of the database, as far as it was read; else the node's own, which is all that there is with SQLite. Whatever one node
/// writes, another one compares with its time, and a node whose own clock is wrong must neither remove what has not expired nor
/// make keys that are not due.
#[derive(Debug)]
pub(crate) struct SharedClock {
    own: Arc<dyn Clock>,
    readiness: Arc<Readiness>,
}

impl SharedClock {
    pub(crate) const fn new(own: Arc<dyn Clock>, readiness: Arc<Readiness>) -> Self {
        Self { own, readiness }
    }
}

impl Clock for SharedClock {
    fn now(&self) -> SystemTime {
        let database = self.readiness.database_time();
        database.map_or_else(|| self.own.now(), SystemTime::from)
    }

    fn sleep(&self, duration: Duration) -> SleepFuture<'_> {
        self.own.sleep(duration)
    }
}
