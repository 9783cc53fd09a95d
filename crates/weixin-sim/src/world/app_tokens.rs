//! Tokens of an app itself, not of its users (facts 5.4).

use std::{
    collections::HashMap,
    time::{Duration, SystemTime},
};

use super::expiring_map::ExpiringMap;

/// How long a token lives.
pub(super) const LIFETIME: Duration = Duration::from_hours(2);
/// How long the token before stays good after a renewal.
const OVERLAP: Duration = Duration::from_mins(5);
/// A stable token is not renewed by force sooner than this after the last time.
const FORCE_PAUSE: Duration = Duration::from_secs(30);
/// Nor more often than this in a day.
const FORCES_A_DAY: usize = 20;
const DAY: Duration = Duration::from_hours(24);

/// Which of the two endpoints made a token: they do not know of each other.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) enum Pool {
    Stable,
    Token,
}

#[derive(Debug)]
pub(super) struct AppToken {
    pub(super) app: String,
    pub(super) expires: SystemTime,
    /// Whether a newer one of its pool has taken its place.
    pub(super) replaced: bool,
}

/// App tokens and tickets.
#[derive(Debug, Default)]
pub(crate) struct AppTokens {
    pub(super) issued: ExpiringMap<AppToken>,
    latest: HashMap<(Pool, String), String>,
    /// When each app has renewed its stable token by force.
    forced: HashMap<String, Vec<SystemTime>>,
    /// Tickets by app and type.
    pub(super) tickets: HashMap<(String, String), (String, SystemTime)>,
}

/// A token or ticket, and how long it still lives.
#[derive(Debug)]
pub(crate) struct IssuedAppToken {
    pub(crate) value: String,
    pub(crate) expires_in: Duration,
}

impl AppTokens {
    /// Takes the place of the latest token of a pool, which stays good for a while.
    pub(super) fn renew(
        &mut self,
        pool: Pool,
        app: &str,
        token: String,
        now: SystemTime,
    ) -> IssuedAppToken {
        let before = self.latest.insert((pool, app.to_owned()), token.clone());
        if let Some(before) = before.and_then(|before| self.issued.get_mut(&before)) {
            before.expires = before.expires.min(now + OVERLAP);
            before.replaced = true;
        }
        let expires = now + LIFETIME;
        let issued = AppToken {
            app: app.to_owned(),
            expires,
            replaced: false,
        };
        self.issued
            .insert(token.clone(), issued, expires + DAY, now);
        IssuedAppToken {
            value: token,
            expires_in: LIFETIME,
        }
    }

    pub(super) fn app_of(&self, token: &str) -> Option<&str> {
        Some(&self.issued.get(token)?.app)
    }

    /// The stable token of an app, unless its end is near.
    pub(super) fn stable(&self, app: &str, now: SystemTime) -> Option<IssuedAppToken> {
        let token = self.latest.get(&(Pool::Stable, app.to_owned()))?;
        let expires_in = self.issued.get(token)?.expires.duration_since(now).ok()?;
        (expires_in > OVERLAP).then(|| IssuedAppToken {
            value: token.clone(),
            expires_in,
        })
    }

    pub(super) fn may_force(&mut self, app: &str, now: SystemTime) -> bool {
        let forced = self.forced.entry(app.to_owned()).or_default();
        forced.retain(|time| now < *time + DAY);
        let rested = forced.last().is_none_or(|last| now >= *last + FORCE_PAUSE);
        let may = rested && forced.len() < FORCES_A_DAY;
        if may {
            forced.push(now);
        }
        may
    }
}
