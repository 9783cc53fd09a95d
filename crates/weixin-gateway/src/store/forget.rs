//! The removal of a user, of which neither the rows nor the files of SQLite keep a trace.

use std::time::Duration;

use sqlx::AnyConnection;
use weixin::clock::{Clock, SystemClock};

use super::{
    Durability, JobError, JobResult, Store, StoreError, Undo,
    audit::{self, EventId},
    resolved_user::members,
    revoke_many, row,
    subjects::with_known_clients,
    users,
};
use crate::{
    audit::Event,
    oidc::{Timestamp, UserId},
    time::CLOCK_TOLERANCE,
};

const MEMBERS: &str = "select id from users where id = $1 or merged_into = $1 order by id";

/// Events of other users, or of none, whose detail names the user.
macro_rules! naming {
    ($condition:literal) => {
        concat!(
            "select id from audit
            where event in ('user.conflict', 'user.merged', 'user.split')",
            $condition,
            " and exists (select 1 from users where (users.id = $1 or users.merged_into = $1)
                and audit.detail like '%' || users.id || '%')"
        )
    };
}
const NAMING: &str = naming!("");
const NAMING_SINCE: &str = naming!(" and at >= $2");
const ERASE: &str = "update audit set detail = replace(detail, $2, 'forgotten') where id = $1";

/// The users themselves come last: the other statements look them up.
const ROWS: [(&str, &str); 7] = [
    (
        "grants",
        concat!("delete from grants where user_id in ", members!("$1")),
    ),
    (
        "sessions",
        concat!("delete from sessions where user_id in ", members!("$1")),
    ),
    (
        "consents",
        concat!("delete from consents where user_id in ", members!("$1")),
    ),
    (
        "subjects",
        concat!(
            "delete from subjects where (client, user_id) in (",
            with_known_clients!(),
            "select known.client, users.id from known
            cross join users where users.id = $1 or users.merged_into = $1)"
        ),
    ),
    (
        "identities",
        concat!("delete from identities where user_id in ", members!("$1")),
    ),
    (
        "audit",
        concat!("delete from audit where user_id in ", members!("$1")),
    ),
    (
        "users",
        "delete from users where id = $1 or merged_into = $1",
    ),
];

/// Attempts to empty the log, while readers of a gateway use it. Later, the gateway does it each minute.
const LOG_ATTEMPTS: u32 = 20;
const LOG_PAUSE: Duration = Duration::from_millis(50);

/// The rows removed of each table.
pub(crate) type Removed = Vec<(&'static str, u64)>;

/// Where a user is named beside its own rows.
#[derive(Debug)]
struct Traces {
    members: Vec<String>,
    events: Vec<String>,
    read_at: Timestamp,
}

impl Store {
    /// Removes a user with those who were merged into it, and all that depends on them, and records it. A conflict if the
    /// user is gone, or was merged meanwhile.
    pub(crate) async fn forget(
        &self,
        user: UserId,
        (event_id, event): (EventId, Event),
        now: Timestamp,
    ) -> Result<Removed, StoreError> {
        // The whole audit log is read here, and not while other writes wait.
        let traces = self
            .scan(move |connection| Box::pin(async move { traces(connection, user, now).await }));
        let traces = traces.await?;
        let work = self.write(Durability::Durable, Undo::Savepoint, move |connection| {
            Box::pin(async move {
                let removed = forget(connection, user, traces, now).await?;
                audit::insert(connection, event_id, event).await?;
                Ok(removed)
            })
        });
        let removed = work.await?;
        self.empty_log().await;
        Ok(removed)
    }

    /// SQLite's log has the rows as they were before. That it cannot be emptied undoes nothing.
    async fn empty_log(&self) {
        for _ in 0..LOG_ATTEMPTS {
            match self.checkpoint().await {
                Ok(false) => SystemClock.sleep(LOG_PAUSE).await,
                Ok(true) | Err(_) => return,
            }
        }
    }
}

async fn traces(connection: &mut AnyConnection, user: UserId, now: Timestamp) -> JobResult<Traces> {
    let members = members(connection, user).await?;
    let query = sqlx::query_scalar(NAMING).bind(user.to_string());
    Ok(Traces {
        members,
        events: query.fetch_all(connection).await?,
        read_at: now,
    })
}

async fn members(connection: &mut AnyConnection, user: UserId) -> JobResult<Vec<String>> {
    let members = sqlx::query_scalar(MEMBERS).bind(user.to_string());
    Ok(members.fetch_all(connection).await?)
}

async fn forget(
    connection: &mut AnyConnection,
    user: UserId,
    traces: Traces,
    now: Timestamp,
) -> JobResult<Removed> {
    let locked = users::lock(connection, user, now).await?;
    locked.ok_or(JobError::Conflict)?;
    // The events of a user who was merged into this one meanwhile were not looked up.
    if members(connection, user).await? != traces.members {
        return Err(JobError::Conflict);
    }
    erase(connection, user, traces).await?;
    // The clients are told of this end, while grants still name them. The outbox keeps these rows and those of earlier ends
    // until they are delivered.
    revoke_many::sessions_of_user(connection, user, now).await?;
    let mut removed = Vec::new();
    for rows in ROWS {
        removed.push(remove(connection, rows, user).await?);
    }
    Ok(removed)
}

/// Takes the user's IDs out of the events of others.
async fn erase(connection: &mut AnyConnection, user: UserId, traces: Traces) -> JobResult<()> {
    let since = traces.read_at.before(CLOCK_TOLERANCE).millis();
    let query = sqlx::query(NAMING_SINCE).bind(user.to_string()).bind(since);
    let mut events = traces.events;
    for row in query.fetch_all(&mut *connection).await? {
        events.push(row::text(&row, "id")?);
    }
    for event in &events {
        for member in &traces.members {
            let query = sqlx::query(ERASE).bind(event.clone()).bind(member.clone());
            query.execute(&mut *connection).await?;
        }
    }
    Ok(())
}

async fn remove(
    connection: &mut AnyConnection,
    (table, sql): (&'static str, &'static str),
    user: UserId,
) -> JobResult<(&'static str, u64)> {
    let query = sqlx::query(sql).bind(user.to_string());
    Ok((table, query.execute(connection).await?.rows_affected()))
}
