//! Points in time, which every rule gets as an argument.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A point in time: milliseconds since 1970, as the store keeps it.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub(crate) struct Timestamp(i64);

impl Timestamp {
    pub(crate) const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    #[cfg(test)]
    pub(crate) const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    pub(crate) const fn millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970, as tokens state a time (RFC 7519 §2, `NumericDate`).
    pub(crate) const fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// This time and a while. It ends at the last time that there is.
    pub(crate) fn after(self, duration: Duration) -> Self {
        let millis = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        Self(self.0.saturating_add(millis))
    }

    /// A while before this time. It ends at the first time that there is.
    pub(crate) fn before(self, duration: Duration) -> Self {
        let millis = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        Self(self.0.saturating_sub(millis))
    }

    /// The time since an earlier one; zero if that one is later.
    pub(crate) fn since(self, earlier: Self) -> Duration {
        let millis = self.0.saturating_sub(earlier.0);
        Duration::from_millis(u64::try_from(millis).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_neither_overflows_nor_runs_backwards() {
        let (first, last) = (Timestamp(i64::MIN), Timestamp(i64::MAX));
        assert_eq!(last.after(Duration::MAX), last);
        assert_eq!(
            Timestamp(1500).after(Duration::from_secs(2)),
            Timestamp(3500)
        );
        assert_eq!(first.before(Duration::MAX), first);
        assert_eq!(
            Timestamp(3500).before(Duration::from_secs(2)),
            Timestamp(1500)
        );
        assert_eq!(first.since(last), Duration::ZERO);
        assert_eq!(
            Timestamp(3500).since(Timestamp(1500)),
            Duration::from_secs(2)
        );
        assert_eq!(Timestamp(1999).seconds(), 1);
        assert_eq!(Timestamp(-1).seconds(), -1);
        assert_eq!(Timestamp::from_seconds(2), Timestamp(2000));
    }
}
