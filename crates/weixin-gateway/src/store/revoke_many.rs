//! The end of sessions and grants by the operator. Everything that reads them checks it each time.

use sqlx::AnyConnection;

use super::{
    JobResult,
    merges::Ended,
    resolved_user::members,
    session_end::{self, EndReason},
};
use crate::oidc::{ClientId, Timestamp, UserId};

type AnyQuery<'q> = sqlx::query::Query<'q, sqlx::Any, sqlx::any::AnyArguments>;

/// Rows of one batch. The server's writes come between two batches.
pub(crate) const BATCH: u64 = 1_000;

/// What began after the command is not its concern: else it might never end.
const SESSIONS: &str = "update sessions set ended_at = $1, ended_reason = $2 where sid in
    (select sid from sessions where ended_at is null and created_at <= $1 and expires_at > $1
    limit 1000)
    returning sid";
const GRANTS: &str =
    "update grants set revoked_at = $1, revoked_reason = $2, keep_until = $1 where id in
    (select id from grants where revoked_at is null and created_at <= $1 and expires_at > $1
    limit 1000)";
const GRANTS_OF_CLIENT: &str = "update grants
    set revoked_at = $1, revoked_reason = $2, keep_until = $1 where id in (select id from grants where client = $3 and revoked_at is null and created_at <= $1
    and expires_at > $1 limit 1000)";
const SESSIONS_OF_USER: &str = concat!(
    "update sessions set ended_at = $1, ended_reason = $2
    where ended_at is null and expires_at > $1 and user_id in ",
    members!("$3"),
    " returning sid"
);
const GRANTS_OF_USER: &str = concat!(
    "update grants set revoked_at = $1, revoked_reason = $2, keep_until = $1
    where revoked_at is null and expires_at > $1 and user_id in ",
    members!("$3")
);

/// Of two commands, the later one counts.
const CODES_OF_CLIENT: &str = "insert into client_revocations (client, revoked_at) values ($1, $2)
    on conflict (client) do update set revoked_at = excluded.revoked_at
    where client_revocations.revoked_at < excluded.revoked_at";

/// Revokes the codes that a client has been issued until now: they are no rows yet, and are redeemed for a minute.
pub(crate) async fn codes_of_client(
    connection: &mut AnyConnection,
    client: &ClientId,
    now: Timestamp,
) -> JobResult<()> {
    let query = sqlx::query(CODES_OF_CLIENT).bind(client.to_string());
    query.bind(now.millis()).execute(connection).await?;
    Ok(())
}

/// Ends a batch of all sessions and grants.
pub(crate) async fn all(connection: &mut AnyConnection, now: Timestamp) -> JobResult<Ended> {
    Ok(Ended {
        sessions: end(connection, SESSIONS, now, None).await?,
        grants: revoke(connection, GRANTS, now, None).await?,
    })
}

/// Revokes a batch of the grants of a client.
pub(crate) async fn of_client(
    connection: &mut AnyConnection,
    client: &ClientId,
    now: Timestamp,
) -> JobResult<Ended> {
    let client = client.to_string();
    Ok(Ended {
        sessions: 0,
        grants: revoke(connection, GRANTS_OF_CLIENT, now, Some(client)).await?,
    })
}

/// Ends all sessions and grants of a user who is not merged into another one.
pub(crate) async fn of_user(
    connection: &mut AnyConnection,
    user: UserId,
    now: Timestamp,
) -> JobResult<Ended> {
    let user = Some(user.to_string());
    Ok(Ended {
        sessions: end(connection, SESSIONS_OF_USER, now, user.clone()).await?,
        grants: revoke(connection, GRANTS_OF_USER, now, user).await?,
    })
}

/// Ends all sessions of a user, as [`of_user`] does, before their rows are removed.
pub(super) async fn sessions_of_user(
    connection: &mut AnyConnection,
    user: UserId,
    now: Timestamp,
) -> JobResult<u64> {
    end(connection, SESSIONS_OF_USER, now, Some(user.to_string())).await
}

async fn end(
    connection: &mut AnyConnection,
    sql: &'static str,
    now: Timestamp,
    of: Option<String>,
) -> JobResult<u64> {
    let query = bound(sql, now, of);
    let ended = query.fetch_all(&mut *connection).await?;
    session_end::note_ended(connection, &ended, now).await
}

async fn revoke(
    connection: &mut AnyConnection,
    sql: &'static str,
    now: Timestamp,
    of: Option<String>,
) -> JobResult<u64> {
    let query = bound(sql, now, of);
    Ok(query.execute(connection).await?.rows_affected())
}

fn bound(sql: &'static str, now: Timestamp, of: Option<String>) -> AnyQuery<'static> {
    let query = sqlx::query(sql).bind(now.millis());
    let query = query.bind(EndReason::Revoked.as_str());
    match of {
        Some(of) => query.bind(of),
        None => query,
    }
}
