//! Signing keys, whose private parts are encrypted before they come here.

use sqlx::{AnyConnection, Row, any::AnyRow};

use super::{Durability, JobResult, Store, StoreError, Undo, row};
use crate::{
    keys::{KeyId, SealedKey},
    oidc::{Algorithm, Timestamp},
};

const SELECT: &str =
    "select kid, alg, number, encrypted_key, published_at, active_at, retired_at, removed_at
    from keys order by alg, number";
/// Of several nodes that add the next key of an algorithm, one does.
const INSERT: &str = "insert into keys
    (kid, alg, number, encrypted_key, published_at, active_at, retired_at, removed_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing";
/// Earlier times stay.
const END: &str = "update keys set
    retired_at = case when retired_at is null or retired_at > $3 then $3 else retired_at end,
    removed_at = case when removed_at is null or removed_at > $4 then $4 else removed_at end
    where alg = $1 and number < $2";

const ACTIVATE: &str = "update keys set active_at = $2 where kid = $1 and active_at > $2";
const RESEAL: &str = "update keys set encrypted_key = $3 where kid = $1 and encrypted_key = $2";

impl Store {
    /// All keys that there ever were, the oldest of each algorithm first.
    pub(crate) async fn keys(&self) -> Result<Vec<SealedKey>, StoreError> {
        let query = self.readers().fetch_all(sqlx::query(SELECT));
        let rows = self.measured("keys", query).await?;
        Ok(rows.iter().map(key).collect::<Result<_, _>>()?)
    }

    /// Adds the next key of its algorithm. Those before it stop signing when it begins, and leave the JWKS at the other
    /// time. Returns whether it was added: if not, another node was faster, and the keys must be read again.
    pub(crate) async fn insert_key(
        &self,
        key: SealedKey,
        others_removed_at: Timestamp,
    ) -> Result<bool, StoreError> {
        self.write(Durability::Durable, Undo::Nothing, move |connection| {
            Box::pin(async move {
                let (algorithm, number, active_at) = (key.algorithm, key.number, key.active_at);
                let inserted = insert(connection, key).await?;
                if inserted {
                    let others = (algorithm, number);
                    end_before(connection, others, active_at, others_removed_at).await?;
                }
                Ok(inserted)
            })
        })
        .await
    }

    /// Lets a key sign, from this time, that is published so far. Those before it stop then, and leave the JWKS at the other
    /// time. Returns whether it was to begin later.
    pub(crate) async fn activate_key(
        &self,
        key: SealedKey,
        others_removed_at: Timestamp,
        active_at: Timestamp,
    ) -> Result<bool, StoreError> {
        self.write(Durability::Durable, Undo::Nothing, move |connection| {
            Box::pin(async move {
                let query = sqlx::query(ACTIVATE).bind(key.kid.to_string());
                let done = query
                    .bind(active_at.millis())
                    .execute(&mut *connection)
                    .await?;
                let activated = done.rows_affected() == 1;
                if activated {
                    let others = (key.algorithm, key.number);
                    end_before(connection, others, active_at, others_removed_at).await?;
                }
                Ok(activated)
            })
        })
        .await
    }

    /// Replaces what a key is encrypted with. Returns whether it was still as it was read.
    pub(crate) async fn reseal_key(
        &self,
        kid: KeyId,
        old: Vec<u8>,
        new: Vec<u8>,
    ) -> Result<bool, StoreError> {
        self.write(Durability::Durable, Undo::Nothing, move |connection| {
            Box::pin(async move {
                let query = sqlx::query(RESEAL).bind(kid.to_string());
                let done = query.bind(old).bind(new).execute(connection).await?;
                Ok(done.rows_affected() == 1)
            })
        })
        .await
    }
}

/// Ends the keys of an algorithm before one with this number.
async fn end_before(
    connection: &mut AnyConnection,
    (algorithm, number): (Algorithm, i64),
    retired_at: Timestamp,
    removed_at: Timestamp,
) -> JobResult<()> {
    let query = sqlx::query(END).bind(algorithm.as_str()).bind(number);
    let query = query.bind(retired_at.millis()).bind(removed_at.millis());
    query.execute(connection).await?;
    Ok(())
}

async fn insert(connection: &mut AnyConnection, key: SealedKey) -> JobResult<bool> {
    let done = sqlx::query(INSERT)
        .bind(key.kid.to_string())
        .bind(key.algorithm.as_str())
        .bind(key.number)
        .bind(key.sealed)
        .bind(key.published_at.millis())
        .bind(key.active_at.millis())
        .bind(key.retired_at.map(Timestamp::millis))
        .bind(key.removed_at.map(Timestamp::millis))
        .execute(connection)
        .await?;
    Ok(done.rows_affected() == 1)
}

fn key(row: &AnyRow) -> sqlx::Result<SealedKey> {
    Ok(SealedKey {
        kid: KeyId::from_stored(row.try_get("kid")?),
        algorithm: row::word(row, "alg", Algorithm::from_stored)?,
        number: row.try_get("number")?,
        sealed: row.try_get("encrypted_key")?,
        published_at: row::time(row, "published_at")?,
        active_at: row::time(row, "active_at")?,
        retired_at: row::optional_time(row, "retired_at")?,
        removed_at: row::optional_time(row, "removed_at")?,
    })
}
