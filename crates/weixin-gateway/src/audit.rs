//! Events that an operator may have to explain later.

use std::fmt;

use data_encoding::BASE32_NOPAD;

use crate::oidc::{ClientId, RequestId, Timestamp, UserId};

/// An event of the audit log. It never holds a code, a token, a secret or an OpenID.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Event {
    pub(crate) at: Timestamp,
    pub(crate) kind: EventKind,
    pub(crate) client: Option<ClientId>,
    pub(crate) user: Option<UserId>,
    pub(crate) reference: Option<Reference>,
    pub(crate) detail: Option<String>,
}

impl Event {
    pub(crate) const fn new(at: Timestamp, kind: EventKind) -> Self {
        Self {
            at,
            kind,
            client: None,
            user: None,
            reference: None,
            detail: None,
        }
    }
}

/// The kind of an event.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum EventKind {
    ClientAdded,
    ClientChanged,
    ClientDisabled,
    ClientEnabled,
    ClientRemoved,
    ClientSecretAdded,
    ClientSecretRemoved,
    CodeReused,
    ConsentDeclined,
    ConsentGiven,
    GrantRevoked,
    KeyCreated,
    KeyResealed,
    KeyRevoked,
    KeyRotated,
    LoginOk,
    LoginRejected,
    LoginSilent,
    /// A session has ended by a logout.
    LogoutOk,
    /// A client has not accepted a logout token.
    LogoutUndelivered,
    TokenNewerThanRow,
    TokenReused,
    UserConflict,
    UserCreated,
    UserDisabled,
    UserEnabled,
    UserForgotten,
    UserMerged,
    UserSplit,
}

impl EventKind {
    /// The text in the store.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::ClientAdded => "client.added",
            Self::ClientChanged => "client.changed",
            Self::ClientDisabled => "client.disabled",
            Self::ClientEnabled => "client.enabled",
            Self::ClientRemoved => "client.removed",
            Self::ClientSecretAdded => "client.secret_added",
            Self::ClientSecretRemoved => "client.secret_removed",
            Self::CodeReused => "code.reused",
            Self::ConsentDeclined => "consent.declined",
            Self::ConsentGiven => "consent.given",
            Self::GrantRevoked => "grant.revoked",
            Self::KeyCreated => "key.created",
            Self::KeyResealed => "key.resealed",
            Self::KeyRevoked => "key.revoked",
            Self::KeyRotated => "key.rotated",
            Self::LoginOk => "login.ok",
            Self::LoginRejected => "login.rejected",
            Self::LoginSilent => "login.silent",
            Self::LogoutOk => "logout.ok",
            Self::LogoutUndelivered => "logout.undelivered",
            Self::TokenNewerThanRow => "token.newer_than_row",
            Self::TokenReused => "token.reused",
            Self::UserConflict => "user.conflict",
            Self::UserCreated => "user.created",
            Self::UserDisabled => "user.disabled",
            Self::UserEnabled => "user.enabled",
            Self::UserForgotten => "user.forgotten",
            Self::UserMerged => "user.merged",
            Self::UserSplit => "user.split",
        }
    }
}

/// What an error page shows, so that an operator finds its log lines: eight letters, short enough to be read out.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Reference([u8; 5]);

impl Reference {
    /// A reference of these bytes, which are random.
    pub(crate) const fn from_bytes(bytes: [u8; 5]) -> Self {
        Self(bytes)
    }

    /// The reference of a login: the beginning of the ID of its request, so that a page that is loaded again shows the same,
    /// and nothing must be stored for it.
    pub(crate) fn of(request: RequestId) -> Self {
        let mut beginning = [0; 5];
        beginning.copy_from_slice(request.as_bytes().split_at(5).0);
        Self(beginning)
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&BASE32_NOPAD.encode(&self.0).to_ascii_lowercase())
    }
}
