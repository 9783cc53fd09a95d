//! The end of sessions and grants by the operator. Everything that reads them checks it each time.

use std::time::Duration;

use sqlx::AnyConnection;
use weixin::clock::{Clock, SystemClock};

use super::{
    Durability, JobResult, Store, StoreError, Undo,
    merges::Ended,
    postgres,
    resolved_user::members,
    session_end::{self, EndReason},
    users,
};
use crate::oidc::{ClientId, Timestamp, UserId};

/// Attempts to find no transaction on the grants, and the pause between them.
const LOCK_ATTEMPTS: u32 = 60;
const LOCK_PAUSE: Duration = Duration::from_secs(1);

type AnyQuery<'q> = sqlx::query::Query<'q, sqlx::Any, sqlx::any::AnyArguments>;

/// Rows of which a batch reads the next ones. The server's writes come between two batches.
macro_rules! last_of_batch {
    ($id:literal, $table:literal) => {
        concat!(
            "select max(id) as last from (select ",
            $id,
            " as id from ",
            $table,
            " where ",
            $id,
            " > $1 order by ",
            $id,
            " limit 250) batch"
        )
    };
}
pub(super) use last_of_batch;

const LAST_SESSION: &str = last_of_batch!("sid", "sessions");
const LAST_GRANT: &str = last_of_batch!("id", "grants");
/// Whatever their times: the clock of a node, or of the command, may have been wrong. Sessions that begin meanwhile have random
/// IDs. Those before the batch stay, so that the command ends however many they are.
const SESSIONS: &str = "update sessions set ended_at = $1, ended_reason = $2
    where sid > $3 and sid <= $4 and ended_at is null
    returning sid";
/// Once the sessions have ended: those that are open have begun after the command, and so have their grants. A code of a
/// session that was still open may have given a grant meanwhile.
const GRANTS: &str = "update grants set revoked_at = $1, revoked_reason = $2, keep_until = $1
    where id > $3 and id <= $4 and revoked_at is null
    and not exists (select 1 from sessions where sessions.sid = grants.sid
        and sessions.ended_at is null)";
const GRANTS_OF_CLIENT: &str = "update grants
    set revoked_at = $1, revoked_reason = $2, keep_until = $1
    where id > $3 and id <= $4 and client = $5 and revoked_at is null";
const SESSIONS_OF_USER: &str = concat!(
    "update sessions set ended_at = $1, ended_reason = $2
    where ended_at is null and user_id in ",
    members!("$3"),
    " returning sid"
);
const GRANTS_OF_USER: &str = concat!(
    "update grants set revoked_at = $1, revoked_reason = $2, keep_until = $1
    where revoked_at is null and user_id in ",
    members!("$3"),
);

/// Of two commands, the later one counts, but not one whose clock was minutes ahead.
const CODES_OF_CLIENT: &str = "insert into client_revocations (client, revoked_at) values ($1, $2)
    on conflict (client) do update set revoked_at = excluded.revoked_at
    where client_revocations.revoked_at < excluded.revoked_at
    or client_revocations.revoked_at > excluded.revoked_at + 120000";

/// Revokes the codes that a client has been issued until now: they are no rows yet, and are redeemed for a minute. With
/// PostgreSQL, those that it is issued in the minute after that are rejected too: only the time tells them apart, which a
/// fast node may have noted.
pub(crate) async fn codes_of_client(
    connection: &mut AnyConnection,
    client: &ClientId,
    now: Timestamp,
) -> JobResult<()> {
    let query = sqlx::query(CODES_OF_CLIENT).bind(client.to_string());
    query.bind(now.millis()).execute(connection).await?;
    Ok(())
}

