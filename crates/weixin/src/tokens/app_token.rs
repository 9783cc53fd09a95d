//! The access token of an application, and what of it is stored.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use super::Renewable;
use crate::{
    AccessToken,
    secret::exposed,
    store::time::{earlier, from_unix_seconds, later},
};

/// WeChat renews a stable token this long before its end, and the one before stays good as long.
const EARLY: Duration = Duration::from_mins(5);

/// A stable token is not renewed by force sooner after the last time, nor more often in a day.
const FORCE_PAUSE: u64 = 30;
const FORCES_A_DAY: usize = 20;
const DAY: Duration = Duration::from_hours(24);

/// An access token of the application itself.
///
/// It is not `Serialize`, so that no handler sends it to a browser.
pub struct AppToken(pub(super) Fields);

/// What the store keeps.
#[derive(Deserialize, Serialize)]
pub(super) struct Fields {
    #[serde(rename = "a", serialize_with = "exposed")]
    pub(super) access_token: AccessToken,
    /// Unix seconds.
    #[serde(rename = "e")]
    pub(super) ends: u64,
    /// When it was renewed by force, in Unix seconds.
    #[serde(rename = "f", default)]
    pub(super) forced: Vec<u64>,
}

impl AppToken {
    /// The token itself.
    pub fn access_token(&self) -> &AccessToken {
        &self.0.access_token
    }

    /// When it ends.
    pub fn ends(&self) -> SystemTime {
        from_unix_seconds(self.0.ends)
    }
}

impl fmt::Debug for AppToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppToken")
            .field("ends", &self.ends())
            .finish_non_exhaustive()
    }
}

/// What the single flight handles. A type of its own, so that the public one can neither be cloned nor encoded.
#[derive(Clone)]
pub(super) struct Stored(pub(super) Arc<AppToken>);

impl From<Fields> for Stored {
    fn from(fields: Fields) -> Self {
        Self(Arc::new(AppToken(fields)))
    }
}

impl PartialEq for Stored {
    fn eq(&self, other: &Self) -> bool {
        let [one, other] = [self, other].map(|one| one.0.access_token().expose().as_bytes());
        one.ct_eq(other).into()
    }
}

impl Eq for Stored {}

impl Renewable for Stored {
    fn encode(&self) -> Vec<u8> {
        // Text and numbers: there is nothing that JSON could not hold.
        serde_json::to_vec(&self.0.0).unwrap_or_default()
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let fields: Fields = serde_json::from_slice(bytes).ok()?;
        Some(fields.into())
    }

    fn refresh_at(&self) -> SystemTime {
        earlier(self.0.ends(), EARLY)
    }

    fn expires_at(&self) -> SystemTime {
        self.0.ends()
    }

    /// As long as a renewal by force counts.
    fn kept_until(&self) -> SystemTime {
        later(self.0.ends(), DAY)
    }
}

/// Whether the quota allows it; if so, it is counted.
pub(super) fn may_force(forced: &mut Vec<u64>, now: u64) -> bool {
    // A time that is yet to come is of a server whose clock is ahead. It does not count, or it would count for ever.
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
    fn force_is_used_twenty_times_a_day_and_every_thirty_seconds() {
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
