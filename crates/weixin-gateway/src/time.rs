//! The clock's time as the rules take it, and how far clocks may differ.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::oidc::Timestamp;

/// How far the clock of a node may differ from that of the database: beyond it, the node is not ready. What a node has noted
/// is compared with this tolerance to a time of the database, and with twice as much to a time of another node: one of them
/// may be fast and the other slow.
pub(crate) const CLOCK_TOLERANCE: Duration = Duration::from_mins(1);

/// How often a gateway reads what other nodes and commands have changed in the store: keys and clients.
pub(crate) const REFRESH: Duration = Duration::from_secs(5);

/// How long a turn of what is done again and again may take. It ends then, and the next one has other connections.
pub(crate) const TURN: Duration = Duration::from_secs(30);

/// What the log says of such a turn.
pub(crate) const NO_RESPONSE: &str = "the database does not respond";

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
