//! The revocation of grants.

use super::{Durability, Store, StoreError, Undo, row};
use crate::{
    oidc::{ClientId, GrantId, Timestamp, UserId},
    secret::RowSecret,
};

/// Whatever has become of the grant: that of a user who is disabled now can be revoked.
const SELECT: &str = "select secret, client, user_id from grants where id = $1";
const REVOKE: &str =
    "update grants set revoked_at = $1, revoked_reason = 'revoked', keep_until = $1
    where id = $2 and revoked_at is null";

/// Whose grant it is.
#[derive(Debug)]
pub(crate) struct GrantOwner {
    pub(crate) secret: RowSecret,
    pub(crate) client: ClientId,
    pub(crate) user: UserId,
}

impl Store {
    /// The owner of the grant that a token names, before the token is verified by the grant's secret.
    pub(crate) async fn grant_owner(&self, id: GrantId) -> Result<Option<GrantOwner>, StoreError> {
        let query = sqlx::query(SELECT).bind(id.to_string());
        let Some(row) = self
            .measured("grant_owner", self.readers().fetch_optional(query))
            .await?
        else {
            return Ok(None);
        };
        Ok(Some(GrantOwner {
            secret: row::secret(&row, "secret")?,
            client: row::text(&row, "client")?,
            user: row::text(&row, "user_id")?,
        }))
    }

    /// Revokes a grant. Whether it was not revoked before.
    pub(crate) async fn revoke(&self, id: GrantId, now: Timestamp) -> Result<bool, StoreError> {
        self.write(Durability::Durable, Undo::Nothing, move |connection| {
            Box::pin(async move {
                let query = sqlx::query(REVOKE).bind(now.millis()).bind(id.to_string());
                Ok(query.execute(connection).await?.rows_affected() == 1)
            })
        })
        .await
    }
}
