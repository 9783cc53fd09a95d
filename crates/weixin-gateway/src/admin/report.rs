//! What an operator sees of users, events and changes.

use std::time::SystemTime;

use crate::store::{audit::StoredEvent, merges::Ended, user_records::UserRecord};

/// A user with those who were merged into it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct UserReport {
    /// The ID, which is the `sub` of clients that knew no other user before a merge.
    pub id: String,
    /// The nickname, as the user chose it.
    pub nickname: Option<String>,
    /// When the user logged in for the first time.
    pub created_at: SystemTime,
    /// When the user last logged in, or was changed.
    pub last_seen_at: SystemTime,
    /// When the operator disabled the user.
    pub disabled_at: Option<SystemTime>,
    /// The users who were merged into this one, and when.
    pub merged: Vec<(String, SystemTime)>,
    /// Each UnionID.
    pub unionids: Vec<String>,
    /// Each OpenID with its app ID.
    pub openids: Vec<(String, String)>,
    /// Each client with each `sub` that it has received. After a merge a client can have several: the first one is what it
    /// receives now, the others are in tokens of before.
    pub subjects: Vec<(String, String)>,
    /// How many sessions are valid.
    pub sessions: u64,
    /// How many grants are valid.
    pub grants: u64,
}

impl From<UserRecord> for UserReport {
    fn from(user: UserRecord) -> Self {
        use weixin::identity::Identity;

        let (mut unionids, mut openids) = (Vec::new(), Vec::new());
        for identity in user.identities {
            match identity {
                Identity::UnionId(id) => unionids.push(id.to_string()),
                Identity::OpenId { app, openid } => openids.push((app.into(), openid.into())),
                _ => {}
            }
        }
        let merged = user.merged.into_iter();
        Self {
            id: user.id.to_string(),
            nickname: user.nickname,
            created_at: user.created_at.into(),
            last_seen_at: user.last_seen_at.into(),
            disabled_at: user.disabled_at.map(Into::into),
            merged: merged
                .map(|(id, time)| (id.to_string(), time.into()))
                .collect(),
            unionids,
            openids,
            subjects: user.subjects,
            sessions: user.sessions.unsigned_abs(),
            grants: user.grants.unsigned_abs(),
        }
    }
}

/// An event of the audit log.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AuditEvent {
    /// When it happened.
    pub at: SystemTime,
    /// Its kind, such as `login.rejected`.
    pub kind: String,
    /// The client of the login.
    pub client: Option<String>,
    /// The user, if it is known.
    pub user: Option<String>,
    /// The reason of a rejection, or the other users of a merge or a conflict.
    pub detail: Option<String>,
}

impl From<StoredEvent> for AuditEvent {
    fn from(event: StoredEvent) -> Self {
        Self {
            at: event.at.into(),
            kind: event.kind,
            client: event.client,
            user: event.user,
            detail: event.detail,
        }
    }
}

/// What has ended.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Revoked {
    /// The sessions.
    pub sessions: u64,
    /// The grants, each with its tokens.
    pub grants: u64,
}

impl From<Ended> for Revoked {
    fn from(Ended { sessions, grants }: Ended) -> Self {
        Self { sessions, grants }
    }
}

/// What [`Admin::revoke`](super::Admin::revoke) ends.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum RevokeTarget {
    /// All sessions and grants.
    All,
    /// The grants of the client with this ID. A session belongs to no client.
    Client(String),
    /// The sessions and grants of the user with this ID.
    User(String),
}
