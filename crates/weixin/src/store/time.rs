//! Arithmetic of times that cannot overflow: the numbers come from stores, servers and clocks that may be wrong.

use std::time::{Duration, SystemTime};

/// The end of the year 9999 in Unix seconds. Every platform can represent it, and it stands for everything later.
const FAR_FUTURE: u64 = 253_402_300_799;

/// The time that is `duration` after `time`, at most the end of the year 9999.
pub(crate) fn later(time: SystemTime, duration: Duration) -> SystemTime {
    let far_future = SystemTime::UNIX_EPOCH + Duration::from_secs(FAR_FUTURE);
    let sum = time.checked_add(duration);
    sum.map_or(far_future, |sum| sum.min(far_future))
}

/// The time that is `duration` before `time`, at least 1970.
pub(crate) fn earlier(time: SystemTime, duration: Duration) -> SystemTime {
    let difference = time.checked_sub(duration);
    difference.map_or(SystemTime::UNIX_EPOCH, |difference| {
        difference.max(SystemTime::UNIX_EPOCH)
    })
}

/// Whole seconds since 1970; 0 for what is earlier.
pub(crate) fn unix_seconds(time: SystemTime) -> u64 {
    since_epoch(time).as_secs()
}

/// The time of these seconds since 1970.
pub(crate) fn from_unix_seconds(seconds: u64) -> SystemTime {
    later(SystemTime::UNIX_EPOCH, Duration::from_secs(seconds))
}

/// Whole milliseconds since 1970, as databases keep them; 0 for what is earlier.
pub(crate) fn milliseconds(time: SystemTime) -> i64 {
    i64::try_from(since_epoch(time).as_millis()).unwrap_or(i64::MAX)
}

/// The time of these milliseconds since 1970.
pub(crate) fn from_milliseconds(milliseconds: i64) -> SystemTime {
    let since = Duration::from_millis(milliseconds.max(0).cast_unsigned());
    later(SystemTime::UNIX_EPOCH, since)
}

fn since_epoch(time: SystemTime) -> Duration {
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    since.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn times_come_back_from_seconds_and_milliseconds_as_far_as_the_year_9999(seconds in 0..=FAR_FUTURE) {
            let time = from_unix_seconds(seconds);
            prop_assert_eq!(unix_seconds(time), seconds);
            prop_assert_eq!(from_milliseconds(milliseconds(time)), time);
            prop_assert_eq!(time, SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        }

        #[test]
        fn no_sum_is_past_the_year_9999(seconds in any::<u64>(), nanos in 0..1_000_000_000_u32) {
            let far_future = from_unix_seconds(FAR_FUTURE);
            let duration = Duration::new(seconds, nanos);
            prop_assert!(later(far_future, duration) == far_future);
            prop_assert!(later(SystemTime::UNIX_EPOCH, duration) <= far_future);
            prop_assert!(from_milliseconds(seconds.cast_signed()) <= far_future);
        }
    }

    #[test]
    fn what_is_before_1970_is_1970() {
        let before = SystemTime::UNIX_EPOCH - Duration::from_secs(1);
        assert_eq!((unix_seconds(before), milliseconds(before)), (0, 0));
        assert_eq!(from_milliseconds(-1), SystemTime::UNIX_EPOCH);
        assert_eq!(
            earlier(SystemTime::UNIX_EPOCH, Duration::MAX),
            SystemTime::UNIX_EPOCH
        );
        let hour = from_unix_seconds(3600);
        assert_eq!(
            earlier(hour, Duration::from_secs(5 * 60)),
            from_unix_seconds(3300)
        );
    }
}
