//! What users have allowed clients. Rows are never removed by time.

use sqlx::AnyConnection;

use super::{Durability, JobResult, Store, StoreError, Undo, row};
use crate::oidc::{ClientId, Scopes, Timestamp, UserId};

/// Users who were merged are one user.
const SELECT: &str = "select consents.scopes
    from users me
    join users owner on owner.id = coalesce(me.merged_into, me.id)
        or owner.merged_into = coalesce(me.merged_into, me.id)
    join consents on consents.user_id = owner.id and consents.client = $2
    where me.id = $1";
const SELECT_OWN: &str = "select scopes from consents where user_id = $1 and client = $2";
/// Not for a client that is being removed, which a node notices some seconds later: another client that gets its ID has been
/// allowed nothing.
const UPSERT: &str = "insert into consents (user_id, client, scopes, created_at)
    select $1, $2, $3, $4 where not exists
    (select 1 from client_revocations where client = $2 and revoked_at >= $5)
    on conflict (user_id, client) do update set scopes = excluded.scopes,
    created_at = excluded.created_at";

impl Store {
    /// The scopes that a user has allowed a client.
    pub(crate) async fn consented(
        &self,
        user: UserId,
        client: &ClientId,
    ) -> Result<Scopes, StoreError> {
        let query = sqlx::query(SELECT).bind(user.to_string());
        let rows = self.readers().fetch_all(query.bind(client.as_str()));
        let rows = self.measured("consents", rows).await?;
        let scopes = rows.into_iter().map(|row| row::text(&row, "scopes"));
        let all = scopes.collect::<sqlx::Result<Vec<Scopes>>>()?;
        Ok(all.into_iter().fold(Scopes::default(), Scopes::union))
    }

    /// Stores that a user allows a client more scopes. Nothing is stored for one that an operator is removing.
    pub(crate) async fn allow(
        &self,
        user: UserId,
        client: &ClientId,
        scopes: Scopes,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let client = client.clone();
        let revoked_since = now.before(self.clock_tolerance()).millis();
        self.write(Durability::Durable, Undo::Nothing, move |connection| {
            Box::pin(async move {
                let before = own(connection, user, &client).await?;
                let query = sqlx::query(UPSERT).bind(user.to_string());
                let query = query.bind(client.to_string());
                let query = query.bind(before.union(scopes).to_string());
                let query = query.bind(now.millis()).bind(revoked_since);
                query.execute(connection).await?;
                Ok(())
            })
        })
        .await
    }
}

async fn own(connection: &mut AnyConnection, user: UserId, client: &ClientId) -> JobResult<Scopes> {
    let query = sqlx::query(SELECT_OWN).bind(user.to_string());
    let row = query.bind(client.to_string()).fetch_optional(connection);
    let scopes = row.await?.map(|row| row::text(&row, "scopes"));
    Ok(scopes.transpose()?.unwrap_or_default())
}
