//! Signing keys, whose private parts are encrypted before they come here.

use sqlx::{Row, any::AnyRow};

use super::{Durability, Store, StoreError, Undo, row};
use crate::{
    keys::{KeyId, SealedKey},
    oidc::{Algorithm, Timestamp},
};

const SELECT: &str =
    "select kid, alg, encrypted_key, published_at, active_at, retired_at, removed_at
    from keys where removed_at is null order by alg, number";
/// Of several nodes that add the first key of an algorithm, one does.
const INSERT_FIRST: &str = "insert into keys
    (kid, alg, number, encrypted_key, published_at, active_at, retired_at, removed_at)
    values ($1, $2, 1, $3, $4, $5, $6, $7) on conflict do nothing";

impl Store {
    /// All keys that are published, the oldest of each algorithm first.
    pub(crate) async fn keys(&self) -> Result<Vec<SealedKey>, StoreError> {
        let rows = sqlx::query(SELECT).fetch_all(self.readers()).await?;
        Ok(rows.iter().map(key).collect::<Result<_, _>>()?)
    }

    /// Stores the first key of its algorithm. Returns whether it is the first: if not, read the keys again.
    pub(crate) async fn insert_first_key(&self, key: SealedKey) -> Result<bool, StoreError> {
        self.write(Durability::Durable, Undo::Nothing, move |connection| {
            Box::pin(async move {
                let done = sqlx::query(INSERT_FIRST)
                    .bind(key.kid.as_str())
                    .bind(key.algorithm.as_str())
                    .bind(key.sealed)
                    .bind(key.published_at.millis())
                    .bind(key.active_at.millis())
                    .bind(key.retired_at.map(Timestamp::millis))
                    .bind(key.removed_at.map(Timestamp::millis))
                    .execute(connection)
                    .await?;
                Ok(done.rows_affected() == 1)
            })
        })
        .await
    }
}

fn key(row: &AnyRow) -> sqlx::Result<SealedKey> {
    Ok(SealedKey {
        kid: KeyId::from_stored(row.try_get("kid")?),
        algorithm: row::word(row, "alg", Algorithm::from_stored)?,
        sealed: row.try_get("encrypted_key")?,
        published_at: row::time(row, "published_at")?,
        active_at: row::time(row, "active_at")?,
        retired_at: row::optional_time(row, "retired_at")?,
        removed_at: row::optional_time(row, "removed_at")?,
    })
}
