//! Records in SQLite or PostgreSQL, by one SQL text.

use std::time::SystemTime;

use sqlx::{
    AnyPool, Row,
    any::{AnyPoolOptions, AnyRow, install_default_drivers},
};

use super::{Record, Store, StoreError, StoreFuture, StoreKeys, Version, milliseconds, time_of};

const TABLE: &str = "create table if not exists weixin_store (
    key text primary key,
    version bigint not null,
    expires bigint not null,
    value bytea not null
)";

/// Keeps records in SQLite or PostgreSQL, encrypted, in a table `weixin_store` of three plain columns and a key.
#[derive(Debug)]
pub struct SqlStore {
    pool: AnyPool,
    keys: StoreKeys,
}

impl SqlStore {
    /// Connects, and makes the table if there is none: `sqlite:tokens.db?mode=rwc`, or
    /// `postgres://user:password@host/database`.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the database cannot be reached, or if its driver is not among the features of this crate.
    pub async fn connect(url: &str, keys: StoreKeys) -> Result<Self, StoreError> {
        install_default_drivers();
        // SQLite has one writer at a time anyway, and a database in memory is its connection's own.
        let most = if url.starts_with("sqlite:") { 1 } else { 8 };
        let options = AnyPoolOptions::new().max_connections(most);
        let pool = options.connect(url).await.map_err(failed)?;
        let made = sqlx::query(TABLE).execute(&pool).await;
        // Of several servers that start at once, PostgreSQL may refuse all but one.
        if made.is_err() {
            sqlx::query(TABLE).execute(&pool).await.map_err(failed)?;
        }
        Ok(Self { pool, keys })
    }

    async fn read(&self, key: &str) -> Result<Option<Record>, StoreError> {
        let row = sqlx::query("select version, expires, value from weixin_store where key = $1")
            .bind(key)
            .fetch_optional(&self.pool)
            .await
            .map_err(failed)?;
        row.map(|row| self.record(key, &row)).transpose()
    }

    fn record(&self, key: &str, row: &AnyRow) -> Result<Record, StoreError> {
        let version: i64 = row.try_get(0).map_err(failed)?;
        let expires: i64 = row.try_get(1).map_err(failed)?;
        let sealed: Vec<u8> = row.try_get(2).map_err(failed)?;
        let value = self.keys.open(key, &sealed)?;
        Ok(Record::new(value, version.into(), time_of(expires)))
    }

    async fn write(
        &self,
        key: &str,
        expected: Option<Version>,
        record: Option<Record>,
    ) -> Result<bool, StoreError> {
        let Some(record) = record else {
            return self.remove(key, expected).await;
        };
        let sealed = self.keys.seal(key, record.expose())?;
        let query = match expected {
            None => sqlx::query(
                "insert into weixin_store (version, expires, value, key) values ($1, $2, $3, $4)
                 on conflict (key) do nothing",
            ),
            Some(_) => sqlx::query(
                "update weixin_store set version = $1, expires = $2, value = $3
                 where key = $4 and version = $5",
            ),
        };
        let mut query = query
            .bind(record.version.number())
            .bind(milliseconds(record.expires))
            .bind(sealed)
            .bind(key);
        if let Some(expected) = expected {
            query = query.bind(expected.number());
        }
        let done = query.execute(&self.pool).await.map_err(failed)?;
        Ok(done.rows_affected() == 1)
    }

    async fn remove(&self, key: &str, expected: Option<Version>) -> Result<bool, StoreError> {
        let Some(expected) = expected else {
            return Ok(self.read(key).await?.is_none());
        };
        let query = sqlx::query("delete from weixin_store where key = $1 and version = $2");
        let query = query.bind(key).bind(expected.number());
        let done = query.execute(&self.pool).await.map_err(failed)?;
        Ok(done.rows_affected() == 1)
    }
}

impl Store for SqlStore {
    fn load<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Record>> {
        Box::pin(self.read(key))
    }

    fn replace<'a>(
        &'a self,
        key: &'a str,
        expected: Option<Version>,
        record: Option<Record>,
    ) -> StoreFuture<'a, bool> {
        Box::pin(self.write(key, expected, record))
    }

    fn remove_expired(&self, now: SystemTime) -> StoreFuture<'_, ()> {
        Box::pin(async move {
            let query = sqlx::query("delete from weixin_store where expires <= $1");
            let query = query.bind(milliseconds(now));
            query.execute(&self.pool).await.map_err(failed)?;
            Ok(())
        })
    }
}

/// The error of a connection may name the database's user, and never what is kept.
fn failed(error: sqlx::Error) -> StoreError {
    StoreError::new(error)
}
