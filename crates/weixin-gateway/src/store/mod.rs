//! The store: one SQL text for SQLite and PostgreSQL. Reads have a pool; writes go through the [`Writer`].
//!
//! What must be single-use, or happen once, is one conditional statement. Times are arguments.

pub(crate) mod audit;
pub(crate) mod backup;
mod cleanup;
mod clients;
#[cfg(test)]
mod conformance;
mod consents;
mod error;
mod file_system;
mod grant_cache;
pub(crate) mod grants;
pub(crate) mod identities;
pub(crate) mod inspect;
mod job;
mod keys;
pub(crate) mod logouts;
pub(crate) mod merges;
mod migrations;
mod refresh;
pub(crate) mod requests;
mod resolved_user;
pub(crate) mod revoke;
pub(crate) mod revoke_many;
mod row;
pub(crate) mod session_end;
pub(crate) mod sessions;
mod sqlite;
mod subjects;
pub(crate) mod user_records;
pub(crate) mod users;
mod writer;

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use sqlx::{AnyPool, any::AnyPoolOptions};

pub use self::inspect::StoreState;
pub(crate) use self::{
    clients::StoredClient,
    error::{JobError, OpenError, StoreError},
    job::{Durability, JobResult, Undo, Work},
    writer::Commits,
};
use self::{
    grant_cache::{GrantCache, Moment},
    sqlite::Database,
    writer::Writer,
};
use crate::oidc::Timestamp;

/// Connections to PostgreSQL.
const POSTGRES_CONNECTIONS: u32 = 16;

/// The time for which a statement waits for a free connection before the request fails.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

/// The database of a gateway.
#[derive(Clone, Debug)]
pub(crate) struct Store(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    readers: AnyPool,
    writer: Writer,
    /// Waiting authorization requests, as far as this process knows.
    requests: AtomicI64,
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
        sqlx::any::install_default_drivers();
        let store = Self::open_database(url).await?;
        store.count_requests().await?;
        Ok(store)
    }

    /// Opens the database for a command, while a gateway may be running. Only if there is no database yet, or its tables are
    /// of an earlier program, it is opened as by a gateway.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub(crate) async fn open_beside(url: &str) -> Result<Self, OpenError> {
        if !url.starts_with("sqlite:") || inspect::inspect(url).await? != StoreState::Current {
            return Self::open(url).await;
        }
        let database = Database::beside(url)?;
        let readers = database.readers().await?;
        let Database { options, lock, .. } = database;
        Ok(Self::new(readers, Writer::start(options, lock)))
    }

    async fn open_database(url: &str) -> Result<Self, OpenError> {
        if url.starts_with("sqlite:") {
            Self::open_sqlite(url).await
        } else if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            Self::open_postgres(url).await
        } else {
            Err(OpenError::Url("begins with neither sqlite: nor postgres:"))
        }
    }

    async fn open_sqlite(url: &str) -> Result<Self, OpenError> {
        let database = Database::open(url)?;
        let mut first = database.switch_to_wal().await?;
        migrations::run_in_transaction(&mut first).await?;
        let readers = database.readers().await?;
        drop(first);
        let Database { options, lock, .. } = database;
        Ok(Self::new(readers, Writer::start(options, lock)))
    }

    async fn open_postgres(url: &str) -> Result<Self, OpenError> {
        let pool = AnyPoolOptions::new()
            .max_connections(POSTGRES_CONNECTIONS)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .connect(url)
            .await?;
        let mut connection = pool.acquire().await?;
        migrations::run(&mut connection).await?;
        drop(connection);
        Ok(Self::new(pool.clone(), Writer::pool(pool)))
    }

    fn new(readers: AnyPool, writer: Writer) -> Self {
        Self(Arc::new(Inner {
            readers,
            writer,
            requests: AtomicI64::new(0),
            grants: GrantCache::default(),
        }))
    }

    /// Whether the database responds, and takes writes: what `/readyz` reports.
    pub(crate) async fn check(&self) -> Result<(), StoreError> {
        sqlx::query("select 1").execute(self.readers()).await?;
        self.write(Durability::Relaxed, Undo::Nothing, |_| {
            Box::pin(async { Ok(()) })
        })
        .await
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

    /// Empties SQLite's log into the file; to be called each minute.
    pub(crate) async fn checkpoint(&self) -> Result<(), StoreError> {
        self.0.writer.checkpoint().await
    }

    /// The pool that reads.
    fn readers(&self) -> &AnyPool {
        &self.0.readers
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

    fn waiting_requests(&self) -> &AtomicI64 {
        &self.0.requests
    }

    /// Runs a job, and returns its result once it is committed. A caller that goes away does not stop it.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        durability: Durability,
        undo: Undo,
        work: impl Work<T>,
    ) -> Result<T, StoreError> {
        self.0.writer.write(durability, undo, work).await
    }
}

/// The time before another one, in milliseconds.
fn earlier(time: Timestamp, duration: Duration) -> i64 {
    let millis = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
    time.millis().saturating_sub(millis)
}
