//! One look-up of a key: read, wait, or compute.

use std::{sync::Arc, time::SystemTime};

use tokio::time::sleep;

use super::{
    Renewable, SingleFlight,
    cache::Cached,
    computation::Turn,
    lease::{LeaseWatch, Next, POLL_INTERVAL},
    local::Landing,
    records::Leased,
    settings::Mode,
};
use crate::{
    error::Error,
    store::{Version, time::later},
};

impl<V: Renewable> SingleFlight<V> {
    /// Runs a flight to its end.
    pub(super) async fn fly<I, F>(self, landing: Landing<V>, init: I)
    where
        I: FnOnce(Option<V>) -> F + Send + 'static,
        F: Future<Output = Result<V, Error>> + Send + 'static,
    {
        let outcome = self.look_up(landing.key(), landing.rejected(), init).await;
        landing.land(outcome);
    }

    async fn look_up<I, F>(
        &self,
        key: &str,
        rejected: Option<&V>,
        init: I,
    ) -> Result<Cached<V>, Error>
    where
        I: FnOnce(Option<V>) -> F + Send + 'static,
        F: Future<Output = Result<V, Error>> + Send + 'static,
    {
        let mut watch = LeaseWatch::new(self.settings.lease);
        while watch.has_time() {
            // Before the store is read, so that the cache never lasts longer than it says.
            let since = self.now();
            let found = self.shared.records.load(key).await?;
            let is_rejected = |value: &V| rejected == Some(value);
            match Next::after(
                found,
                is_rejected,
                &mut watch,
                self.settings.mode,
                self.now(),
            ) {
                Next::Use(value) => return Ok(self.cached(value, since)),
                Next::Fail(error) => return Err(error),
                Next::Compute { current, previous } => {
                    let lease_ends = Some(later(self.now(), self.settings.lease));
                    // Beside an expired value, an expired lease would not tell that the outcome is unknown.
                    let is_once = self.settings.mode == Mode::Once;
                    let leased = Leased {
                        lease_ends,
                        value: previous.clone().filter(|_| !is_once),
                    };
                    if let Some(version) = self.write(key, current, &leased).await? {
                        let turn = Turn {
                            key,
                            version,
                            previous,
                            rejected,
                        };
                        return self.compute(turn, init).await;
                    }
                    // Another server was faster: its record decides the next step.
                }
                Next::Wait => {}
            }
            sleep(POLL_INTERVAL).await;
        }
        Err(Error::StoreBusy)
    }

    pub(super) async fn write(
        &self,
        key: &str,
        current: Option<Version>,
        leased: &Leased<V>,
    ) -> Result<Option<Version>, Error> {
        let retention = self.settings.mode.retention();
        let records = &self.shared.records;
        records.write(key, current, leased, retention).await
    }

    /// Bounds the time for which a value is used without reading the store again. A value that is due for renewal could not
    /// be renewed now, so it is used for as long as any other.
    pub(super) fn cached(&self, value: V, since: SystemTime) -> Cached<V> {
        let fresh_until = self.settings.mode.fresh_until(&value);
        let ends = if since < fresh_until {
            fresh_until
        } else {
            value.expires_at()
        };
        Cached {
            value: Arc::new(value),
            since,
            until: later(since, self.settings.cache_for).min(ends),
        }
    }
}
