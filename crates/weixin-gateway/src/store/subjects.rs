//! The `sub` that each client has received for each user. Rows are never changed, and never removed by time.

use sqlx::AnyConnection;

use super::{
    JobError, JobResult, Store, StoreError,
    resolved_user::{join_user, subject_owner},
    row,
};
use crate::oidc::{ClientId, NewGrant, Subject, UserId};

/// Begins a statement with `known`: the clients that have received a `sub`, read one after the other. No index begins with
/// the user or the `sub`, and an index by them alone would serve an operator's searches only.
macro_rules! with_known_clients {
    () => {
        "with recursive known (client) as (
            select min(client) from subjects
            union all
            select (select min(subjects.client) from subjects
                where subjects.client > known.client)
            from known where known.client is not null) "
    };
}
pub(super) use with_known_clients;

/// Without it, a merge on PostgreSQL could come between this and the row, and the client receive a second `sub`.
const LOCK: &str = "update users set last_seen_at = $1 where merged_into is null and id =
    (select coalesce(origin.merged_into, origin.id)
    from sessions join users origin on origin.id = sessions.user_id where sessions.sid = $2)";

/// The user's own ID, for a client that receives a `sub` for the first time.
const INSERT: &str = concat!(
    "insert into subjects (client, user_id, sub, created_at)
    select $1, users.id, users.id, $2 from sessions ",
    join_user!("sessions.user_id"),
    " where sessions.sid = $3 and sessions.issuer = $4 and sessions.ended_at is null
    and sessions.expires_at > $2 and users.disabled_at is null and ",
    subject_owner!("$1"),
    " is null on conflict do nothing"
);

/// A user who was merged into another one is that one.
const SELECT_USER: &str = "select coalesce(users.merged_into, users.id) as user_id
    from subjects join users on users.id = subjects.user_id
    where subjects.client = $1 and subjects.sub = $2";

impl Store {
    /// The user whom a client knows by this `sub`, such as that of an `id_token_hint`.
    pub(crate) async fn user_of_subject(
        &self,
        client: &ClientId,
        subject: &Subject,
    ) -> Result<Option<UserId>, StoreError> {
        let query = sqlx::query(SELECT_USER).bind(client.as_str());
        let query = query.bind(subject.as_str());
        let row = self
            .measured("subject", self.readers().fetch_optional(query))
            .await?;
        Ok(row.map(|row| row::text(&row, "user_id")).transpose()?)
    }
}

/// Stores what the client of a new grant receives as `sub`, if it has received nothing yet. A conflict if the session is gone,
/// or its user was merged meanwhile.
pub(super) async fn insert_first(
    connection: &mut AnyConnection,
    grant: &NewGrant,
) -> JobResult<()> {
    let query = sqlx::query(LOCK).bind(grant.created_at.millis());
    let locked = query.bind(grant.sid.to_string());
    if locked.execute(&mut *connection).await?.rows_affected() == 0 {
        return Err(JobError::Conflict);
    }
    let query = sqlx::query(INSERT).bind(grant.client.as_str());
    let query = query
        .bind(grant.created_at.millis())
        .bind(grant.sid.to_string());
    let query = query.bind(grant.issuer.to_string());
    query.execute(connection).await?;
    Ok(())
}
