//! Sessions in the site's own database, each with its user, so that all sessions of a user can be ended.

use async_trait::async_trait;
use sqlx::Row;
use tower_sessions::{
    SessionStore,
    cookie::time::OffsetDateTime,
    session::{Id, Record},
    session_store::{Error, Result},
};

use super::{current_user::USER, database::Database};

#[derive(Clone, Debug)]
pub(crate) struct Sessions(pub(crate) Database);

impl Sessions {
    async fn remove_expired(&self) -> sqlx::Result<()> {
        let expired = sqlx::query("DELETE FROM sessions WHERE expires <= $1").bind(self.0.now());
        expired.execute(&self.0.pool).await.map(drop)
    }

    /// The number of rows that the statement has changed.
    async fn write(&self, statement: &'static str, record: &Record) -> Result<u64> {
        let data = serde_json::to_string(&record.data);
        let data = data.map_err(|error| Error::Encode(error.to_string()))?;
        let user = record.data.get(USER).and_then(serde_json::Value::as_i64);
        let row = sqlx::query(statement)
            .bind(record.id.to_string())
            .bind(user)
            .bind(data)
            .bind(record.expiry_date.unix_timestamp());
        let done = row.execute(&self.0.pool).await.map_err(backend)?;
        Ok(done.rows_affected())
    }
}

#[async_trait]
impl SessionStore for Sessions {
    /// Only logins create sessions, so this is often enough to remove those that have expired.
    async fn create(&self, record: &mut Record) -> Result<()> {
        self.remove_expired().await.map_err(backend)?;
        let insert = "INSERT INTO sessions (id, user, data, expires) VALUES ($1, $2, $3, $4)
                      ON CONFLICT (id) DO NOTHING";
        while self.write(insert, record).await? == 0 {
            record.id = Id::default();
        }
        Ok(())
    }

    /// Changes a session that exists. One that has been ended meanwhile, by a log-out on another device, stays ended.
    async fn save(&self, record: &Record) -> Result<()> {
        let update = "UPDATE sessions SET user = $2, data = $3, expires = $4 WHERE id = $1";
        self.write(update, record).await.map(drop)
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let row = sqlx::query("SELECT data, expires FROM sessions WHERE id = $1 AND expires > $2")
            .bind(id.to_string())
            .bind(self.0.now())
            .fetch_optional(&self.0.pool)
            .await
            .map_err(backend)?;
        let Some(row) = row else {
            return Ok(None);
        };
        let decode = |error: &dyn std::fmt::Display| Error::Decode(error.to_string());
        let data = serde_json::from_str(row.get("data")).map_err(|error| decode(&error))?;
        let expires = OffsetDateTime::from_unix_timestamp(row.get("expires"));
        Ok(Some(Record {
            id: *id,
            data,
            expiry_date: expires.map_err(|error| decode(&error))?,
        }))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        let one = sqlx::query("DELETE FROM sessions WHERE id = $1").bind(id.to_string());
        one.execute(&self.0.pool).await.map(drop).map_err(backend)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for `map_err(backend)`")]
fn backend(error: sqlx::Error) -> Error {
    Error::Backend(error.to_string())
}
