//! The sessions, in memory.
//!
//! Not a session library: those serialize sessions, and tokens cannot be serialized, on purpose.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use axum::http::{HeaderMap, HeaderValue};
use weixin::{
    CsrfToken, Token, User,
    error::ParseError,
    tokens::{AccessToken, RefreshToken},
};

use super::cookies;

const COOKIE: &str = "demo-session";
/// Most sessions at once: a demo is for one user.
const MAX_SESSIONS: usize = 1000;

/// The session of a user.
#[derive(Clone)]
pub(super) struct Session {
    pub(super) user: User,
    pub(super) token: Arc<Token>,
    /// The UnionID of the login: a refresh brings none.
    pub(super) unionid: Option<String>,
    since: Instant,
    /// The result of the last button, shown once.
    pub(super) notice: Option<Notice>,
}

/// The result of a button.
#[derive(Clone)]
pub(super) enum Notice {
    Refreshed { same_token: bool },
    Valid,
    Invalid(String),
}

impl Session {
    pub(super) fn new(token: &Token, user: User) -> Result<Self, weixin::Error> {
        let unionid = token.unionid.as_ref().or(user.unionid.as_ref());
        Ok(Self {
            unionid: unionid.map(ToString::to_string),
            token: Arc::new(copy(token)?),
            user,
            since: Instant::now(),
            notice: None,
        })
    }

    pub(super) fn replace_token(&mut self, refreshed: Token) {
        let same_token = refreshed.access_token.expose() == self.token.access_token.expose();
        self.token = Arc::new(refreshed);
        self.since = Instant::now();
        self.notice = Some(Notice::Refreshed { same_token });
    }

    /// The seconds until the access token expires.
    pub(super) fn seconds_left(&self) -> u64 {
        self.token
            .expires_in
            .saturating_sub(self.since.elapsed())
            .as_secs()
    }
}

/// Copies a token. It is not `Clone`, so that each copy of the secrets is deliberate.
fn copy(token: &Token) -> Result<Token, ParseError> {
    let mut copy = Token::new(
        token.app.clone(),
        token.openid.clone(),
        AccessToken::new(token.access_token.expose())?,
        RefreshToken::new(token.refresh_token.expose())?,
    );
    copy.expires_in = token.expires_in;
    copy.scopes = token.scopes.clone();
    Ok(copy)
}

#[derive(Default)]
pub(super) struct Sessions(Mutex<HashMap<String, Session>>);

impl Sessions {
    /// Adds a session with a new ID, and returns its cookie.
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

    /// Removes the session, and returns the cookie that removes its cookie.
    pub(super) fn remove(&self, headers: &HeaderMap) -> HeaderValue {
        id(headers).and_then(|id| self.all().remove(id));
        cookie("", "; Max-Age=0")
    }

    fn all(&self) -> MutexGuard<'_, HashMap<String, Session>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `SameSite=Lax`: a `Strict` cookie is not sent when the browser returns from WeChat.
fn cookie(id: &str, more: &str) -> HeaderValue {
    let text = format!("{COOKIE}={id}; Path=/; HttpOnly; SameSite=Lax{more}");
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""))
}

fn id(headers: &HeaderMap) -> Option<&str> {
    cookies::value(headers, COOKIE)
}
