//! The check values of the key files that the nodes use: one row of the audit log, which says when the file was changed.

use sqlx::Row;

use super::{Durability, Store, StoreError, Undo};
use crate::oidc::Timestamp;

const SELECT: &str = "select detail from audit where id = 'key_file'";
const INSERT: &str = "insert into audit (id, at, event, detail)
    values ('key_file', $1, 'key_file.changed', $2) on conflict (id) do nothing";
/// Of several nodes that change it, one does.
const UPDATE: &str = "update audit set at = $1, detail = $2 where id = 'key_file' and detail = $3";
/// A node that is still there.
const RENEW: &str = "update audit set detail = $1 where id = 'key_file' and detail = $2";

impl Store {
    /// What the nodes have left.
    pub(crate) async fn key_file(&self) -> Result<Option<String>, StoreError> {
        let found = self.readers().fetch_optional(sqlx::query(SELECT));
        Ok(found.await?.map(|row| row.try_get(0)).transpose()?)
    }

    /// Replaces what was read. Returns whether it was still there.
    pub(crate) async fn set_key_file(
        &self,
        read: Option<String>,
        text: String,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.write(Durability::Durable, Undo::Nothing, move |connection| {
            Box::pin(async move {
                let query = match read {
                    None => sqlx::query(INSERT).bind(now.millis()).bind(text),
                    Some(read) => {
                        let query = sqlx::query(UPDATE).bind(now.millis()).bind(text);
                        query.bind(read)
                    }
                };
                let done = query.execute(connection).await?;
                Ok(done.rows_affected() == 1)
            })
        })
        .await
    }

    /// Replaces what was read, with the same file. Returns whether it was still there.
    pub(crate) async fn renew_key_file(
        &self,
        read: String,
        text: String,
    ) -> Result<bool, StoreError> {
        self.write(Durability::Relaxed, Undo::Nothing, move |connection| {
            Box::pin(async move {
                let done = sqlx::query(RENEW).bind(text).bind(read);
                Ok(done.execute(connection).await?.rows_affected() == 1)
            })
        })
        .await
    }
}
