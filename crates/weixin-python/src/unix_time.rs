//! Times as Python has them.

use std::time::SystemTime;

/// Seconds since 1970, as `time.time()`.
pub(crate) fn unix_seconds(time: SystemTime) -> f64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0.0, |since| since.as_secs_f64())
}
