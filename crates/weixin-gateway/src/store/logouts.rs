//! The outbox of back-channel logout: a row for each client that must be told of the end of a session.

use sqlx::{AnyConnection, Row, any::AnyRow};

use super::{Durability, JobResult, Store, StoreError, Undo, row};
use crate::oidc::{ClientId, SessionId, Subject, Timestamp};

/// Each client with a grant of the session, also an expired one. The text of the ID makes the row unique.
const INSERT: &str = "insert into logouts (id, client, sid, sub, due_at, attempts)
    select distinct sid || ' ' || client || ' ' || sub, client, sid, sub, $1, 0
    from grants where sid = $2
    on conflict (id) do nothing";
const DUE_CLIENTS: &str = "select client, min(due_at) as due_at from logouts
    where due_at <= $1 and attempts < $2 group by client";

/// Taking a row moves its time to that of the next attempt, so that no other node takes it, and another attempt follows if
/// this one is cut off. The second condition is checked again by a node that has waited for another one's lock.
const TAKE: &str = "update logouts set attempts = attempts + 1, due_at = $1 + case attempts
        when 0 then 120000 when 1 then 300000 when 2 then 780000 else 1800000 end
    where id in (select id from logouts where due_at <= $1 and attempts < $2
        and client = $4 order by due_at limit $3)
    and due_at <= $1
    returning id, client, sid, sub, attempts";
const REMOVE: &str = "delete from logouts where id = $1";

/// Attempts for each client: at once, and after 2, 7, 20 and 50 minutes.
pub(crate) const MAX_ATTEMPTS: i64 = 5;

/// A logout token that a client has not received yet.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct PendingLogout {
    pub(crate) id: String,
    pub(crate) client: ClientId,
    pub(crate) sid: SessionId,
    pub(crate) subject: Subject,
    /// The number of this attempt.
    pub(crate) attempt: i64,
}

impl PendingLogout {
    pub(crate) const fn is_last_attempt(&self) -> bool {
        self.attempt >= MAX_ATTEMPTS
    }
}

impl Store {
    /// The clients that must be told of something now, and since when the first of their rows waits.
    pub(crate) async fn due_clients(
        &self,
        now: Timestamp,
    ) -> Result<Vec<(ClientId, Timestamp)>, StoreError> {
        let query = sqlx::query(DUE_CLIENTS).bind(now.millis());
        let query = self.readers().fetch_all(query.bind(MAX_ATTEMPTS));
        let rows = self.measured("due_logouts", query).await?;
        let due = |row: &AnyRow| Ok((row::text(row, "client")?, row::time(row, "due_at")?));
        Ok(rows.iter().map(due).collect::<sqlx::Result<_>>()?)
    }

    /// Takes rows of a client whose time has come. Of several nodes, one gets each row.
    pub(crate) async fn take_logouts(
        &self,
        client: ClientId,
        limit: usize,
        now: Timestamp,
    ) -> Result<Vec<PendingLogout>, StoreError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.write(Durability::Relaxed, Undo::Nothing, move |connection| {
            Box::pin(async move {
                let query = sqlx::query(TAKE).bind(now.millis()).bind(MAX_ATTEMPTS);
                let query = query.bind(limit).bind(client.to_string());
                let rows = query.fetch_all(connection).await?;
                let rows: sqlx::Result<_> = rows.iter().map(pending).collect();
                Ok(rows?)
            })
        })
        .await
    }

    /// Removes a row: the client has received the token, or never will.
    pub(crate) async fn remove_logout(&self, logout: &PendingLogout) -> Result<(), StoreError> {
        let id = logout.id.clone();
        self.write(Durability::Relaxed, Undo::Nothing, move |connection| {
            Box::pin(async move {
                sqlx::query(REMOVE).bind(id).execute(connection).await?;
                Ok(())
            })
        })
        .await
    }
}

/// Adds a row for each client of a session, in the transaction that ends it.
pub(super) async fn insert(
    connection: &mut AnyConnection,
    sid: SessionId,
    now: Timestamp,
) -> JobResult<()> {
    let query = sqlx::query(INSERT).bind(now.millis());
    query.bind(sid.to_string()).execute(connection).await?;
    Ok(())
}

fn pending(row: &AnyRow) -> sqlx::Result<PendingLogout> {
    Ok(PendingLogout {
        id: row.try_get("id")?,
        client: row::text(row, "client")?,
        sid: row::text(row, "sid")?,
        subject: row::text(row, "sub")?,
        attempt: row.try_get("attempts")?,
    })
}
