//! The clock's time as the rules take it.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::oidc::Timestamp;

impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        let millis = |duration: std::time::Duration| i64::try_from(duration.as_millis());
        Self::from_millis(match time.duration_since(UNIX_EPOCH) {
            Ok(since) => millis(since).unwrap_or(i64::MAX),
            Err(before) => millis(before.duration()).map_or(i64::MIN, |millis| -millis),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_time_before_1970_is_negative() {
        let duration = Duration::from_millis(1500);
        assert_eq!(Timestamp::from(UNIX_EPOCH + duration).millis(), 1500);
        assert_eq!(Timestamp::from(UNIX_EPOCH - duration).millis(), -1500);
    }
}
