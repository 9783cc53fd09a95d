//! What the client knows of each browser.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use axum::http::{HeaderMap, HeaderValue};

use super::{
    callback::Finished,
    login::{Attempt, Pending, random},
};
use crate::demo::cookies;

const COOKIE: &str = "gateway-demo";
/// Most browsers at once: a demo is for one user.
const MAX_VISITS: usize = 100;
/// Most logins of one browser at once, such as in several tabs.
const MAX_PENDING: usize = 8;

/// One browser.
#[derive(Clone, Debug, Default)]
pub(super) struct Visit {
    /// The logins that have begun, the newest last.
    pending: Vec<Pending>,
    pub(super) shown: Shown,
}

/// What the page shows.
#[derive(Clone, Debug, Default)]
pub(super) enum Shown {
    #[default]
    Welcome,
    /// The newest login, before the browser leaves.
    Started(Box<Pending>),
    Finished(Box<Finished>),
}

#[derive(Default)]
pub(super) struct Visits(Mutex<HashMap<String, Visit>>);

impl Visits {
    pub(super) fn shown(&self, headers: &HeaderMap) -> Shown {
        let visits = self.all();
        let visit = cookies::value(headers, COOKIE).and_then(|id| visits.get(id));
        visit.map(|visit| visit.shown.clone()).unwrap_or_default()
    }

    /// Adds a login. Returns the cookie of the browser, if it has none.
    pub(super) fn begin(&self, headers: &HeaderMap, pending: Pending) -> Option<HeaderValue> {
        let mut visits = self.all();
        if visits.len() >= MAX_VISITS {
            visits.clear();
        }
        let known = cookies::value(headers, COOKIE).filter(|id| visits.contains_key(*id));
        let (id, cookie) = if let Some(id) = known {
            (id.to_owned(), None)
        } else {
            let id = random().ok()?;
            // `Lax`: a `Strict` cookie is not sent when the browser returns.
            let cookie = format!("{COOKIE}={id}; Path=/; HttpOnly; SameSite=Lax");
            (id, HeaderValue::try_from(cookie).ok())
        };
        let visit = visits.entry(id).or_default();
        if visit.pending.len() >= MAX_PENDING {
            visit.pending.remove(0);
        }
        visit.pending.push(pending.clone());
        visit.shown = Shown::Started(Box::new(pending));
        cookie
    }

    /// Removes the login to which a response belongs: of this browser, and with this state. It can be used once.
    pub(super) fn take(&self, headers: &HeaderMap, state: &str) -> Option<Pending> {
        let mut visits = self.all();
        let visit = visits.get_mut(cookies::value(headers, COOKIE)?)?;
        let is_it = |pending: &Pending| pending.state == state;
        let place = visit.pending.iter().position(is_it)?;
        Some(visit.pending.remove(place))
    }

    pub(super) fn finish(&self, headers: &HeaderMap, finished: Finished) {
        let mut visits = self.all();
        let id = cookies::value(headers, COOKIE);
        if let Some(visit) = id.and_then(|id| visits.get_mut(id)) {
            visit.shown = Shown::Finished(Box::new(finished));
        }
    }

    pub(super) fn forget(&self, headers: &HeaderMap) {
        cookies::value(headers, COOKIE).and_then(|id| self.all().remove(id));
    }

    /// What the login with this state tries.
    pub(super) fn attempt(&self, state: &str) -> Option<Attempt> {
        let visits = self.all();
        let mut pending = visits.values().flat_map(|visit| &visit.pending);
        let found = pending.find(|pending| pending.state == state);
        found.map(|pending| pending.attempt)
    }

    fn all(&self) -> MutexGuard<'_, HashMap<String, Visit>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