impl Store {
    /// Waits for the redemptions that run: they may not have seen that the codes of their client were revoked just before.
    /// Their grants are read from now on. Returns whether some may have run: with SQLite, none runs beside another write.
    ///
    /// Other transactions on the grants may take long, such as `vacuum`. What clients redeem and refresh must not wait for
    /// them: it goes on between the attempts.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store fails, or if such a transaction takes longer than all attempts.
    pub(crate) async fn finish_redemptions(&self) -> Result<bool, StoreError> {
        if self.is_sqlite() {
            return Ok(false);
        }
        let mut attempts = 0;
        loop {
            let work = self.write(Durability::Relaxed, Undo::Nothing, move |connection| {
                Box::pin(async move {
                    Ok(postgres::lock_soon(connection, &["grants"], attempts).await?)
                })
            });
            attempts += 1;
            match work.await {
                Err(error) if error.is_lock_timeout() && attempts < LOCK_ATTEMPTS => {}
                result => return result.map(|()| true),
            }
            SystemClock.sleep(LOCK_PAUSE).await;
        }
    }
}

/// The sessions and grants that are still to be read: those with greater IDs.
#[derive(Clone, Debug)]
pub(crate) struct Remaining {
    sessions: Option<String>,
    grants: Option<String>,
}

impl Remaining {
    /// All sessions and grants.
    pub(crate) fn all() -> Self {
        Self {
            sessions: Some(String::new()),
            grants: Some(String::new()),
        }
    }

    /// All grants, whose client is to be compared.
    pub(crate) fn grants() -> Self {
        Self {
            sessions: None,
            ..Self::all()
        }
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.sessions.is_none() && self.grants.is_none()
    }
}

/// Ends a batch of all sessions and then of all grants, or of the grants of a client.
///
/// What is there while the command runs ends, also what has expired: by which clock, no one knows. A login during that time may
/// be lost; one after it stays valid. Codes are no rows: see [`codes_of_client`].
pub(crate) async fn batch(
    connection: &mut AnyConnection,
    client: Option<&ClientId>,
    remaining: Remaining,
    now: Timestamp,
) -> JobResult<(Ended, Remaining)> {
    let (mut ended, mut next) = (Ended::default(), remaining.clone());
    match (remaining.sessions, remaining.grants) {
        (Some(after), _) => {
            next.sessions = last(connection, LAST_SESSION, &after).await?;
            if let Some(last) = &next.sessions {
                let query = bound(SESSIONS, now, after).bind(last.clone());
                let rows = query.fetch_all(&mut *connection).await?;
                ended.sessions = session_end::note_ended(connection, &rows, now).await?;
            }
        }
        (None, Some(after)) => {
            next.grants = last(connection, LAST_GRANT, &after).await?;
            if let Some(last) = &next.grants {
                let sql = client.map_or(GRANTS, |_| GRANTS_OF_CLIENT);
                let query = bound(sql, now, after).bind(last.clone());
                let query = match client {
                    Some(client) => query.bind(client.to_string()),
                    None => query,
                };
                ended.grants = query.execute(connection).await?.rows_affected();
            }
        }
        (None, None) => {}
    }
    Ok((ended, next))
}

/// The last ID of a batch. `None` if there is none after this one.
pub(super) async fn last(
    connection: &mut AnyConnection,
    sql: &'static str,
    after: &str,
) -> JobResult<Option<String>> {
    let last = sqlx::query_scalar(sql).bind(after.to_owned());
    Ok(last.fetch_one(connection).await?)
}

/// Ends all sessions and grants of a user who is not merged into another one.
pub(crate) async fn of_user(
    connection: &mut AnyConnection,
    user: UserId,
    now: Timestamp,
) -> JobResult<Ended> {
    users::lock_unseen(connection, user).await?;
    let sessions = sessions_of_user(connection, user, now).await?;
    let query = bound(GRANTS_OF_USER, now, user.to_string());
    let grants = query.execute(connection).await?.rows_affected();
    Ok(Ended { sessions, grants })
}

/// Ends all sessions of a user, as [`of_user`] does, before their rows are removed.
pub(super) async fn sessions_of_user(
    connection: &mut AnyConnection,
    user: UserId,
    now: Timestamp,
) -> JobResult<u64> {
    let query = bound(SESSIONS_OF_USER, now, user.to_string());
    let rows = query.fetch_all(&mut *connection).await?;
    session_end::note_ended(connection, &rows, now).await
}

/// Binds the first three parameters.
fn bound(sql: &'static str, now: Timestamp, third: String) -> AnyQuery<'static> {
    let query = sqlx::query(sql).bind(now.millis());
    query.bind(EndReason::Revoked.as_str()).bind(third)
}
