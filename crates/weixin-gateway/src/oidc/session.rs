//! The session of a browser at one issuer.

use weixin::AppId;

use super::{
    id::{IssuerId, RequestId, SessionId, UserId},
    timestamp::Timestamp,
};
use crate::secret::RowSecret;

/// A user who is logged in to one issuer in one browser.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) sid: SessionId,
    pub(crate) secret: RowSecret,
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
    pub(crate) created_at: Timestamp,
    pub(crate) last_seen_at: Timestamp,
    /// The absolute end.
    pub(crate) expires_at: Timestamp,
    pub(crate) ended_at: Option<Timestamp>,
}

/// How the user confirmed the latest login.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum LoginMethod {
    /// A QR code that was scanned, or WeChat for PC.
    Qr,
    /// The consent page inside WeChat.
    InApp,
}

impl LoginMethod {
    /// The text in the store.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Qr => "qr",
            Self::InApp => "in_app",
        }
    }

    pub(crate) fn from_stored(text: &str) -> Option<Self> {
        [Self::Qr, Self::InApp]
            .into_iter()
            .find(|it| it.as_str() == text)
    }

    /// The `amr` of an ID token (Core §2): values of our own, since RFC 8176 has none for them.
    pub(crate) const fn amr(self) -> [&'static str; 2] {
        ["wechat", self.as_str()]
    }
}
