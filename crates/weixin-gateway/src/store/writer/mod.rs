//! The writer: jobs that one connection commits in groups (SQLite), or each in a transaction of its own (PostgreSQL,
//! which groups commits itself).
//!
//! No job gets its result before the commit has returned. A job that contradicts what is stored is undone alone; any other
//! error (full disk, I/O, panic) abandons all jobs of the commit and the connection: SQLite may have rolled back by itself,
//! and statements after that would be stored outside any transaction.

mod pool;
mod task;
#[cfg(test)]
mod tests;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use sqlx::AnyPool;
use tokio::sync::{mpsc, oneshot};

use self::{
    pool::Pool,
    task::{Control, Task},
};
use super::{
    error::StoreError,
    job::{Durability, Job, Pending, Undo, Work},
    sqlite::Database,
};

/// Jobs that wait at most. Beyond it, requests are rejected.
const MAX_WAITING: usize = 1_024;

/// Where writes go.
#[derive(Clone, Debug)]
pub(crate) enum Writer {
    /// SQLite: the queue of the writer's task.
    Queue(Queue),
    /// PostgreSQL.
    Pool(Pool),
}

impl Writer {
    /// Writes to a pool of PostgreSQL.
    pub(super) fn pool(pool: AnyPool) -> Self {
        Self::Pool(Pool::new(pool, MAX_WAITING))
    }

    /// Starts the task that writes to a file of SQLite, and that keeps its lock, if there is one.
    pub(super) fn start(database: Database) -> Self {
        let (jobs, waiting) = mpsc::channel(MAX_WAITING);
        let (control, requests) = mpsc::channel(1);
        let commits = Arc::default();
        let task = Task::new(database, Arc::clone(&commits));
        tokio::spawn(task.run(waiting, requests));
        Self::Queue(Queue {
            jobs,
            control,
            commits,
        })
    }

    /// Runs a job, and returns its result once it is committed. A caller that goes away does not stop it.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        durability: Durability,
        undo: Undo,
        work: impl Work<T>,
    ) -> Result<T, StoreError> {
        let (job, result) = Pending::new(durability, undo, work);
        match self {
            Self::Queue(queue) => queue.push(Box::new(job))?,
            Self::Pool(pool) => pool.push(Box::new(job))?,
        }
        result.await.unwrap_or(Err(StoreError::Stopped))
    }

    /// Empties SQLite's log into the file, as far as readers allow; returns whether it is empty. A log that always has a
    /// reader is never reset otherwise.
    pub(crate) async fn checkpoint(&self) -> Result<bool, StoreError> {
        match self {
            Self::Queue(queue) => queue.control(Control::Checkpoint).await?,
            Self::Pool(_) => Ok(true),
        }
    }

    /// Runs the jobs that wait, and ends. Jobs that come later are rejected.
    pub(crate) async fn close(&self) {
        match self {
            // It has ended before, if it does not respond.
            Self::Queue(queue) => drop(queue.control(Control::Close).await),
            Self::Pool(pool) => pool.close().await,
        }
    }

    /// Returns when the writer has ended, which it does by itself only if it is broken: the process must end too.
    pub(crate) async fn stopped(&self) {
        match self {
            Self::Queue(queue) => queue.jobs.closed().await,
            Self::Pool(pool) => pool.stopped().await,
        }
    }

    /// The commits since the start.
    pub(crate) fn commits(&self) -> &Commits {
        match self {
            Self::Queue(queue) => &queue.commits,
            Self::Pool(pool) => pool.commits(),
        }
    }

    /// The number of jobs that wait.
    pub(crate) fn waiting(&self) -> usize {
        match self {
            Self::Queue(queue) => queue.jobs.max_capacity() - queue.jobs.capacity(),
            Self::Pool(pool) => pool.waiting(),
        }
    }
}

/// The two queues of the writer's task.
#[derive(Clone, Debug)]
pub(crate) struct Queue {
    jobs: mpsc::Sender<Box<dyn Job>>,
    control: mpsc::Sender<Control>,
    commits: Arc<Commits>,
}

impl Queue {
    fn push(&self, job: Box<dyn Job>) -> Result<(), StoreError> {
        self.jobs.try_send(job).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => StoreError::Overloaded,
            mpsc::error::TrySendError::Closed(_) => StoreError::Stopped,
        })
    }

    /// Asks the task for something, and returns its response.
    async fn control<T>(
        &self,
        request: impl FnOnce(oneshot::Sender<T>) -> Control,
    ) -> Result<T, StoreError> {
        let (reply, response) = oneshot::channel();
        let sent = self.control.send(request(reply)).await;
        sent.map_err(|_| StoreError::Stopped)?;
        response.await.map_err(|_| StoreError::Stopped)
    }
}

/// The commits since the start.
#[derive(Debug, Default)]
pub(crate) struct Commits {
    /// Those that have waited for the disk.
    pub(crate) durable: AtomicU64,
    pub(crate) relaxed: AtomicU64,
}

impl Commits {
    fn count(&self, durability: Durability) {
        let counter = match durability {
            Durability::Durable => &self.durable,
            Durability::Relaxed => &self.relaxed,
        };
        counter.fetch_add(1, Ordering::Release);
    }
}
