//! Times as the commands print them, the same in both languages.

use std::time::SystemTime;

use httpdate::fmt_http_date;

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// A time to the second, such as `2026-11-29 11:51:14 UTC`. JSON has the dates of HTTP.
pub(super) fn utc(time: SystemTime) -> String {
    // Such as `Sun, 29 Nov 2026 11:51:14 GMT`.
    let text = fmt_http_date(time);
    let parts: Vec<_> = text.split(' ').collect();
    let [_, day, month, year, time, _] = parts[..] else {
        return text;
    };
    match MONTHS.iter().position(|name| *name == month) {
        Some(index) => format!("{year}-{:02}-{day} {time} UTC", index + 1),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_time_is_a_date_that_both_languages_read() {
        for (seconds, expected) in [
            (0, "1970-01-01 00:00:00 UTC"),
            (1_795_953_074, "2026-11-29 11:51:14 UTC"),
            (1_798_761_599, "2026-12-31 23:59:59 UTC"),
        ] {
            let time = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
            assert_eq!(utc(time), expected);
        }
    }
}
