//! The use of refresh tokens (RFC 9700 §4.14).

use std::time::Duration;

use sqlx::AnyConnection;

use super::{Durability, JobResult, Store, StoreError, Undo, resolved_user::join_user, row};
use crate::oidc::{Grant, GrantLifetimes, Refresh, RefreshOutcome, Timestamp};

/// With rotation, each of a hundred submits of token `n` within the grace period gets `n + 1`, and later ones get nothing.
/// `seq <= n` and not `=`: a token that is newer than its row proves that the row is older, as in a restored backup. Then
/// the newest token wins, and every older one is reuse. A rotation that was noted by a clock that was ahead has no grace period, and is no reuse until then.
const REFRESH: &str = concat!(
    "update grants set
    seq = case when seq <= $2 then $2 + $7 else seq end,
    rotated_at = case when seq <= $2 and $7 = 1 then $3 else rotated_at end,
    expires_at = case when $6 < ends_at then $6 else ends_at end
    where id = $1 and client = $4 and revoked_at is null and expires_at > $3
    and (seq <= $2 or (seq = $2 + 1 and rotated_at > $3 - $5
    and rotated_at <= $3 + 120000))
    and exists (select 1 from (select grants.user_id as id) used ",
    join_user!("used.id"),
    " where users.disabled_at is null)
    and (offline = 1 or exists (select 1 from sessions where sessions.sid = grants.sid
    and sessions.ended_at is null and sessions.expires_at > $3))
    returning seq, expires_at"
);
const REVOKE_REUSED: &str =
    "update grants set revoked_at = $3, revoked_reason = 'reuse', keep_until = $3
    where id = $1 and client = $4 and revoked_at is null and seq > $2
    and (seq > $2 + 1 or rotated_at is null or rotated_at <= $3 - $5)";

/// The part of the idle time after which the use of a token that stays the same is written again: a day of 30.
const IDLE_PART: u32 = 30;

impl Store {
    /// Uses a refresh token. `found` is the grant as it was read for the token. The use of a token that is not rotated is
    /// only written from time to time.
    pub(crate) async fn refresh(
        &self,
        refresh: Refresh,
        found: &Grant,
        lifetimes: &GrantLifetimes,
        now: Timestamp,
    ) -> Result<RefreshOutcome, StoreError> {
        let (idle, grace) = (lifetimes.refresh_token_idle, lifetimes.refresh_token_grace);
        let expires_at = now.after(idle).min(found.ends_at);
        let is_the_same = !refresh.rotates && refresh.number == found.number;
        if is_the_same && expires_at.since(found.expires_at) < idle / IDLE_PART {
            return Ok(RefreshOutcome::Refreshed {
                number: found.number,
                expires_at: found.expires_at,
            });
        }
        // Without a rotation, power loss takes nothing but the latest use.
        let durability = if is_the_same {
            Durability::Relaxed
        } else {
            Durability::Durable
        };
        let statement = Statement {
            refresh,
            expires_at: now.after(idle),
            grace,
            now,
        };
        self.write(durability, Undo::Nothing, move |connection| {
            Box::pin(async move { statement.run(connection).await })
        })
        .await
    }
}

struct Statement {
    refresh: Refresh,
    /// The new idle end; the absolute one may be earlier.
    expires_at: Timestamp,
    grace: Duration,
    now: Timestamp,
}

impl Statement {
    async fn run(&self, connection: &mut AnyConnection) -> JobResult<RefreshOutcome> {
        let query = self.bind(REFRESH).bind(self.expires_at.millis());
        let query = query.bind(i64::from(self.refresh.rotates));
        let row = query.fetch_optional(&mut *connection).await?;
        if let Some(row) = row {
            return Ok(RefreshOutcome::Refreshed {
                number: row::number(&row, "seq")?,
                expires_at: row::time(&row, "expires_at")?,
            });
        }
        let done = self.bind(REVOKE_REUSED).execute(connection).await?;
        Ok(match done.rows_affected() {
            0 => RefreshOutcome::Ended,
            _ => RefreshOutcome::Reused,
        })
    }

    /// Binds the first five parameters.
    fn bind(
        &self,
        sql: &'static str,
    ) -> sqlx::query::Query<'_, sqlx::Any, sqlx::any::AnyArguments> {
        let grace = i64::try_from(self.grace.as_millis()).unwrap_or(i64::MAX);
        sqlx::query(sql)
            .bind(self.refresh.grant.to_string())
            .bind(i64::from(self.refresh.number))
            .bind(self.now.millis())
            .bind(self.refresh.client.as_str())
            .bind(grace)
    }
}
