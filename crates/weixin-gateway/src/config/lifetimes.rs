//! How long sessions and tokens are valid.

use std::time::Duration;

use serde::Deserialize;

use super::error::ConfigError;

/// The table `[lifetimes]`: texts such as `"12h"`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct LifetimesEntry {
    access_token: Option<String>,
    session_idle: Option<String>,
    session: Option<String>,
}

/// How long sessions and tokens are valid.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Lifetimes {
    /// Of access tokens and ID tokens.
    pub(crate) access_token: Duration,
    /// Of a session that no request uses. Zero: no single sign-on, for shared devices.
    pub(crate) session_idle: Duration,
    /// Of a session in all.
    pub(crate) session: Duration,
}

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

impl Default for Lifetimes {
    fn default() -> Self {
        Self {
            access_token: HOUR,
            session_idle: 12 * HOUR,
            session: 7 * DAY,
        }
    }
}

impl LifetimesEntry {
    pub(super) fn check(self) -> Result<Lifetimes, ConfigError> {
        let default = Lifetimes::default();
        let minute = Duration::from_mins(1);
        let lifetimes = Lifetimes {
            access_token: duration(
                "access_token",
                self.access_token,
                (minute, DAY),
                default.access_token,
            )?,
            session_idle: duration(
                "session_idle",
                self.session_idle,
                (Duration::ZERO, 90 * DAY),
                default.session_idle,
            )?,
            session: duration("session", self.session, (minute, 90 * DAY), default.session)?,
        };
        if lifetimes.session_idle > lifetimes.session {
            let problem = "longer than lifetimes.session, which ends every session";
            return Err(ConfigError::new("lifetimes.session_idle", problem));
        }
        Ok(lifetimes)
    }
}

/// A number with the unit `s`, `m`, `h` or `d`, within bounds.
fn duration(
    name: &str,
    text: Option<String>,
    (least, most): (Duration, Duration),
    default: Duration,
) -> Result<Duration, ConfigError> {
    let Some(text) = text else {
        return Ok(default);
    };
    let duration = parse(&text).filter(|duration| (least..=most).contains(duration));
    duration.ok_or_else(|| {
        let (least, most) = (least.as_secs(), most.as_secs());
        let problem =
            format!("expected a duration such as \"12h\", from {least} to {most} seconds");
        ConfigError::new(format!("lifetimes.{name}"), problem)
    })
}

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

#[cfg(test)]
mod tests {
    use super::*;

    fn check(toml: &str) -> Result<Lifetimes, String> {
        let entry = toml::from_str::<LifetimesEntry>(toml).unwrap();
        entry.check().map_err(|error| error.to_string())
    }

    #[test]
    fn a_lifetime_has_a_unit_and_bounds() {
        assert_eq!(check(""), Ok(Lifetimes::default()));
        let lifetimes =
            check("access_token = '90s'\nsession_idle = '0s'\nsession = '30d'").unwrap();
        assert_eq!(lifetimes.access_token, Duration::from_secs(90));
        assert_eq!(
            (lifetimes.session_idle, lifetimes.session),
            (Duration::ZERO, 30 * DAY)
        );
        let none = check("session_idle = '0'").unwrap();
        assert_eq!(none.session_idle, Duration::ZERO);
        for bad in [
            "",
            "h",
            "1",
            "1.5h",
            "-1h",
            "1w",
            "1微",
            "59s",
            "25h",
            "99999999999999999999d",
        ] {
            assert_eq!(
                check(&format!("access_token = '{bad}'")).unwrap_err(),
                "lifetimes.access_token: expected a duration such as \"12h\", from 60 to 86400 seconds"
            );
        }
        assert!(check("session_idle = '8d'").is_err());
    }
}
