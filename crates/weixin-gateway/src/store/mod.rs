//! The store: one SQL text for SQLite and PostgreSQL, but for locks that only the latter needs. Reads have a pool; writes go
//! through the [`Writer`].
//!
//! What must be single-use, or happen once, is one conditional statement. Times are arguments.

pub(crate) mod audit;
pub(crate) mod backup;
mod cleanup;
pub(crate) mod client_removal;
pub(crate) mod clients;
#[cfg(test)]
mod conformance;
mod connection;
mod consents;
pub(crate) mod copy;
pub(crate) mod database_error;
mod error;
mod file_system;
mod forget;
mod grant_cache;
pub(crate) mod grants;
pub(crate) mod identities;
pub(crate) mod inspect;
mod job;
mod key_file;
mod keys;
mod levels;
pub(crate) mod logins;
pub(crate) mod logouts;
pub(crate) mod merges;
mod migrations;
mod postgres;
mod readers;
mod refresh;
mod request_counts;
pub(crate) mod requests;
mod resolved_user;
pub(crate) mod revoke;
pub(crate) mod revoke_many;
mod row;
pub(crate) mod session_end;
pub(crate) mod session_login;
pub(crate) mod sessions;
mod sqlite;
mod subjects;
pub(crate) mod user_records;
pub(crate) mod users;
mod writable;
mod writer;

