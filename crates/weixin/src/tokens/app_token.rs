//! The access token of an app, and its stored form.

use std::{
    fmt,
    time::{Duration, SystemTime},
};

use serde::{Deserialize, Serialize};

use super::stored::StoredToken;
use crate::{
    secret::{AccessToken, exposed},
    store::time::{from_unix_seconds, later},
};

/// WeChat's limits of `force_refresh`: the pause in seconds, and the number in a day.
const FORCE_PAUSE: u64 = 30;
const FORCES_A_DAY: usize = 20;
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A valid access token of an app (接口调用凭据).
///
/// It is not `Serialize`, so that no handler sends it to a browser.
pub struct AppToken(pub(super) Fields);

/// The stored form.
#[derive(Deserialize, Serialize)]
pub(super) struct Fields {
    #[serde(rename = "a", serialize_with = "exposed")]
    pub(super) access_token: AccessToken,
    /// Unix seconds.
    #[serde(rename = "e")]
    pub(super) expires_at: u64,
    /// The times of forced refreshes, in Unix seconds.
    #[serde(rename = "f", default)]
    pub(super) forced: Vec<u64>,
}

impl AppToken {
    /// The access token.
    pub fn access_token(&self) -> &AccessToken {
        &self.0.access_token
    }

    /// The time at which it expires.
    pub fn expires_at(&self) -> SystemTime {
        from_unix_seconds(self.0.expires_at)
    }
}

impl fmt::Debug for AppToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppToken")
            .field("expires_at", &self.expires_at())
            .finish_non_exhaustive()
    }
}

impl From<Fields> for AppToken {
    fn from(fields: Fields) -> Self {
        Self(fields)
    }
}

impl StoredToken for AppToken {
    type Fields = Fields;

    fn fields(&self) -> &Fields {
        &self.0
    }

    fn access_token(&self) -> &AccessToken {
        self.access_token()
    }

    fn expires_at(&self) -> SystemTime {
        self.expires_at()
    }

    /// A forced refresh counts for a day.
    fn kept_until(&self) -> SystemTime {
        later(self.expires_at(), DAY)
    }
}

/// Counts a forced refresh, if the quota allows it.
pub(super) fn may_force(forced: &mut Vec<u64>, now: u64) -> bool {
    // A future time is from a server whose clock is ahead. It is dropped, or it would count permanently.
    let day = now.saturating_sub(DAY.as_secs());
    forced.retain(|time| (day + 1..=now).contains(time));
    let latest = forced.iter().max();
    let rested = latest.is_none_or(|latest| now - latest >= FORCE_PAUSE);
    let may = rested && forced.len() < FORCES_A_DAY;
    if may {
        forced.push(now);
    }
    may
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refresh_is_forced_twenty_times_a_day_and_every_thirty_seconds() {
        let mut forced = Vec::new();
        assert!(may_force(&mut forced, 1000));
        assert!(!may_force(&mut forced, 1029));
        for n in 1..20 {
            assert!(may_force(&mut forced, 1000 + n * 30));
        }
        assert!(!may_force(&mut forced, 2000));
        assert!(may_force(&mut forced, 1000 + DAY.as_secs()));
        assert_eq!(forced.len(), 20);
    }
}
