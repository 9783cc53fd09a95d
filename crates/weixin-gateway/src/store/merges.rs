//! Users who turned out to be one. The row of the absorbed user names the kept one, and every read resolves it: identities,
//! sessions, grants, consents and subjects stay where they are. So a merge loses nothing of a login in progress, changes
//! no `sub`, and a split undoes it.

use sqlx::AnyConnection;

use super::{
    JobError, JobResult,
    resolved_user::members,
    session_end::{self, EndReason},
    users::{self, LockedUser},
};
use crate::oidc::{Timestamp, UserId};

const ABSORB: &str = "update users set merged_into = $1, merged_at = $2
    where id = $3 and merged_into is null";
/// No chain is longer than one.
const REPOINT: &str = "update users set merged_into = $1 where merged_into = $2";
const IS_MERGED: &str = "select 1 from users where id = $1 and merged_into = $2";
const END_SESSIONS: &str = concat!(
    "update sessions set ended_at = $2, ended_reason = $3
    where ended_at is null and user_id in ",
    members!("$1"),
    " returning sid"
);
const REVOKE_GRANTS: &str = concat!(
    "update grants set revoked_at = $2, revoked_reason = $3, keep_until = $2
    where revoked_at is null and user_id in ",
    members!("$1")
);
const SPLIT: &str = "update users set merged_into = null, merged_at = null where id = $1";

/// A kept user, and the one who is absorbed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Merge {
    pub(crate) kept: UserId,
    pub(crate) absorbed: UserId,
}

impl Merge {
    /// Locks both users in the order of their IDs, so that two merges never wait for each other. A conflict if one of them
    /// was merged or removed meanwhile.
    pub(crate) async fn lock(
        self,
        connection: &mut AnyConnection,
        now: Timestamp,
    ) -> JobResult<LockedPair> {
        let (first, second) = (self.kept.min(self.absorbed), self.kept.max(self.absorbed));
        let first = users::lock(connection, first, now).await?;
        let second = users::lock(connection, second, now).await?;
        let (Some(first), Some(second)) = (first, second) else {
            return Err(JobError::Conflict);
        };
        let (kept, absorbed) = if self.kept < self.absorbed {
            (first, second)
        } else {
            (second, first)
        };
        Ok(LockedPair { kept, absorbed })
    }

    /// Merges two users who are locked.
    pub(crate) async fn store(
        self,
        connection: &mut AnyConnection,
        now: Timestamp,
    ) -> JobResult<()> {
        let (kept, absorbed) = (self.kept.to_string(), self.absorbed.to_string());
        let query = sqlx::query(ABSORB).bind(&kept).bind(now.millis());
        query.bind(&absorbed).execute(&mut *connection).await?;
        let query = sqlx::query(REPOINT).bind(&kept).bind(&absorbed);
        query.execute(connection).await?;
        Ok(())
    }

    /// Undoes a merge. All sessions and grants end, as each may belong to either user: both log in again. Which have begun
    /// before the merge, only clocks would tell, one of which may have been wrong: no browser of one user keeps a session of
    /// the other.
    pub(crate) async fn split(
        self,
        connection: &mut AnyConnection,
        now: Timestamp,
    ) -> JobResult<Ended> {
        users::lock(connection, self.kept, now)
            .await?
            .ok_or(JobError::Conflict)?;
        let (kept, absorbed) = (self.kept.to_string(), self.absorbed.to_string());
        let query = sqlx::query(IS_MERGED).bind(&absorbed).bind(&kept);
        let merged = query.fetch_optional(&mut *connection).await?;
        merged.ok_or(JobError::Conflict)?;
        let bound = |sql: &'static str| {
            let query = sqlx::query(sql).bind(&kept).bind(now.millis());
            query.bind(EndReason::Split.as_str())
        };
        let ended = bound(END_SESSIONS).fetch_all(&mut *connection).await?;
        let sessions = session_end::note_ended(connection, &ended, now).await?;
        let revoked = bound(REVOKE_GRANTS).execute(&mut *connection).await?;
        let query = sqlx::query(SPLIT).bind(absorbed);
        query.execute(connection).await?;
        Ok(Ended {
            sessions,
            grants: revoked.rows_affected(),
        })
    }
}

/// The two users of a merge, locked until the transaction ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct LockedPair {
    pub(crate) kept: LockedUser,
    pub(crate) absorbed: LockedUser,
}

/// How many sessions and grants have ended.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Ended {
    pub(crate) sessions: u64,
    pub(crate) grants: u64,
}
