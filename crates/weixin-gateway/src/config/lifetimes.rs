//! How long sessions and tokens are valid.

use std::time::Duration;

use serde::Deserialize;

use super::{
    duration,
    error::ConfigError,
    problem::{Problem, both},
};
use crate::oidc::GrantLifetimes;

/// The table `[lifetimes]`: texts such as `"12h"`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct LifetimesEntry {
    access_token: Option<String>,
    session_idle: Option<String>,
    session: Option<String>,
    refresh_token_idle: Option<String>,
    refresh_token: Option<String>,
    refresh_token_grace: Option<String>,
}

/// How long sessions and tokens are valid.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Lifetimes {
    pub(crate) grants: GrantLifetimes,
    /// Of a session that no request uses. Zero: no single sign-on, for shared devices.
    pub(crate) session_idle: Duration,
    /// Of a session in all.
    pub(crate) session: Duration,
}

/// What a session can be set to at most.
pub(crate) const LONGEST_SESSION: Duration = Duration::from_hours(90 * 24);

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

impl Default for Lifetimes {
    fn default() -> Self {
        Self {
            grants: GrantLifetimes {
                access_token: HOUR,
                refresh_token_idle: 30 * DAY,
                refresh_token: 180 * DAY,
                refresh_token_grace: Duration::from_mins(1),
            },
            session_idle: 12 * HOUR,
            session: 7 * DAY,
        }
    }
}

impl LifetimesEntry {
    pub(super) fn check(self) -> Result<Lifetimes, ConfigError> {
        let default = Lifetimes::default();
        let grants = default.grants;
        let minute = Duration::from_mins(1);
        let year = (HOUR, 365 * DAY);
        let lifetimes = Lifetimes {
            grants: GrantLifetimes {
                access_token: duration(
                    "access_token",
                    self.access_token,
                    (minute, DAY),
                    grants.access_token,
                )?,
                refresh_token_idle: duration(
                    "refresh_token_idle",
                    self.refresh_token_idle,
                    year,
                    grants.refresh_token_idle,
                )?,
                refresh_token: duration(
                    "refresh_token",
                    self.refresh_token,
                    year,
                    grants.refresh_token,
                )?,
                refresh_token_grace: duration(
                    "refresh_token_grace",
                    self.refresh_token_grace,
                    (Duration::ZERO, 10 * minute),
                    grants.refresh_token_grace,
                )?,
            },
            session_idle: duration(
                "session_idle",
                self.session_idle,
                (Duration::ZERO, LONGEST_SESSION),
                default.session_idle,
            )?,
            session: duration(
                "session",
                self.session,
                (minute, LONGEST_SESSION),
                default.session,
            )?,
        };
        lifetimes.compare()?;
        Ok(lifetimes)
    }
}

impl Lifetimes {
    /// Compares the lifetimes that depend on each other.
    fn compare(&self) -> Result<(), ConfigError> {
        let grants = &self.grants;
        for (is_wrong, field, problem) in [
            (
                self.session_idle > self.session,
                "session_idle",
                both(
                    "不能长于 lifetimes.session，会话到那时一定结束",
                    "longer than lifetimes.session, which ends every session",
                ),
            ),
            (
                grants.refresh_token_idle > grants.refresh_token,
                "refresh_token_idle",
                both(
                    "不能长于 lifetimes.refresh_token，授权到那时一定结束",
                    "longer than lifetimes.refresh_token, which ends every grant",
                ),
            ),
            (
                grants.refresh_token_idle < grants.access_token,
                "refresh_token_idle",
                both(
                    "不能短于 lifetimes.access_token",
                    "shorter than lifetimes.access_token",
                ),
            ),
            (
                grants.refresh_token_grace > grants.access_token,
                "refresh_token_grace",
                both(
                    "不能长于 lifetimes.access_token，否则无法发现盗用",
                    "longer than lifetimes.access_token, which would hide a theft",
                ),
            ),
        ] {
            if is_wrong {
                return Err(ConfigError::new(format!("lifetimes.{field}"), problem));
            }
        }
        Ok(())
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
    let duration = duration::parse(&text).filter(|duration| (least..=most).contains(duration));
    duration.ok_or_else(|| {
        ConfigError::new(
            format!("lifetimes.{name}"),
            Problem::Lifetime { least, most },
        )
    })
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
        assert_eq!(lifetimes.grants.access_token, Duration::from_secs(90));
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
                "lifetimes.access_token: expected a duration such as \"12h\", from 1m to 1d"
            );
        }
    }

    #[test]
    fn lifetimes_fit_each_other() {
        let grants = check(
            "refresh_token_idle = '90d'\nrefresh_token = '365d'\nrefresh_token_grace = '10m'",
        );
        let expected = GrantLifetimes {
            access_token: HOUR,
            refresh_token_idle: 90 * DAY,
            refresh_token: 365 * DAY,
            refresh_token_grace: Duration::from_mins(10),
        };
        assert_eq!(grants.map(|it| it.grants), Ok(expected));
        for (toml, problem) in [
            (
                "session_idle = '8d'",
                "session_idle: longer than lifetimes.session, which ends every session",
            ),
            (
                "refresh_token = '29d'",
                "refresh_token_idle: longer than lifetimes.refresh_token, which ends every grant",
            ),
            (
                "access_token = '2h'\nrefresh_token_idle = '1h'",
                "refresh_token_idle: shorter than lifetimes.access_token",
            ),
            (
                "access_token = '2m'\nrefresh_token_grace = '3m'",
                "refresh_token_grace: longer than lifetimes.access_token, which would hide a theft",
            ),
            (
                "refresh_token_grace = '11m'",
                "refresh_token_grace: expected a duration such as \"12h\", from 0s to 10m",
            ),
        ] {
            assert_eq!(check(toml).unwrap_err(), format!("lifetimes.{problem}"));
        }
    }
}