use std::{
    path::PathBuf,
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use sqlx::{AnyPool, Connection};

pub(crate) use self::{
    clients::StoredClient,
    error::{JobError, OpenError, PASSWORD_ESCAPES, StoreError},
    job::{Durability, JobResult, Undo, Work},
    migrations::Migrate,
    writer::Commits,
};
pub use self::{
    copy::{CopiedStore, CopiedTable, CopyError, CopyProgress},
    inspect::StoreState,
};
use self::{
    grant_cache::{GrantCache, Moment},
    readers::{READ_TIMEOUT, Readers, SCAN_TIMEOUT},
    request_counts::RequestCounts,
    sqlite::Database,
    writer::Writer,
};
use crate::{oidc::Timestamp, telemetry, time::CLOCK_TOLERANCE};

/// Changes nothing. A server that only reads, such as a replica, rejects it nevertheless.
const WRITE_NOTHING: &str = "update schema set minimum_version = 0 where minimum_version < 0";

/// The database of a gateway.
#[derive(Clone, Debug)]
pub(crate) struct Store(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    readers: Readers,
    writer: Writer,
    requests: RequestCounts,
    grants: GrantCache,
}

impl Store {
    /// Opens `sqlite:FILE` or `postgres://…`, and creates or updates the tables.
    ///
    /// # Errors
    ///
    /// [`OpenError`] if the database cannot be used, or not safely: the file belongs to another gateway or is on another
    /// machine.
    pub(crate) async fn open(url: &str) -> Result<Self, OpenError> {
        Self::open_with(url, Migrate::Run).await
    }

    /// The same, with the choice whether tables are created and updated.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub(crate) async fn open_with(url: &str, migrate: Migrate) -> Result<Self, OpenError> {
        sqlx::any::install_default_drivers();
        let store = Self::open_database(url, migrate).await?;
        store.count_requests().await?;
        Ok(store)
    }

    /// Opens the database for a command, while a gateway may be running. Only if there is no database yet, or its tables are
    /// of an earlier program, it is opened as by a gateway.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub(crate) async fn open_beside(url: &str, migrate: Migrate) -> Result<Self, OpenError> {
        if !url.starts_with("sqlite:") {
            return Self::open_with(url, migrate).await;
        }
        if inspect::inspect(url).await? != StoreState::Current {
            return match migrate {
                Migrate::Run => Self::open(url).await,
                // Before the file is created.
                Migrate::Never => Err(OpenError::Outdated),
            };
        }
        let database = Database::beside(url)?;
        let readers = database.readers().await?;
        Ok(Self::new(readers, Writer::start(database)))
    }

    async fn open_database(url: &str, migrate: Migrate) -> Result<Self, OpenError> {
        if url.starts_with("sqlite:") {
            Self::open_sqlite(url, migrate).await
        } else if is_postgres(url) {
            let pool = postgres::open(url, migrate).await?;
            Ok(Self::new(pool.clone(), Writer::pool(pool)))
        } else {
            Err(OpenError::Url("begins with neither sqlite: nor postgres:"))
        }
    }

    async fn open_sqlite(url: &str, migrate: Migrate) -> Result<Self, OpenError> {
        let database = Database::open(url)?;
        let mut first = database.switch_to_wal().await?;
        match migrate {
            Migrate::Run => migrations::run_in_transaction(&mut first).await?,
            Migrate::Never => {
                migrations::require_current(&mut first, sqlite::MIGRATED_TABLES).await?;
            }
        }
        // Dropped, it would end some time later: the tables might stay in the log of a command that ends before.
        first.close().await?;
        let readers = database.readers().await?;
        Ok(Self::new(readers, Writer::start(database)))
    }

    fn new(readers: AnyPool, writer: Writer) -> Self {
        Self(Arc::new(Inner {
            readers: Readers(readers),
            writer,
            requests: RequestCounts::default(),
            grants: GrantCache::default(),
        }))
    }

    /// Whether the database responds, and takes writes: what `/readyz` reports.
    pub(crate) async fn check(&self) -> Result<(), StoreError> {
        self.readers().fetch_one(sqlx::query("select 1")).await?;
        self.write(Durability::Relaxed, Undo::Nothing, |connection| {
            Box::pin(async {
                sqlx::query(WRITE_NOTHING).execute(connection).await?;
                Ok(())
            })
        })
        .await
    }

    /// The time of PostgreSQL's clock, in milliseconds since 1970. SQLite has none of its own.
    pub(crate) async fn database_time(&self) -> Option<Result<i64, StoreError>> {
        match &self.0.writer {
            Writer::Queue(_) => None,
            Writer::Pool(_) => Some(postgres::now(self.readers()).await),
        }
    }

    /// How far times that nodes have noted may be ahead of a command's, or behind it. SQLite is on the machine of its only
    /// gateway and of the commands, which have one clock.
    pub(crate) fn clock_tolerance(&self) -> Duration {
        if self.is_sqlite() {
            Duration::ZERO
        } else {
            CLOCK_TOLERANCE
        }
    }

    /// Runs the writes that wait, and lets the next gateway open the database.
    pub(crate) async fn close(&self) {
        self.0.writer.close().await;
        self.0.readers.close().await;
    }

    /// Returns when no write can succeed any more: the process must end.
    pub(crate) async fn stopped(&self) {
        self.0.writer.stopped().await;
    }

    /// Writes that wait.
    pub(crate) fn waiting_writes(&self) -> usize {
        self.0.writer.waiting()
    }

    /// The commits since the start.
    pub(crate) fn commits(&self) -> &Commits {
        self.0.writer.commits()
    }

    /// Whether it is a file of SQLite.
    fn is_sqlite(&self) -> bool {
        matches!(self.0.writer, Writer::Queue(_))
    }

    /// Empties SQLite's log into the file, unless a reader takes long; returns whether it is empty. To be called each minute.
    pub(crate) async fn checkpoint(&self) -> Result<bool, StoreError> {
        self.0.writer.checkpoint().await
    }

    /// The pool that reads.
    fn readers(&self) -> &Readers {
        &self.0.readers
    }

    #[cfg(test)]
    fn pool(&self) -> &AnyPool {
        &self.0.readers.0
    }

    /// The grants that were read in the last second.
    fn recent_grants(&self) -> &GrantCache {
        &self.0.grants
    }

    /// When something is read that this process may change meanwhile.
    fn moment(&self, now: Timestamp) -> Moment {
        let commits = self.commits().durable.load(Ordering::Acquire);
        Moment { commits, now }
    }

    /// Waiting authorization requests.
    fn waiting_requests(&self) -> &RequestCounts {
        &self.0.requests
    }

    /// Runs a job that only reads a few rows, on what is stored at one moment.
    pub(crate) async fn read<T>(&self, work: impl Work<T>) -> Result<T, StoreError> {
        self.readers().run(work, READ_TIMEOUT).await
    }

    /// The same for one that reads all users or events. However long it takes, no write waits for it.
    pub(crate) async fn scan<T>(&self, work: impl Work<T>) -> Result<T, StoreError> {
        self.readers().run(work, SCAN_TIMEOUT).await
    }

    /// Reads from the pool. The operation is a label of a metric.
    async fn measured<T>(&self, operation: &'static str, reading: impl Future<Output = T>) -> T {
        let start = Instant::now();
        let result = reading.await;
        telemetry::read(operation, start.elapsed());
        result
    }

    /// Runs a job, and returns its result once it is committed. A caller that goes away does not stop it.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        durability: Durability,
        undo: Undo,
        work: impl Work<T>,
    ) -> Result<T, StoreError> {
        let start = Instant::now();
        let result = self.0.writer.write(durability, undo, work).await;
        telemetry::written(start.elapsed());
        result
    }
}

/// The file of a URL such as `sqlite:gateway.db`.
pub(crate) fn sqlite_file(url: &str) -> Option<PathBuf> {
    sqlite::parse(url).ok().map(|(_, path)| path)
}

fn is_postgres(url: &str) -> bool {
    url.starts_with("postgres:") || url.starts_with("postgresql:")
}
