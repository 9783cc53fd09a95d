//! Access tokens and tickets of apps, not of their users (docs/wechat.md#app-tokens).

use std::{
    collections::HashMap,
    time::{Duration, SystemTime},
};

use super::expiring_map::{ExpiringMap, Weigh};

/// Lifetime of a token or ticket.
const LIFETIME: Duration = Duration::from_hours(2);
/// Time that the previous token stays valid after a renewal.
const OVERLAP: Duration = Duration::from_mins(5);
/// Minimum time between two forced renewals of a stable token.
const MIN_FORCE_INTERVAL: Duration = Duration::from_secs(30);
/// Maximum number of forced renewals per day.
const MAX_FORCES_PER_DAY: usize = 20;
const DAY: Duration = Duration::from_hours(24);

/// Endpoint that issued a token: each keeps its own latest token.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) enum Pool {
    Stable,
    Token,
}

#[derive(Clone, Debug)]
pub(super) struct AppToken {
    pub(super) app: String,
    pub(super) expires: SystemTime,
    /// A newer token of the pool exists.
    pub(super) replaced: bool,
}

impl Weigh for AppToken {}

/// A ticket.
impl Weigh for (String, SystemTime) {}

/// App access tokens and tickets.
#[derive(Clone, Debug, Default)]
pub(crate) struct AppTokens {
    pub(super) issued: ExpiringMap<AppToken>,
    latest: HashMap<(Pool, String), String>,
    /// Times of forced renewals, by app.
    forced: HashMap<String, Vec<SystemTime>>,
    /// Tickets with their expiry times, by app and type.
    pub(super) tickets: ExpiringMap<(String, SystemTime)>,
}

/// A token or ticket, with its remaining lifetime.
#[derive(Debug)]
pub(crate) struct IssuedAppToken {
    pub(crate) value: String,
    pub(crate) expires_in: Duration,
}

impl AppTokens {
    /// Makes a token the latest of its pool; the previous one stays valid for [`OVERLAP`].
    pub(super) fn renew(
        &mut self,
        pool: Pool,
        app: &str,
        token: String,
        now: SystemTime,
    ) -> IssuedAppToken {
        // The previous token stays valid for a while, so that servers can switch without failing requests.
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

    /// Stores a new ticket; returns it with its expiry time.
    pub(super) fn add_ticket(
        &mut self,
        key: String,
        ticket: String,
        now: SystemTime,
    ) -> (String, SystemTime) {
        let issued = (ticket, now + LIFETIME);
        self.tickets.insert(key, issued.clone(), issued.1, now);
        issued
    }

    pub(super) fn app_of(&self, token: &str) -> Option<&str> {
        Some(&self.issued.get(token)?.app)
    }

    /// Current stable token of an app, unless it expires soon.
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
        let interval_passed = forced
            .last()
            .is_none_or(|last| now >= *last + MIN_FORCE_INTERVAL);
        let may = interval_passed && forced.len() < MAX_FORCES_PER_DAY;
        if may {
            forced.push(now);
        }
        may
    }
}
