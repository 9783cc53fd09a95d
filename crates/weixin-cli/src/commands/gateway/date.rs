//! Times as the commands print them, the same in both languages.

use std::time::SystemTime;

use httpdate::fmt_http_date;

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// A time to the second, such as `2026-11-29 11:51:14 UTC`.
pub(super) fn utc(time: SystemTime) -> String {
    let (date, time) = parts(time);
    format!("{date} {time} UTC")
}

/// The same for JSON, such as `2026-11-29T11:51:14Z` (RFC 3339).
pub(super) fn rfc3339(time: SystemTime) -> String {
    let (date, time) = parts(time);
    format!("{date}T{time}Z")
}

fn parts(time: SystemTime) -> (String, String) {
    // Such as `Sun, 29 Nov 2026 11:51:14 GMT`.
    let text = fmt_http_date(time);
    let parts: Vec<_> = text.split(' ').collect();
    let [_, day, month, year, time, _] = parts[..] else {
        return (text, String::new());
    };
    let month = MONTHS.iter().position(|name| *name == month);
    let month = month.map_or(0, |index| index + 1);
    (format!("{year}-{month:02}-{day}"), time.to_owned())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_time_is_a_date_that_both_languages_read() {
        for (seconds, expected) in [
            (0, "1970-01-01 00:00:00"),
            (1_795_953_074, "2026-11-29 11:51:14"),
            (1_798_761_599, "2026-12-31 23:59:59"),
        ] {
            let time = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
            assert_eq!(utc(time), format!("{expected} UTC"));
            let expected = expected.replace(' ', "T");
            assert_eq!(rfc3339(time), format!("{expected}Z"));
        }
    }
}
