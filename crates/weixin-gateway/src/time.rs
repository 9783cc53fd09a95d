//! The clock's time as the rules take it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::oidc::Timestamp;

impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        let millis = |duration: Duration| i64::try_from(duration.as_millis());
        Self::from_millis(match time.duration_since(UNIX_EPOCH) {
            Ok(since) => millis(since).unwrap_or(i64::MAX),
            Err(before) => millis(before.duration()).map_or(i64::MIN, |millis| -millis),
        })
    }
}

impl From<Timestamp> for SystemTime {
    fn from(time: Timestamp) -> Self {
        let distance = Duration::from_millis(time.millis().unsigned_abs());
        let time = match time.millis() {
            0.. => UNIX_EPOCH.checked_add(distance),
            _ => UNIX_EPOCH.checked_sub(distance),
        };
        time.unwrap_or(UNIX_EPOCH)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_before_1970_is_negative() {
        let duration = Duration::from_millis(1500);
        assert_eq!(Timestamp::from(UNIX_EPOCH + duration).millis(), 1500);
        assert_eq!(Timestamp::from(UNIX_EPOCH - duration).millis(), -1500);
        for time in [UNIX_EPOCH + duration, UNIX_EPOCH - duration] {
            assert_eq!(SystemTime::from(Timestamp::from(time)), time);
        }
    }
}
