//! Durations as a configuration has them: a number with a unit.

use std::time::Duration;

/// The duration of a text such as `12h`.
pub(super) fn parse(text: &str) -> Option<Duration> {
    if text == "0" {
        return Some(Duration::ZERO);
    }
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return None,
    };
    let number: u64 = number.parse().ok()?;
    number.checked_mul(seconds).map(Duration::from_secs)
}

/// A duration as [`parse`] reads it, in its largest unit.
pub(super) fn text(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let units = [(86_400, 'd'), (3600, 'h'), (60, 'm')];
    let fits = |(unit, _): &(u64, char)| seconds > 0 && seconds.is_multiple_of(*unit);
    let (unit, letter) = units.into_iter().find(fits).unwrap_or((1, 's'));
    format!("{}{letter}", seconds / unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_told_as_it_can_be_written() {
        for expected in ["0s", "59s", "1m", "90s", "90m", "25h", "1d", "365d"] {
            assert_eq!(parse(expected).map(text), Some(expected.to_owned()));
        }
        assert_eq!(text(Duration::from_hours(90 * 24)), "90d");
    }
}
