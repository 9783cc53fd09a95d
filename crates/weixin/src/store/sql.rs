//! Records in SQLite or PostgreSQL, by one SQL text.

use std::{sync::Mutex, time::SystemTime};

use sqlx::{
    AnyConnection, AnyPool, Connection, Row,
    any::{AnyPoolOptions, AnyRow, install_default_drivers},
};

use super::{
    Record, Store, StoreError, StoreFuture, StoreKeys, Version, context,
    time::{from_milliseconds, milliseconds},
};

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
    /// Holds a database in memory, which ends with its last connection: a request that is dropped may close those of the
    /// pool. It is never used; the lock makes it shareable.
    _keeper: Option<Mutex<AnyConnection>>,
}

impl SqlStore {
    /// Connects, and creates the table if there is none: `sqlite:tokens.db?mode=rwc`, or
    /// `postgres://user:password@host/database`.
    ///
    /// An SQLite file is put into WAL mode, and a write waits up to ten seconds for the lock of another one.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the database cannot be reached, or if its driver is not among the features of this crate.
    pub async fn connect(url: &str, keys: StoreKeys) -> Result<Self, StoreError> {
        install_default_drivers();
        let shared_memory;
        let (url, is_in_memory) = if is_in_memory(url) {
            let name = Version::random()?.number().cast_unsigned();
            shared_memory = format!("sqlite:file:weixin-{name:x}?mode=memory&cache=shared");
            (shared_memory.as_str(), true)
        } else {
            (url, false)
        };
        let keeper = if is_in_memory {
            let connection = AnyConnection::connect(url).await.map_err(failed)?;
            Some(Mutex::new(connection))
        } else {
            None
        };
        let options = if url.starts_with("sqlite:") {
            sqlite_options()
        } else {
            AnyPoolOptions::new().max_connections(8)
        };
        let pool = options.connect(url).await.map_err(failed)?;
        let created = sqlx::query(TABLE).execute(&pool).await;
        // Of several servers that start at once, PostgreSQL may refuse all but one.
        if created.is_err() {
            sqlx::query(TABLE).execute(&pool).await.map_err(failed)?;
        }
        Ok(Self {
            pool,
            keys,
            _keeper: keeper,
        })
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
        let version = version.into();
        let value = self.keys.open(&context(key, version, expires), &sealed)?;
        Ok(Record::new(value, version, from_milliseconds(expires)))
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
        let expires = milliseconds(record.expires);
        let context = context(key, record.version, expires);
        let sealed = self.keys.seal(&context, record.expose())?;
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
            .bind(expires)
            .bind(sealed)
            .bind(key);
        if let Some(expected) = expected {
            query = query.bind(expected.number());
        }
        let done = query.execute(&self.pool).await.map_err(failed)?;
        Ok(done.rows_affected() == 1)
    }

    async fn version(&self, key: &str) -> Result<Option<i64>, StoreError> {
        sqlx::query_scalar("select version from weixin_store where key = $1")
            .bind(key)
            .fetch_optional(&self.pool)
            .await
            .map_err(failed)
    }

    async fn remove(&self, key: &str, expected: Option<Version>) -> Result<bool, StoreError> {
        let Some(expected) = expected else {
            return Ok(self.version(key).await?.is_none());
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

fn is_in_memory(url: &str) -> bool {
    matches!(url, "sqlite::memory:" | "sqlite://:memory:")
}

/// SQLite has one writer at a time, so that more connections than one would only wait for each other.
fn sqlite_options() -> AnyPoolOptions {
    AnyPoolOptions::new()
        .max_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .after_connect(|connection, _| {
            Box::pin(async move {
                // The time-out first: changing the journal mode needs the lock as well.
                for pragma in ["pragma busy_timeout = 10000", "pragma journal_mode = wal"] {
                    sqlx::query(pragma).execute(&mut *connection).await?;
                }
                Ok(())
            })
        })
}

/// The error of a connection may name the database's user, and never what is kept.
fn failed(error: sqlx::Error) -> StoreError {
    StoreError::new(error)
}

#[cfg(all(test, feature = "sqlite"))]
mod tests {
    use super::*;

    const KEY: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

    #[tokio::test]
    async fn a_database_in_memory_survives_requests_that_are_dropped() {
        let store = SqlStore::connect("sqlite::memory:", StoreKeys::new(KEY).unwrap());
        let store = std::sync::Arc::new(store.await.unwrap());
        let record = Record::new(b"x".to_vec(), 1.into(), from_milliseconds(i64::MAX));
        assert!(store.replace("kept", None, Some(record)).await.unwrap());
        for _ in 0..100 {
            let dropped = std::sync::Arc::clone(&store);
            let load = tokio::spawn(async move { drop(dropped.load("kept").await) });
            tokio::task::yield_now().await;
            load.abort();
        }
        let kept = store.load("kept").await.unwrap().unwrap();
        assert_eq!(kept.expose(), b"x");
        // Each store has a memory of its own.
        let other = SqlStore::connect("sqlite::memory:", StoreKeys::new(KEY).unwrap());
        assert!(other.await.unwrap().load("kept").await.unwrap().is_none());
    }

    #[tokio::test]
    async fn an_sqlite_connection_waits_for_locks_and_stays_open() {
        let directory = tempfile::TempDir::new().unwrap();
        let file = directory.path().join("store.db");
        let url = format!("sqlite:{}?mode=rwc", file.display());
        for url in [&url, "sqlite::memory:"] {
            let keys = StoreKeys::new(KEY).unwrap();
            let store = SqlStore::connect(url, keys).await.unwrap();
            let milliseconds: i64 = sqlx::query_scalar("pragma busy_timeout")
                .fetch_one(&store.pool)
                .await
                .unwrap();
            assert_eq!(milliseconds, 10_000);
            let options = store.pool.options();
            let lasts = (options.get_idle_timeout(), options.get_max_lifetime());
            assert_eq!((lasts, options.get_max_connections()), ((None, None), 1));
        }
    }
}
