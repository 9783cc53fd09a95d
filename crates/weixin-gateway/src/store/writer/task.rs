//! The task that writes to SQLite: the only writer of this process.

use std::{
    fs::{self, File},
    path::PathBuf,
    sync::Arc,
    time::Instant,
};

use sqlx::{AnyConnection, Connection, Row, any::AnyConnectOptions};
use tokio::sync::{mpsc, oneshot};

use super::Commits;
use crate::store::{
    error::StoreError,
    job::{Durability, Effect, Job, Undo},
    sqlite::{self, Database},
};
use crate::{error_text::causes, telemetry};

/// Jobs of one commit at most, so that none waits for too many others.
const MAX_BATCH: usize = 256;

/// The size from which the log is emptied between two checkpoints: SQLite starts it again by itself only while it has no
/// reader, which may be never under load.
pub(super) const MAX_LOG: u64 = 16 * 1024 * 1024;

/// What the task does between two commits.
pub(super) enum Control {
    Checkpoint(oneshot::Sender<Result<bool, StoreError>>),
    Close(oneshot::Sender<()>),
}

pub(super) struct Task {
    options: AnyConnectOptions,
    /// None before the first job, and after a failure.
    connection: Option<Open>,
    commits: Arc<Commits>,
    log: PathBuf,
    /// The size of the log at which it is emptied.
    max_log: u64,
    /// Another gateway may open the file only after the last commit.
    _lock: Option<File>,
}

/// The writer's connection, and what `pragma synchronous` is set to.
struct Open {
    connection: AnyConnection,
    synchronous: Durability,
}

impl Task {
    pub(super) fn new(database: Database, commits: Arc<Commits>) -> Self {
        let Database {
            options,
            path,
            lock,
        } = database;
        let mut log = path.into_os_string();
        log.push("-wal");
        Self {
            options,
            connection: None,
            commits,
            log: log.into(),
            max_log: MAX_LOG,
            _lock: lock,
        }
    }

    pub(super) async fn run(
        mut self,
        mut waiting: mpsc::Receiver<Box<dyn Job>>,
        mut requests: mpsc::Receiver<Control>,
    ) {
        let mut batch = Vec::with_capacity(MAX_BATCH);
        let mut closing = None;
        loop {
            tokio::select! {
                count = waiting.recv_many(&mut batch, MAX_BATCH) => {
                    if count == 0 {
                        break;
                    }
                    self.write(&mut batch).await;
                }
                Some(request) = requests.recv() => match request {
                    Control::Checkpoint(reply) => {
                        let done = self.checkpoint().await;
                        self.close_if_failed(&done).await;
                        let _ = reply.send(done);
                    }
                    // The jobs that wait come first.
                    Control::Close(reply) => {
                        waiting.close();
                        closing = Some(reply);
                    }
                }
            }
        }
        self.close().await;
        drop(self);
        if let Some(reply) = closing {
            let _ = reply.send(());
        }
    }

    async fn write(&mut self, batch: &mut Vec<Box<dyn Job>>) {
        let start = Instant::now();
        let committed = self.commit(batch).await;
        telemetry::committed(durability(batch).as_str(), batch.len(), start.elapsed());
        self.close_if_failed(&committed).await;
        for job in batch.drain(..) {
            job.finish(committed.clone());
        }
        if self.log_size() >= self.max_log {
            let emptied = self.checkpoint().await;
            self.close_if_failed(&emptied).await;
        }
    }

    fn log_size(&self) -> u64 {
        fs::metadata(&self.log).map_or(0, |log| log.len())
    }

    /// Runs the jobs in one transaction. After an error nothing of them is stored, once the connection is closed.
    async fn commit(&mut self, batch: &mut [Box<dyn Job>]) -> Result<(), StoreError> {
        let durability = durability(batch);
        let open = self.open().await?;
        open.synchronize(durability).await?;
        // Immediate: commands may write to the same file, and a transaction that began by reading could not go on then.
        let mut transaction = open.connection.begin_with("begin immediate").await?;
        for job in batch {
            run(&mut transaction, job.as_mut()).await?;
        }
        let done = transaction.commit().await;
        // Also after an error: it may have been committed.
        self.commits.count(durability);
        Ok(done?)
    }

    /// A reader that takes long, such as a backup, is not waited for: all writes would wait too. Returns whether the log is
    /// empty.
    async fn checkpoint(&mut self) -> Result<bool, StoreError> {
        let open = self.open().await?;
        let connection = &mut open.connection;
        let timeout = sqlx::query("pragma busy_timeout = 100");
        timeout.execute(&mut *connection).await?;
        let emptied = sqlx::query("pragma wal_checkpoint(truncate)");
        let is_busy: i64 = emptied.fetch_one(&mut *connection).await?.try_get(0)?;
        sqlx::query(sqlite::BUSY_TIMEOUT)
            .execute(connection)
            .await?;
        // What a reader has kept is tried again when as much has come.
        self.max_log = self.log_size() + MAX_LOG;
        Ok(is_busy == 0)
    }

    async fn open(&mut self) -> Result<&mut Open, StoreError> {
        let open = match self.connection.take() {
            Some(open) => open,
            None => Open {
                connection: sqlite::connect(&self.options).await?,
                synchronous: Durability::Durable,
            },
        };
        Ok(self.connection.insert(open))
    }

    async fn close_if_failed<T>(&mut self, result: &Result<T, StoreError>) {
        if let Err(error) = result {
            tracing::error!(error = causes(error), "a commit failed");
            self.close().await;
        }
    }

    /// Ends the connection, and with it a transaction that is still open.
    async fn close(&mut self) {
        if let Some(open) = self.connection.take() {
            // It may be too broken to be closed politely; dropping it does the same.
            let _ = open.connection.close().await;
        }
    }
}

impl Open {
    /// Sets whether the next commit waits for the disk. SQLite ignores it inside of a transaction.
    async fn synchronize(&mut self, durability: Durability) -> Result<(), StoreError> {
        if self.synchronous != durability {
            let statement = match durability {
                Durability::Durable => "pragma synchronous = full",
                Durability::Relaxed => "pragma synchronous = normal",
            };
            sqlx::query(statement).execute(&mut self.connection).await?;
            self.synchronous = durability;
        }
        Ok(())
    }
}

/// A commit is as durable as the job that needs it most.
fn durability(batch: &[Box<dyn Job>]) -> Durability {
    let durabilities = batch.iter().map(|job| job.durability());
    durabilities.max().unwrap_or(Durability::Durable)
}

/// Runs one job of a transaction.
async fn run(connection: &mut AnyConnection, job: &mut dyn Job) -> Result<(), StoreError> {
    if job.undo() == Undo::Nothing {
        return job.run(connection).await.map(drop);
    }
    let mut savepoint = connection.begin().await?;
    match job.run(&mut savepoint).await? {
        Effect::Stays => savepoint.commit().await?,
        Effect::Undone => savepoint.rollback().await?,
    }
    Ok(())
}
