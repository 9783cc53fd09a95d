//! The settings of a single flight, and the lifetimes that follow from them.

use std::time::{Duration, SystemTime};

use super::Renewable;

/// How long a computation whose outcome is unknown is remembered in [`Mode::Once`]: longer than a code of WeChat's, or the
/// cookie of a login, is valid.
pub(super) const UNKNOWN_OUTCOME_TTL: Duration = Duration::from_secs(2 * 60 * 60);

#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    pub(super) lease: Duration,
    pub(super) cache_for: Duration,
    pub(super) mode: Mode,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Mode {
    /// Values are computed when there is none, and renewed.
    Fetch,
    /// Values are renewed; the first one is inserted.
    Renew,
    /// Values are computed once.
    Once,
}

impl Mode {
    /// How long a record without a value outlasts its lease.
    pub(super) fn retention(self) -> Duration {
        match self {
            Self::Once => UNKNOWN_OUTCOME_TTL,
            Self::Fetch | Self::Renew => Duration::ZERO,
        }
    }

    /// The time from which on a value is renewed.
    pub(super) fn fresh_until(self, value: &impl Renewable) -> SystemTime {
        match self {
            Self::Once => value.expires_at(),
            Self::Fetch | Self::Renew => value.refresh_at().min(value.expires_at()),
        }
    }
}
