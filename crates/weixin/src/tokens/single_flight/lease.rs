//! The next step for a key, by its record, and the wait for the lease of another server.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::{
    Renewable,
    records::{Found, Leased},
    settings::{Mode, UNKNOWN_OUTCOME_TTL},
};
use crate::{
    error::Error,
    store::{Version, time::later},
};

/// Interval at which a server polls while another one has the lease.
pub(super) const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// The next step for a key.
pub(super) enum Next<V> {
    /// Compute, in place of the record with the version `current`.
    Compute {
        current: Option<Version>,
        previous: Option<V>,
    },
    Fail(Error),
    /// Use the value.
    Use(V),
    /// Wait for the lease of another server.
    Wait,
}

impl<V: Renewable> Next<V> {
    pub(super) fn after(
        found: Option<Found<V>>,
        is_rejected: impl Fn(&V) -> bool,
        watch: &mut LeaseWatch,
        mode: Mode,
        now: SystemTime,
    ) -> Self {
        let (current, leased) = match found {
            Some(Found { version, leased }) => (Some(version), leased),
            None => (None, Leased::NONE),
        };
        let is_leased = current.is_some_and(|version| watch.is_held(version, &leased, now));
        let Some(value) = leased.value else {
            return Self::without_value(current, leased.lease_ends, is_leased, mode, now);
        };
        // While another server renews a value, it is used until it expires.
        let until = if is_leased {
            value.expires_at()
        } else {
            mode.fresh_until(&value)
        };
        if now < until && (mode == Mode::Once || !is_rejected(&value)) {
            Self::Use(value)
        } else if is_leased {
            Self::Wait
        } else {
            Self::Compute {
                current,
                previous: Some(value),
            }
        }
    }

    fn without_value(
        current: Option<Version>,
        lease_ends: Option<SystemTime>,
        is_leased: bool,
        mode: Mode,
        now: SystemTime,
    ) -> Self {
        // Compared here as well, since a store may still return an expired record.
        let is_unknown = lease_ends.is_some_and(|end| now < later(end, UNKNOWN_OUTCOME_TTL));
        match mode {
            _ if is_leased => Self::Wait,
            Mode::Once if is_unknown => Self::Fail(unknown_outcome()),
            Mode::Renew => Self::Fail(Error::LoginExpired),
            Mode::Once | Mode::Fetch => Self::Compute {
                current,
                previous: None,
            },
        }
    }
}

/// Another server's lease has ended without a value.
pub(super) fn unknown_outcome() -> Error {
    Error::OutcomeUnknown {
        path: "another server",
        source: Box::new(Error::StoreBusy),
    }
}

/// Watches the lease of another server.
pub(super) struct LeaseWatch {
    lease: Duration,
    started: Instant,
    seen: Option<(Version, Instant)>,
}

impl LeaseWatch {
    pub(super) fn new(lease: Duration) -> Self {
        Self {
            lease,
            started: Instant::now(),
            seen: None,
        }
    }

    /// Returns `true` while it makes sense to wait: a lease that starts in the meantime is waited for as well.
    pub(super) fn has_time(&self) -> bool {
        self.started.elapsed() <= self.lease * 2
    }

    /// Returns `true` while another server has the lease.
    ///
    /// The end of a lease is in the time of the server that wrote it. If that clock is ahead, the end seems never to come,
    /// so a lease has also ended when it was seen unchanged for as long as a lease can last. Ignoring ends that are too far
    /// in the future would be shorter, but would ignore the lease of every server whose clock is a second ahead.
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
