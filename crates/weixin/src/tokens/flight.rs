//! One look-up of a key: what its record asks for, and how long the lease of another server is waited for.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use tokio::time::{Instant, sleep};

use super::{
    Renewable, SingleFlight, VaultError,
    cache::Cached,
    computation::Turn,
    local::Landing,
    records::{Found, Leased},
    single_flight::Mode,
};
use crate::{Version, store::time::later};

/// How often a server looks whether another one has finished.
pub(super) const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// How long a computation whose outcome is unknown is remembered ([`SingleFlight::once`]): longer than a code of
/// WeChat's or the cookie of a login is valid.
const REMEMBER_UNKNOWN: Duration = Duration::from_hours(2);

/// What a record asks for.
pub(super) enum Next<V> {
    Use(V),
    /// Another server has the lease.
    Wait,
    Compute {
        current: Option<Version>,
        previous: Option<V>,
    },
    Fail(VaultError),
}

impl<V: Renewable> SingleFlight<V> {
    /// Runs a flight to its end, for whoever waits for it by then.
    pub(super) async fn fly<I, F>(self, landing: Landing<V>, init: I)
    where
        I: FnOnce(Option<V>) -> F + Send + 'static,
        F: Future<Output = Result<V, VaultError>> + Send + 'static,
    {
        let outcome = self.look_up(landing.key(), landing.rejected(), init).await;
        landing.land(outcome);
    }

    async fn look_up<I, F>(
        &self,
        key: &str,
        rejected: Option<&V>,
        init: I,
    ) -> Result<Cached<V>, VaultError>
    where
        I: FnOnce(Option<V>) -> F + Send + 'static,
        F: Future<Output = Result<V, VaultError>> + Send + 'static,
    {
        let mut watch = LeaseWatch::new(self.settings.lease);
        while watch.has_time() {
            // Before the store is read, so that the cache never lasts longer than it says.
            let since = self.now();
            let found = self.shared.records.load(key).await?;
            let is_rejected = |value: &V| rejected == Some(value);
            match self.next(found, is_rejected, &mut watch) {
                Next::Use(value) => return Ok(self.cached(value, since)),
                Next::Fail(error) => return Err(error),
                Next::Compute { current, previous } => {
                    let lease_ends = Some(later(self.now(), self.settings.lease));
                    // Next to a value that has expired, a lease that ends would say nothing of an unknown outcome.
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
                }
                Next::Wait => {}
            }
            sleep(POLL_INTERVAL).await;
        }
        Err(VaultError::Busy)
    }

    pub(super) fn next(
        &self,
        found: Option<Found<V>>,
        is_rejected: impl Fn(&V) -> bool,
        watch: &mut LeaseWatch,
    ) -> Next<V> {
        let now = self.now();
        let mode = self.settings.mode;
        let (current, leased) = match found {
            Some(Found { version, leased }) => (Some(version), leased),
            None => (None, Leased::NONE),
        };
        let is_leased = current.is_some_and(|version| watch.is_held(version, &leased, now));
        match leased.value {
            Some(value) => {
                // As long as another server renews it, it is used to its very end.
                let until = if is_leased {
                    value.expires_at()
                } else {
                    self.fresh_until(&value)
                };
                if now < until && (mode == Mode::Once || !is_rejected(&value)) {
                    Next::Use(value)
                } else if is_leased {
                    Next::Wait
                } else {
                    Next::Compute {
                        current,
                        previous: Some(value),
                    }
                }
            }
            None if is_leased => Next::Wait,
            None => match mode {
                // A store may still have a record that has expired.
                Mode::Once if now < leased.expires_at(REMEMBER_UNKNOWN) => {
                    Next::Fail(VaultError::OutcomeUnknown)
                }
                Mode::Renew => Next::Fail(VaultError::Unknown),
                Mode::Once | Mode::Fetch => Next::Compute {
                    current,
                    previous: None,
                },
            },
        }
    }

    pub(super) async fn write(
        &self,
        key: &str,
        current: Option<Version>,
        leased: &Leased<V>,
    ) -> Result<Option<Version>, VaultError> {
        let retention = match self.settings.mode {
            Mode::Once => REMEMBER_UNKNOWN,
            Mode::Fetch | Mode::Renew => Duration::ZERO,
        };
        let records = &self.shared.records;
        records.write(key, current, leased, retention).await
    }

    fn fresh_until(&self, value: &V) -> SystemTime {
        match self.settings.mode {
            Mode::Once => value.expires_at(),
            Mode::Fetch | Mode::Renew => value.refresh_at().min(value.expires_at()),
        }
    }

    /// How long the value may be used without another look into the store. One that is due for renewal is here because
    /// it cannot be renewed now, so that it is used for as long as any other.
    pub(super) fn cached(&self, value: V, since: SystemTime) -> Cached<V> {
        let fresh_until = self.fresh_until(&value);
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

/// Watches the lease of another server.
pub(super) struct LeaseWatch {
    lease: Duration,
    began: Instant,
    seen: Option<(Version, Instant)>,
}

impl LeaseWatch {
    pub(super) fn new(lease: Duration) -> Self {
        Self {
            lease,
            began: Instant::now(),
            seen: None,
        }
    }

    /// Whether to look once more. A lease that begins while this one waits can still be waited for.
    pub(super) fn has_time(&self) -> bool {
        self.began.elapsed() <= self.lease * 2
    }

    /// Whether the lease has not ended yet.
    ///
    /// Its end is in the time of the server that wrote it. If that clock is ahead, the end never seems to come: so a
    /// lease is also over when it has been seen unchanged for as long as a lease can last. A shorter way, to ignore
    /// ends that are too far in the future, would ignore the lease of every server whose clock is a second ahead.
    fn is_held<V>(&mut self, version: Version, leased: &Leased<V>, now: SystemTime) -> bool {
        let unchanged_since = match self.seen {
            Some((seen, since)) if seen == version => since,
            _ => {
                let since = Instant::now();
                self.seen = Some((version, since));
                since
            }
        };
        leased.lease_ends.is_some_and(|end| now < end) && unchanged_since.elapsed() < self.lease
    }
}
