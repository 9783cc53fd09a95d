//! The outbox of back-channel logout: a row for each client that must be told of the end of a session.

use sqlx::{AnyConnection, Row, any::AnyRow};

use super::{
    Durability, JobResult, Store, StoreError, Undo,
    audit::{self, EventId},
    row,
};
use crate::{
    audit::{Event, EventKind},
    oidc::{ClientId, SessionId, Subject, Timestamp},
};

/// Each client with a grant of the session, also an expired one, but none that was removed since: another client may have its
/// ID. The text of the ID makes the row unique.
const INSERT: &str = "insert into logouts (id, client, sid, sub, due_at, attempts)
    select distinct sid || ' ' || client || ' ' || sub, client, sid, sub, $1, 0
    from grants where sid = $2 and (revoked_reason is null or revoked_reason <> 'client_removed')
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
const REMOVE_CUT_OFF: &str = "delete from logouts where id in
        (select id from logouts where attempts >= $2 and due_at <= $1 limit $3)
    returning id, client, sid";

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

    /// Removes the row of a token that the client has not accepted, and records that.
    pub(crate) async fn give_logout_up(
        &self,
        logout: &PendingLogout,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (id, client, sid) = (logout.id.clone(), logout.client.clone(), logout.sid);
        self.write(Durability::Relaxed, Undo::Nothing, move |connection| {
            Box::pin(async move {
                let query = sqlx::query(REMOVE).bind(&id);
                query.execute(&mut *connection).await?;
                record(connection, &id, client, sid, now).await
            })
        })
        .await
    }

    /// Removes rows whose last attempt has neither succeeded nor failed by this time, because the gateway was ended, and
    /// records each. Returns how many there were: at most the limit.
    pub(super) async fn remove_cut_off(
        &self,
        before: i64,
        limit: i64,
        now: Timestamp,
    ) -> Result<i64, StoreError> {
        self.write(Durability::Relaxed, Undo::Nothing, move |connection| {
            Box::pin(async move {
                let query = sqlx::query(REMOVE_CUT_OFF).bind(before).bind(MAX_ATTEMPTS);
                let rows = query.bind(limit).fetch_all(&mut *connection).await?;
                for row in &rows {
                    let id: String = row.try_get("id")?;
                    let (client, sid) = (row::text(row, "client")?, row::text(row, "sid")?);
                    record(connection, &id, client, sid, now).await?;
                }
                Ok(i64::try_from(rows.len()).unwrap_or(limit))
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

/// Records that a client has not accepted the token of a row.
async fn record(
    connection: &mut AnyConnection,
    row: &str,
    client: ClientId,
    sid: SessionId,
    now: Timestamp,
) -> JobResult<()> {
    let event = Event {
        client: Some(client),
        detail: Some(sid.to_string()),
        ..Event::new(now, EventKind::LogoutUndelivered)
    };
    audit::insert(connection, EventId::undelivered(row), event).await
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
