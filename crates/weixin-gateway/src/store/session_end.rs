//! The end of a session before its time.

use std::collections::BTreeSet;

use sqlx::{AnyConnection, Row, any::AnyRow};

use super::{
    Durability, JobError, JobResult, Store, StoreError, Undo,
    audit::{self, EventId},
    logins, logouts, row, users,
};
use crate::{
    audit::{Event, EventKind},
    oidc::{ClientId, SessionId, Timestamp, UserId},
    random,
    secret::RowSecret,
};

const END: &str = "update sessions set ended_at = $1, ended_reason = $2
    where sid = $3 and ended_at is null returning user_id";

const ENDED_FOR_GOOD: &str =
    "select 1 from sessions where sid = $1 and ended_reason <> 'other_user'";

const USER: &str = "select coalesce(users.merged_into, users.id) as id
    from sessions join users on users.id = sessions.user_id where sessions.sid = $1";

/// A user who was merged into another one is that one.
const LOGGED_OUT: &str = "update users set logged_out_at = $1
    where id = (select coalesce(merged_into, id) from users where id = $2)";

/// Why a session ended before its time.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum EndReason {
    /// The user logged out on a page of this gateway.
    LoggedOut,
    /// A client logged the user out, by an ID token.
    LoggedOutByClient,
    /// Another user logged in, in the same browser at the same issuer.
    OtherUser,
    /// The operator ended it.
    Revoked,
    /// Its user was split from another one.
    Split,
}

impl EndReason {
    /// The text in the store.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::LoggedOut => "logged_out",
            Self::LoggedOutByClient => "logged_out_by_client",
            Self::OtherUser => "other_user",
            Self::Revoked => "revoked",
            Self::Split => "split",
        }
    }

    /// Whether the user wanted it: then no silent login follows.
    const fn is_logout(self) -> bool {
        matches!(self, Self::LoggedOut | Self::LoggedOutByClient)
    }
}

impl Store {
    /// Whether a logout or the operator has ended a session: neither the login of another user nor its time.
    pub(crate) async fn was_ended(&self, sid: SessionId) -> Result<bool, StoreError> {
        let query = sqlx::query(ENDED_FOR_GOOD).bind(sid.to_string());
        let query = self.readers().fetch_optional(query);
        Ok(self.measured("session_end", query).await?.is_some())
    }

    /// Ends sessions and records each logout, which a client may have started. The logins of the browser that are under way
    /// begin none: these are their `state`s. Returns the sessions that had not ended before, with their users.
    pub(crate) async fn end_sessions(
        &self,
        mut sids: Vec<SessionId>,
        mut states: Vec<String>,
        (reason, client): (EndReason, Option<ClientId>),
        now: Timestamp,
    ) -> Result<Vec<(SessionId, UserId)>, StoreError> {
        if sids.is_empty() {
            return Ok(Vec::new());
        }
        sids.sort_unstable();
        let mut events = Vec::new();
        for _ in &sids {
            events.push(EventId::random()?);
        }
        // In one order, so that two logouts of one browser do not wait for each other.
        states.sort_unstable();
        let mut logins = Vec::new();
        for state in states {
            logins.push((state, RowSecret::from_bytes(random::bytes()?)));
        }
        self.write(Durability::Durable, Undo::Nothing, move |connection| {
            Box::pin(async move {
                lock_users(connection, &sids).await?;
                // Before the sessions, as a login does.
                let noted = logins::end(connection, &logins, now).await;
                noted.map_err(JobError::not_undone)?;
                let mut ended = Vec::new();
                for (sid, event_id) in sids.into_iter().zip(events) {
                    let Some(user) = end(connection, sid, reason, now).await? else {
                        continue;
                    };
                    let event = Event {
                        client: client.clone(),
                        user: Some(user),
                        detail: Some(sid.to_string()),
                        ..Event::new(now, EventKind::LogoutOk)
                    };
                    let recorded = audit::insert(connection, event_id, event).await;
                    recorded.map_err(JobError::not_undone)?;
                    ended.push((sid, user));
                }
                Ok(ended)
            })
        })
        .await
    }
}

/// Locks the users before their sessions, as a login does, and in the order of their IDs, as a merge does: so that on
/// PostgreSQL no two of them wait for each other.
async fn lock_users(connection: &mut AnyConnection, sids: &[SessionId]) -> JobResult<()> {
    let mut owners = BTreeSet::<UserId>::new();
    for sid in sids {
        let query = sqlx::query(USER).bind(sid.to_string());
        if let Some(row) = query.fetch_optional(&mut *connection).await? {
            owners.insert(row::text(&row, "id")?);
        }
    }
    for user in owners {
        users::lock_unseen(connection, user).await?;
    }
    Ok(())
}

/// Ends a session, and notes its clients for back-channel logout. What depends on the session ends by the conditions of each
/// read. `None` if it had ended before.
pub(crate) async fn end(
    connection: &mut AnyConnection,
    sid: SessionId,
    reason: EndReason,
    now: Timestamp,
) -> JobResult<Option<UserId>> {
    let ended = end_unmapped(connection, sid, reason, now).await;
    ended.map_err(JobError::not_undone)
}

async fn end_unmapped(
    connection: &mut AnyConnection,
    sid: SessionId,
    reason: EndReason,
    now: Timestamp,
) -> JobResult<Option<UserId>> {
    let query = sqlx::query(END).bind(now.millis()).bind(reason.as_str());
    let row = query.bind(sid.to_string()).fetch_optional(&mut *connection);
    let Some(row) = row.await? else {
        return Ok(None);
    };
    logouts::insert(connection, sid, now).await?;
    if reason.is_logout() {
        let user: String = row.try_get("user_id")?;
        let query = sqlx::query(LOGGED_OUT).bind(now.millis()).bind(user);
        query.execute(connection).await?;
    }
    Ok(Some(row::text(&row, "user_id")?))
}

/// Notes the clients of sessions that a statement has ended, and that it returns, for back-channel logout. Returns their
/// number.
pub(super) async fn note_ended(
    connection: &mut AnyConnection,
    ended: &[AnyRow],
    now: Timestamp,
) -> JobResult<u64> {
    for row in ended {
        logouts::insert(connection, row::text(row, "sid")?, now).await?;
    }
    Ok(ended.len() as u64)
}
