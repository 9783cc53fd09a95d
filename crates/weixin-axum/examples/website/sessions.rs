//! Sessions in the site's own database, each with its user, so that all of one user's can be ended.

use async_trait::async_trait;
use sqlx::{Row, SqlitePool};
use tower_sessions::{
    SessionStore,
    cookie::time::OffsetDateTime,
    session::{Id, Record},
    session_store::{Error, Result},
};

pub(crate) const SCHEMA: &str = "CREATE TABLE IF NOT EXISTS sessions (
    id TEXT PRIMARY KEY, user INTEGER, data TEXT NOT NULL, expires INTEGER NOT NULL)";

/// The name of the user's id in a session.
pub(crate) const USER: &str = "user";

#[derive(Clone, Debug)]
pub(crate) struct Sessions(pub(crate) SqlitePool);

impl Sessions {
    /// Ends every session of a user, on whatever device.
    pub(crate) async fn end_all(&self, user: i64) -> sqlx::Result<()> {
        let all = sqlx::query("DELETE FROM sessions WHERE user = $1").bind(user);
        all.execute(&self.0).await.map(drop)
    }
}

#[async_trait]
impl SessionStore for Sessions {
    async fn create(&self, record: &mut Record) -> Result<()> {
        // 128 random bits: the same twice will not be seen.
        self.save(record).await
    }

    async fn save(&self, record: &Record) -> Result<()> {
        let data = serde_json::to_string(&record.data);
        let data = data.map_err(|error| Error::Encode(error.to_string()))?;
        let user = record.data.get(USER).and_then(serde_json::Value::as_i64);
        sqlx::query(
            "INSERT INTO sessions (id, user, data, expires) VALUES ($1, $2, $3, $4)
             ON CONFLICT (id) DO UPDATE SET user = $2, data = $3, expires = $4",
        )
        .bind(record.id.to_string())
        .bind(user)
        .bind(data)
        .bind(record.expiry_date.unix_timestamp())
        .execute(&self.0)
        .await
        .map_err(backend)?;
        Ok(())
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let row = sqlx::query("SELECT data, expires FROM sessions WHERE id = $1 AND expires > $2")
            .bind(id.to_string())
            .bind(OffsetDateTime::now_utc().unix_timestamp())
            .fetch_optional(&self.0)
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
        one.execute(&self.0).await.map_err(backend)?;
        Ok(())
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for `map_err(backend)`")]
fn backend(error: sqlx::Error) -> Error {
    Error::Backend(error.to_string())
}
