//! Records in SQLite.

use std::{str::FromStr, sync::Mutex, time::Duration};

use sqlx::{
    Connection, SqliteConnection, SqlitePool,
    error::DatabaseError,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions},
};

use super::{failed, sql_store};
use crate::{
    error::StoreError,
    store::{StoreKeys, Version},
};

/// How long a write waits for another connection's.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// The pause between two attempts to open a file that another connection holds.
const BUSY_PAUSE: Duration = Duration::from_millis(20);

/// A store in SQLite: a table `weixin_store` with encrypted values.
#[derive(Debug)]
pub struct SqliteStore {
    pool: SqlitePool,
    keys: StoreKeys,
    /// Keeps a database in memory alive, which ends with its last connection: a dropped request may close those of the
    /// pool. It is never used; the lock makes it shareable.
    _keeper: Option<Mutex<SqliteConnection>>,
}

impl SqliteStore {
    /// A store in a pool of your site. Create its table by [`migrate`](Self::migrate), or by your own migrations with
    /// [`SCHEMA`](Self::SCHEMA). The journal mode is yours: WAL lets readers go on beside a writer.
    pub fn new(pool: SqlitePool, keys: StoreKeys) -> Self {
        Self {
            pool,
            keys,
            _keeper: None,
        }
    }

    /// Opens a file such as `sqlite:tokens.db`, or `sqlite::memory:`, and creates file and table if they are missing. The
    /// file is in WAL mode, and a write waits up to ten seconds for another one.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the file cannot be opened.
    pub async fn connect(url: &str, keys: StoreKeys) -> Result<Self, StoreError> {
        let is_in_memory = matches!(url, "sqlite::memory:" | "sqlite://:memory:");
        let options = if is_in_memory {
            shared_memory()?
        } else {
            SqliteConnectOptions::from_str(url)
                .map_err(failed)?
                .create_if_missing(true)
                .journal_mode(SqliteJournalMode::Wal)
        };
        let options = options.busy_timeout(BUSY_TIMEOUT);
        let keeper = if is_in_memory {
            let connection = SqliteConnection::connect_with(&options).await;
            Some(Mutex::new(connection.map_err(failed)?))
        } else {
            None
        };
        let store = Self {
            pool: open(options).await?,
            keys,
            _keeper: keeper,
        };
        store.migrate().await?;
        Ok(store)
    }
}

/// Opens a pool. The switch to WAL needs the file for itself, and SQLite does not wait for that: of several servers that
/// create the file at once, others than the first try again.
async fn open(options: SqliteConnectOptions) -> Result<SqlitePool, StoreError> {
    let connect = || {
        // SQLite has one writer at a time, so that more connections would only wait for each other.
        SqlitePoolOptions::new()
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_with(options.clone())
    };
    for _ in 0..BUSY_TIMEOUT.as_millis() / BUSY_PAUSE.as_millis() {
        match connect().await {
            Err(error) if is_busy(&error) => tokio::time::sleep(BUSY_PAUSE).await,
            opened => return opened.map_err(failed),
        }
    }
    connect().await.map_err(failed)
}

/// Returns `true` for `SQLITE_BUSY`, whose extended codes have the same last byte.
fn is_busy(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(DatabaseError::code);
    let code = code.and_then(|code| code.parse::<u32>().ok());
    code.is_some_and(|code| code & 0xff == 5)
}

/// A database in memory that the connections of one store share.
fn shared_memory() -> Result<SqliteConnectOptions, StoreError> {
    let name = Version::random().map_err(StoreError::new)?.0;
    let name = format!("file:weixin-{:x}?mode=memory", name.cast_unsigned());
    Ok(SqliteConnectOptions::new()
        .filename(name)
        .in_memory(true)
        .shared_cache(true))
}

sql_store!(SqliteStore);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Record, Store, time::from_milliseconds};

    const KEY: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

    async fn store(url: &str) -> SqliteStore {
        let keys = StoreKeys::new(KEY).unwrap();
        SqliteStore::connect(url, keys).await.unwrap()
    }

    #[tokio::test]
    async fn a_database_in_memory_survives_requests_that_are_dropped() {
        let memory = std::sync::Arc::new(store("sqlite::memory:").await);
        let record = Record::new(b"x".to_vec(), Version(1), from_milliseconds(i64::MAX));
        let written = memory.compare_exchange("kept", None, Some(record));
        assert!(written.await.unwrap());
        for _ in 0..100 {
            let dropped = std::sync::Arc::clone(&memory);
            let load = tokio::spawn(async move { drop(dropped.load("kept").await) });
            tokio::task::yield_now().await;
            load.abort();
        }
        let kept = memory.load("kept").await.unwrap().unwrap();
        assert_eq!(kept.expose(), b"x");
        // Each store has a memory of its own.
        let other = store("sqlite::memory:").await;
        assert!(other.load("kept").await.unwrap().is_none());
    }

    #[tokio::test]
    async fn the_switch_to_wal_waits_for_other_connections() {
        let directory = tempfile::TempDir::new().unwrap();
        let url = format!("sqlite:{}", directory.path().join("store.db").display());
        let options = SqliteConnectOptions::from_str(&url).unwrap();
        let mut other = SqliteConnection::connect_with(&options.create_if_missing(true))
            .await
            .unwrap();
        for sql in ["create table other (n int)", "begin immediate"] {
            sqlx::query(sql).execute(&mut other).await.unwrap();
        }
        let mut opening = tokio::spawn(async move { store(&url).await });
        let early = tokio::time::timeout(Duration::from_millis(200), &mut opening).await;
        assert!(early.is_err(), "{early:?}");
        sqlx::query("commit").execute(&mut other).await.unwrap();
        opening.await.unwrap();
    }

    #[tokio::test]
    async fn a_connection_waits_for_locks_and_stays_open() {
        let directory = tempfile::TempDir::new().unwrap();
        let file = directory.path().join("store.db");
        for url in [&format!("sqlite:{}", file.display()), "sqlite::memory:"] {
            let store = store(url).await;
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
