//! The database, and the time that it is used at.

use std::{
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use sqlx::{
    ConnectOptions, Sqlite, SqliteConnection, SqlitePool, Transaction,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions},
};
use tower_sessions::cookie::time::OffsetDateTime;
use weixin::clock::Clock;

#[derive(Clone, Debug)]
pub(crate) struct Database {
    pub(crate) pool: SqlitePool,
    pub(crate) clock: Arc<dyn Clock>,
    /// Holds a database in memory, which ends with its last connection: a request that is dropped may close those of the
    /// pool. It is never used.
    _keeper: Option<Arc<Mutex<SqliteConnection>>>,
}

impl Database {
    /// Opens a file, or a database in memory, and creates its tables.
    pub(crate) async fn open(file: Option<&Path>, clock: Arc<dyn Clock>) -> sqlx::Result<Self> {
        let (pool, keeper) = match file {
            Some(file) => (of_file(file).await?, None),
            None => in_memory().await?,
        };
        sqlx::raw_sql(include_str!("schema.sql"))
            .execute(&pool)
            .await?;
        Ok(Self {
            pool,
            clock,
            _keeper: keeper,
        })
    }

    /// Begins a transaction that no other writer can come between: what it reads is still true when it writes.
    ///
    /// A plain `BEGIN` locks at the first write, which fails if another transaction has written since the first read.
    pub(crate) async fn write(&self) -> sqlx::Result<Transaction<'static, Sqlite>> {
        self.pool.begin_with("BEGIN IMMEDIATE").await
    }

    /// In seconds since 1970.
    pub(crate) fn now(&self) -> i64 {
        OffsetDateTime::from(self.clock.now()).unix_timestamp()
    }
}

/// With a write-ahead log, readers do not wait for a writer; writers wait for each other, up to the time-out.
async fn of_file(file: &Path) -> sqlx::Result<SqlitePool> {
    let options = SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .busy_timeout(Duration::from_secs(5))
        .foreign_keys(true);
    let pool = SqlitePoolOptions::new().max_connections(4);
    pool.connect_with(options).await
}

/// One connection that works, and one that keeps what is in memory. This URL makes both share it.
async fn in_memory() -> sqlx::Result<(SqlitePool, Option<Arc<Mutex<SqliteConnection>>>)> {
    let options: SqliteConnectOptions = "sqlite::memory:".parse()?;
    let options = options.foreign_keys(true);
    let keeper = options.connect().await?;
    let pool = SqlitePoolOptions::new().max_connections(1);
    let pool = pool.connect_with(options).await?;
    Ok((pool, Some(Arc::new(Mutex::new(keeper)))))
}
