//! Who is logged in: in memory, gone with the process.
//!
//! Not a session library: those keep what can be serialized, and tokens cannot on purpose.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use axum::http::{HeaderMap, HeaderValue};
use weixin::{CsrfToken, Token, User};

use super::cookies;

const COOKIE: &str = "demo-session";
/// Most people who are logged in at once; a demo is for one.
const MAX_SESSIONS: usize = 1000;

/// Somebody who is logged in.
#[derive(Clone)]
pub(super) struct Session {
    pub(super) user: User,
    pub(super) token: Arc<Token>,
    pub(super) unionid: Option<String>,
    pub(super) since: Instant,
    /// What the last button said; shown once.
    pub(super) notice: Option<Notice>,
}

/// What a button said.
#[derive(Clone)]
pub(super) enum Notice {
    Refreshed { same_token: bool },
    Good,
    NotGood(String),
}

impl Session {
    /// How long the access token lives from now on, as far as its answer told.
    pub(super) fn seconds_left(&self) -> u64 {
        self.token
            .expires_in
            .saturating_sub(self.since.elapsed())
            .as_secs()
    }
}

#[derive(Default)]
pub(super) struct Sessions(Mutex<HashMap<String, Session>>);

impl Sessions {
    /// Keeps a session under a new id and returns its cookie.
    pub(super) fn add(&self, session: Session) -> Result<HeaderValue, weixin::Error> {
        let id = CsrfToken::random()?.expose().to_owned();
        let cookie = cookie(&id, "");
        let mut all = self.all();
        if all.len() >= MAX_SESSIONS {
            all.clear();
        }
        all.insert(id, session);
        Ok(cookie)
    }

    pub(super) fn find(&self, headers: &HeaderMap) -> Option<Session> {
        self.all().get(id(headers)?).cloned()
    }

    pub(super) fn change(&self, headers: &HeaderMap, change: impl FnOnce(&mut Session)) {
        let Some(id) = id(headers) else { return };
        self.all().get_mut(id).map(change);
    }

    /// Ends the session and returns the cookie that removes its cookie.
    pub(super) fn remove(&self, headers: &HeaderMap) -> HeaderValue {
        id(headers).and_then(|id| self.all().remove(id));
        cookie("", "; Max-Age=0")
    }

    fn all(&self) -> MutexGuard<'_, HashMap<String, Session>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `SameSite=Lax`: a `Strict` cookie is not sent when the browser comes back from WeChat.
fn cookie(id: &str, more: &str) -> HeaderValue {
    let text = format!("{COOKIE}={id}; Path=/; HttpOnly; SameSite=Lax{more}");
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""))
}

fn id(headers: &HeaderMap) -> Option<&str> {
    cookies::value(headers, COOKIE)
}
