//! The session of a browser at one issuer.

use std::time::Duration;

use weixin::AppId;

use super::{
    id::{IssuerId, RequestId, SessionId, UserId},
    timestamp::Timestamp,
};
use crate::secret::{RowSecret, SecretHash};

/// A user who is logged in to one issuer in one browser.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) sid: SessionId,
    pub(crate) secret: RowSecret,
    /// The hash of the cookie by which the browser has it, or has had it before the latest login.
    pub(crate) cookie: SecretHash,
    pub(crate) issuer: IssuerId,
    pub(crate) user: UserId,
    /// The request that the latest login was for. That request is freshly authenticated: comparing IDs needs no clock of
    /// another node.
    pub(crate) request: Option<RequestId>,
    /// When WeChat's response to the latest login came.
    pub(crate) auth_time: Timestamp,
    pub(crate) method: LoginMethod,
    /// The app through which the user logged in.
    pub(crate) app: AppId,
    pub(crate) last_seen_at: Timestamp,
    /// The absolute end.
    pub(crate) expires_at: Timestamp,
    pub(crate) ended_at: Option<Timestamp>,
}

/// How often `last_seen_at` is written: a write for each request would be one too many.
const UPDATE_INTERVAL: Duration = Duration::from_mins(5);

impl Session {
    /// Whether a request at this issuer may use the session: it has neither ended nor expired, and was used not long ago.
    /// The request that it was begun or renewed for may use it in any case, so that `idle` can be zero: then each request
    /// logs in.
    pub(crate) fn is_usable(
        &self,
        issuer: IssuerId,
        request: Option<RequestId>,
        idle: Duration,
        now: Timestamp,
    ) -> bool {
        let is_alive = self.issuer == issuer && self.ended_at.is_none() && now < self.expires_at;
        is_alive && (self.is_for(request) || now < self.last_seen_at.after(idle))
    }

    /// Whether the latest login was for this request.
    pub(crate) fn is_for(&self, request: Option<RequestId>) -> bool {
        request.is_some() && self.request == request
    }

    /// Whether its use must be written down.
    pub(crate) fn is_update_due(&self, now: Timestamp) -> bool {
        now.since(self.last_seen_at) >= UPDATE_INTERVAL
    }
}

/// How the user confirmed the latest login.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum LoginMethod {
    /// A QR code that was scanned, or WeChat for PC.
    Qr,
    /// The consent page inside WeChat.
    InApp,
    /// WeChat confirmed the user without an action of the user.
    Silent,
}

impl LoginMethod {
    /// The text in the store.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Qr => "qr",
            Self::InApp => "in_app",
            Self::Silent => "silent",
        }
    }

    pub(crate) fn from_stored(text: &str) -> Option<Self> {
        [Self::Qr, Self::InApp, Self::Silent]
            .into_iter()
            .find(|it| it.as_str() == text)
    }

    /// The `amr` of an ID token (Core §2): values of our own, since RFC 8176 has none for them.
    pub(crate) const fn amr(self) -> [&'static str; 2] {
        ["wechat", self.as_str()]
    }
}
