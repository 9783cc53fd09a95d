//! Writes to PostgreSQL: each job in a transaction of its own, as a task that its caller cannot stop.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use sqlx::{AnyConnection, AnyPool, Connection};
use tokio::{
    sync::{Semaphore, TryAcquireError},
    time::timeout,
};

use super::Commits;
use crate::store::{
    connection,
    error::StoreError,
    job::{Durability, Effect, Job},
};
use crate::{telemetry, time::NO_RESPONSE};

/// How long the end of all writes may take.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(10);

/// A pool, and the number of jobs that may wait for it.
#[derive(Clone, Debug)]
pub(crate) struct Pool {
    connections: AnyPool,
    permits: Arc<Semaphore>,
    max_waiting: usize,
    commits: Arc<Commits>,
}

impl Pool {
    pub(super) fn new(connections: AnyPool, max_waiting: usize) -> Self {
        Self {
            connections,
            permits: Arc::new(Semaphore::new(max_waiting)),
            max_waiting,
            commits: Arc::default(),
        }
    }

    pub(super) fn push(&self, mut job: Box<dyn Job>) -> Result<(), StoreError> {
        let permit = Arc::clone(&self.permits).try_acquire_owned();
        let permit = permit.map_err(|error| match error {
            TryAcquireError::Closed => StoreError::Stopped,
            TryAcquireError::NoPermits => StoreError::Overloaded,
        })?;
        let (pool, commits) = (self.connections.clone(), Arc::clone(&self.commits));
        tokio::spawn(async move {
            let start = Instant::now();
            let committed = commit(&pool, job.as_mut()).await;
            telemetry::committed(job.durability().as_str(), 1, start.elapsed());
            // Also after an error: the commit may have arrived.
            commits.count(job.durability());
            drop(permit);
            job.finish(committed);
        });
        Ok(())
    }

    /// Waits for the jobs that run, for a while: what a server that does not respond has of them is its own.
    pub(super) async fn close(&self) {
        let all = u32::try_from(self.max_waiting).unwrap_or(u32::MAX);
        let closed = timeout(CLOSE_TIMEOUT, async {
            let idle = self.permits.acquire_many(all).await;
            self.permits.close();
            drop(idle);
            self.connections.close().await;
        });
        if closed.await.is_err() {
            tracing::warn!("{NO_RESPONSE}: writes that wait for it are given up");
        }
    }

    pub(super) async fn stopped(&self) {
        self.connections.close_event().await;
    }

    pub(super) fn commits(&self) -> &Commits {
        &self.commits
    }

    pub(super) fn waiting(&self) -> usize {
        self.max_waiting - self.permits.available_permits()
    }
}

/// Whatever the operator has set for the user of the database: jobs wait for each other's rows, and go on with what they find
/// then. A statement that takes longer than [`WRITE_TIMEOUT`] is ended by the server as well. The commit is none: one that waits for
/// a standby goes on.
const BEGIN: &str = "begin isolation level read committed; set local statement_timeout = '30s'";

/// How long a transaction may take.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);

async fn commit(pool: &AnyPool, job: &mut dyn Job) -> Result<(), StoreError> {
    let mut connection = connection::acquire(pool).await?;
    let committed = timeout(WRITE_TIMEOUT, run(&mut connection, job)).await;
    connection.finished(committed)
}

async fn run(connection: &mut AnyConnection, job: &mut dyn Job) -> Result<(), StoreError> {
    let mut transaction = connection.begin_with(BEGIN).await?;
    if job.durability() == Durability::Relaxed {
        let statement = sqlx::query("set local synchronous_commit = off");
        statement.execute(&mut *transaction).await?;
    }
    match job.run(&mut transaction).await? {
        Effect::Stays => transaction.commit().await?,
        Effect::Undone => transaction.rollback().await?,
    }
    Ok(())
}
