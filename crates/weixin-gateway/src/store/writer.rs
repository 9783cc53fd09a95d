//! The writer: jobs that one connection commits in groups (SQLite), or each in a transaction of its own (PostgreSQL,
//! which groups commits itself).
//!
//! No job gets its result before the commit has returned. A job that contradicts what is stored is undone alone; any other
//! error (full disk, I/O, panic) abandons all jobs of the commit and the connection: SQLite may have rolled back by itself,
//! and statements after that would be stored outside any transaction.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use sqlx::{AnyConnection, AnyPool, Connection, any::AnyConnectOptions};
use tokio::sync::{mpsc, oneshot};

use super::{
    error::StoreError,
    job::{Durability, Effect, Job, Pending, Statements, Work},
    sqlite,
};

/// Jobs that wait at most. Beyond it, requests are rejected.
const MAX_WAITING: usize = 1_024;

/// Jobs of one commit at most, so that none waits for too many others.
const MAX_BATCH: usize = 256;

/// Where writes go.
#[derive(Clone, Debug)]
pub(crate) enum Writer {
    /// SQLite: the queue of the writer's task.
    Queue(Queue),
    /// PostgreSQL.
    Pool(AnyPool),
}

impl Writer {
    /// Writes to a pool of PostgreSQL.
    pub(super) fn pool(pool: AnyPool) -> Self {
        Self::Pool(pool)
    }

    /// Starts the task that writes to a file of SQLite, which is open at least once already.
    pub(super) fn start(options: AnyConnectOptions) -> Self {
        let (jobs, waiting) = mpsc::channel(MAX_WAITING);
        let (checkpoints, requested) = mpsc::channel(1);
        let commits = Arc::default();
        let task = Task {
            options,
            connection: None,
            commits: Arc::clone(&commits),
        };
        tokio::spawn(task.run(waiting, requested));
        Self::Queue(Queue {
            jobs,
            checkpoints,
            commits,
        })
    }

    /// Runs a job, and returns its result once it is committed. A caller that goes away does not stop it.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        durability: Durability,
        statements: Statements,
        work: impl Work<T>,
    ) -> Result<T, StoreError> {
        let (job, result) = Pending::new(durability, statements, work);
        match self {
            Self::Queue(queue) => queue.push(Box::new(job))?,
            Self::Pool(pool) => {
                tokio::spawn(write_to_pool(pool.clone(), Box::new(job)));
            }
        }
        result.await.unwrap_or(Err(StoreError::Stopped))
    }

    /// Empties SQLite's log into the file. A log that always has a reader is never reset otherwise.
    pub(crate) async fn checkpoint(&self) -> Result<(), StoreError> {
        let Self::Queue(queue) = self else {
            return Ok(());
        };
        let (reply, done) = oneshot::channel();
        let sent = queue.checkpoints.send(reply).await;
        sent.map_err(|_| StoreError::Stopped)?;
        done.await.unwrap_or(Err(StoreError::Stopped))
    }

    /// Returns when the writer has ended, which it does by itself only if it is broken: the process must end too.
    pub(crate) async fn stopped(&self) {
        match self {
            Self::Queue(queue) => queue.jobs.closed().await,
            Self::Pool(pool) => pool.close_event().await,
        }
    }

    /// The commits to SQLite; PostgreSQL counts its own.
    pub(crate) fn commits(&self) -> Option<&Commits> {
        match self {
            Self::Queue(queue) => Some(&queue.commits),
            Self::Pool(_) => None,
        }
    }

    /// The number of jobs that wait, for the metrics.
    pub(crate) fn waiting(&self) -> usize {
        match self {
            Self::Queue(queue) => queue.jobs.max_capacity() - queue.jobs.capacity(),
            Self::Pool(_) => 0,
        }
    }
}

/// The two queues of the writer's task.
#[derive(Clone, Debug)]
pub(crate) struct Queue {
    jobs: mpsc::Sender<Box<dyn Job>>,
    checkpoints: mpsc::Sender<oneshot::Sender<Result<(), StoreError>>>,
    commits: Arc<Commits>,
}

/// The commits since the start, for the metrics.
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
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

impl Queue {
    fn push(&self, job: Box<dyn Job>) -> Result<(), StoreError> {
        self.jobs.try_send(job).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => StoreError::Overloaded,
            mpsc::error::TrySendError::Closed(_) => StoreError::Stopped,
        })
    }
}

/// The only writer of this process.
struct Task {
    options: AnyConnectOptions,
    /// None before the first job, and after a failure.
    connection: Option<Open>,
    commits: Arc<Commits>,
}

/// The writer's connection, and what `pragma synchronous` is set to.
struct Open {
    connection: AnyConnection,
    synchronous: Durability,
}

impl Task {
    async fn run(
        mut self,
        mut waiting: mpsc::Receiver<Box<dyn Job>>,
        mut checkpoints: mpsc::Receiver<oneshot::Sender<Result<(), StoreError>>>,
    ) {
        let mut batch = Vec::with_capacity(MAX_BATCH);
        loop {
            tokio::select! {
                count = waiting.recv_many(&mut batch, MAX_BATCH) => {
                    if count == 0 {
                        return self.close().await;
                    }
                    self.write(&mut batch).await;
                }
                Some(reply) = checkpoints.recv() => {
                    let done = self.checkpoint().await;
                    self.close_if_failed(&done).await;
                    let _ = reply.send(done);
                }
            }
        }
    }

    async fn write(&mut self, batch: &mut Vec<Box<dyn Job>>) {
        let committed = self.commit(batch).await;
        self.close_if_failed(&committed).await;
        for job in batch.drain(..) {
            job.finish(committed.clone());
        }
    }

    /// Runs the jobs in one transaction. After an error nothing of them is stored, once the connection is closed.
    async fn commit(&mut self, batch: &mut [Box<dyn Job>]) -> Result<(), StoreError> {
        let durabilities = batch.iter().map(|job| job.durability());
        let durability = durabilities.max().unwrap_or(Durability::Durable);
        let open = self.open().await?;
        open.synchronize(durability).await?;
        // Immediate: commands may write to the same file, and a transaction that began by reading could not go on then.
        let mut transaction = open.connection.begin_with("begin immediate").await?;
        for job in batch {
            run(&mut transaction, job.as_mut()).await?;
        }
        transaction.commit().await?;
        self.commits.count(durability);
        Ok(())
    }

    async fn checkpoint(&mut self) -> Result<(), StoreError> {
        let open = self.open().await?;
        let statement = sqlx::query("pragma wal_checkpoint(truncate)");
        statement.execute(&mut open.connection).await?;
        Ok(())
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

    async fn close_if_failed(&mut self, result: &Result<(), StoreError>) {
        if let Err(error) = result {
            tracing::error!(error = error as &dyn std::error::Error, "a commit failed");
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

/// Runs one job of several in a transaction.
async fn run(connection: &mut AnyConnection, job: &mut dyn Job) -> Result<(), StoreError> {
    if job.statements() == Statements::One {
        return job.run(connection).await.map(drop);
    }
    let mut savepoint = connection.begin().await?;
    match job.run(&mut savepoint).await? {
        Effect::Stays => savepoint.commit().await?,
        Effect::Undone => savepoint.rollback().await?,
    }
    Ok(())
}

/// Runs a job on PostgreSQL.
async fn write_to_pool(pool: AnyPool, mut job: Box<dyn Job>) {
    let committed = commit_to_pool(&pool, job.as_mut()).await;
    job.finish(committed);
}

async fn commit_to_pool(pool: &AnyPool, job: &mut dyn Job) -> Result<(), StoreError> {
    let mut transaction = pool.begin().await?;
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

#[cfg(test)]
mod tests {
    use std::{iter, pin::pin};

    use futures_util::{
        FutureExt,
        future::{BoxFuture, join_all},
    };
    use tempfile::TempDir;

    use super::{
        Durability::{Durable, Relaxed},
        *,
    };
    use crate::store::{JobResult, Store};

    type Outcome = Result<(), StoreError>;
    type PendingJob<T> = BoxFuture<'static, Result<T, StoreError>>;

    const PAIRS: &str = "create table pairs (number bigint references numbers (number)
        deferrable initially deferred)";

    /// A store with a file of its own, and in it a table of unique numbers.
    struct Bench {
        directory: TempDir,
        store: Store,
    }

    impl Bench {
        async fn new() -> Self {
            let directory = TempDir::new().unwrap();
            let url = format!("sqlite:{}", directory.path().join("gateway.db").display());
            let store = Store::open(&url).await.unwrap();
            let bench = Self { directory, store };
            bench
                .run(&["create table numbers (number bigint primary key)"])
                .await
                .unwrap();
            bench
        }

        /// A durable job of these statements.
        fn run(&self, statements: &'static [&'static str]) -> PendingJob<()> {
            self.job(Durable, move |connection| execute(connection, statements))
        }

        fn job<T: Send + 'static>(
            &self,
            durability: Durability,
            work: impl Work<T>,
        ) -> PendingJob<T> {
            let store = self.store.clone();
            Box::pin(async move { store.write(durability, Statements::Several, work).await })
        }

        /// Commits jobs together: they come while another one is running.
        async fn together<T>(
            &self,
            jobs: impl IntoIterator<Item = PendingJob<T>>,
        ) -> Vec<Result<T, StoreError>> {
            let (started, running) = oneshot::channel();
            let (release, released) = oneshot::channel::<()>();
            let hold = tokio::spawn(self.job(Durable, |_| {
                Box::pin(async {
                    started.send(()).unwrap();
                    released.await.unwrap();
                    Ok(())
                })
            }));
            running.await.unwrap();
            let mut jobs = pin!(join_all(jobs));
            let early = (&mut jobs).now_or_never();
            assert!(early.is_none());
            release.send(()).unwrap();
            hold.await.unwrap().unwrap();
            jobs.await
        }

        async fn numbers(&self) -> Vec<i64> {
            let numbers = sqlx::query_scalar("select number from numbers order by number");
            numbers.fetch_all(self.store.readers()).await.unwrap()
        }
    }

    fn execute<'c>(
        connection: &'c mut AnyConnection,
        statements: &'static [&'static str],
    ) -> BoxFuture<'c, JobResult<()>> {
        Box::pin(async move {
            for statement in statements {
                sqlx::query(*statement).execute(&mut *connection).await?;
            }
            Ok(())
        })
    }

    fn synchronous(connection: &mut AnyConnection) -> BoxFuture<'_, JobResult<i64>> {
        Box::pin(async move {
            let level = sqlx::query_scalar("pragma synchronous").fetch_one(connection);
            Ok(level.await?)
        })
    }

    fn nothing(_: &mut AnyConnection) -> BoxFuture<'_, JobResult<()>> {
        Box::pin(async { Ok(()) })
    }

    fn names(outcomes: &[Outcome]) -> Vec<&'static str> {
        let name = |outcome: &Outcome| match outcome {
            Ok(()) => "stored",
            Err(StoreError::Conflict) => "conflict",
            Err(StoreError::Database(_)) => "database",
            Err(StoreError::Panicked) => "panicked",
            Err(_) => "other",
        };
        outcomes.iter().map(name).collect()
    }

    #[tokio::test]
    async fn a_job_that_violates_a_constraint_spoils_no_other() {
        let bench = Bench::new().await;
        let outcomes = bench.together([
            bench.run(&["insert into numbers values (1)"]),
            bench.run(&[
                "insert into numbers values (2)",
                "insert into numbers values (1)",
            ]),
            bench.run(&["insert into numbers values (3)"]),
        ]);
        assert_eq!(names(&outcomes.await), ["stored", "conflict", "stored"]);
        assert_eq!(bench.numbers().await, [1, 3]);
    }

    #[tokio::test]
    async fn a_full_disk_leaves_no_job_reported_as_stored_that_is_not() {
        let bench = Bench::new().await;
        let outcomes = bench.together([
            bench.run(&["insert into numbers values (1)"]),
            bench.run(&[
                "pragma max_page_count = 1",
                "create table big (bytes bytea)",
                "insert into big values (zeroblob(10000000))",
            ]),
            bench.run(&["insert into numbers values (3)"]),
        ]);
        let outcomes = outcomes.await;
        assert_eq!(names(&outcomes), ["database"; 3]);
        let Err(StoreError::Database(error)) = &outcomes[2] else {
            panic!("{outcomes:?}");
        };
        assert!(error.to_string().contains("full"), "{error}");
        assert_eq!(bench.numbers().await, [0_i64; 0]);
        // Space is free again: the writer goes on, by a connection that is in no transaction.
        let later = bench.together([
            bench.run(&["insert into numbers values (4)"]),
            bench.run(&["insert into numbers values (5)"]),
        ]);
        assert_eq!(names(&later.await), ["stored"; 2]);
        assert_eq!(bench.numbers().await, [4, 5]);
    }

    #[tokio::test]
    async fn a_job_that_panics_leaves_no_job_reported_as_stored_that_is_not() {
        let bench = Bench::new().await;
        let panicking = bench.job(Durable, |connection| {
            Box::pin(async move {
                execute(connection, &["insert into numbers values (2)"]).await?;
                panic!("as a broken job does")
            })
        });
        let outcomes = bench.together([
            bench.run(&["insert into numbers values (1)"]),
            panicking,
            bench.run(&["insert into numbers values (3)"]),
        ]);
        assert_eq!(names(&outcomes.await), ["panicked"; 3]);
        let later = bench.run(&["insert into numbers values (4)"]);
        later.await.unwrap();
        assert_eq!(bench.numbers().await, [4]);
    }

    #[tokio::test]
    async fn a_commit_that_fails_is_the_failure_of_every_job() {
        let bench = Bench::new().await;
        bench.run(&[PAIRS]).await.unwrap();
        let outcomes = bench.together([
            bench.run(&["insert into numbers values (1)"]),
            bench.run(&["insert into pairs values (2)"]),
        ]);
        assert_eq!(names(&outcomes.await), ["database"; 2]);
        let later = bench.run(&["insert into numbers values (3)"]);
        later.await.unwrap();
        assert_eq!(bench.numbers().await, [3]);
    }

    #[tokio::test]
    async fn a_commit_waits_for_the_disk_if_one_of_its_jobs_must() {
        let bench = Bench::new().await;
        for (durabilities, level) in [
            ([Relaxed, Relaxed], 1),
            ([Relaxed, Durable], 2),
            ([Relaxed, Relaxed], 1),
            ([Durable, Durable], 2),
        ] {
            let jobs = durabilities.map(|durability| bench.job(durability, synchronous));
            let levels = bench.together(jobs).await.into_iter();
            let levels: Vec<_> = levels.map(Result::unwrap).collect();
            assert_eq!(levels, [level; 2], "{durabilities:?}");
        }
    }

    #[tokio::test]
    async fn a_commit_that_must_wait_for_the_disk_does_so_after_a_failure_too() {
        let bench = Bench::new().await;
        bench.job(Relaxed, nothing).await.unwrap();
        bench.run(&["no SQL"]).await.unwrap_err();
        assert_eq!(bench.job(Durable, synchronous).await.unwrap(), 2);
    }

    #[tokio::test]
    async fn a_caller_that_goes_away_does_not_stop_its_job() {
        let bench = Bench::new().await;
        let abandoned = bench.run(&["insert into numbers values (1)"]);
        assert!(abandoned.now_or_never().is_none());
        let later = bench.run(&["insert into numbers values (2)"]);
        later.await.unwrap();
        assert_eq!(bench.numbers().await, [1, 2]);
    }

    #[tokio::test]
    async fn jobs_beyond_the_queue_are_rejected_at_once() {
        let bench = Bench::new().await;
        let job = || bench.run(&["insert into numbers select count(*) from numbers"]);
        let jobs: Vec<_> = iter::repeat_with(job).take(MAX_WAITING + 10).collect();
        let outcomes = bench.together(jobs).await;
        let stored = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
        let rejected = |outcome: &&Outcome| matches!(outcome, Err(StoreError::Overloaded));
        let rejected = outcomes.iter().filter(rejected).count();
        assert_eq!((stored, rejected), (MAX_WAITING, 10));
        assert_eq!(bench.numbers().await.len(), MAX_WAITING);
    }

    #[tokio::test]
    async fn a_checkpoint_empties_the_log() {
        let bench = Bench::new().await;
        let log = bench.directory.path().join("gateway.db-wal");
        assert!(log.metadata().unwrap().len() > 0);
        bench.store.checkpoint().await.unwrap();
        assert_eq!(log.metadata().unwrap().len(), 0);
        assert_eq!(bench.numbers().await, [0_i64; 0]);
    }

    #[tokio::test]
    async fn the_end_of_the_writer_is_noticed() {
        let (jobs, waiting) = mpsc::channel(1);
        let (checkpoints, _requests) = mpsc::channel(1);
        let writer = Writer::Queue(Queue {
            jobs,
            checkpoints,
            commits: Arc::default(),
        });
        assert!(writer.stopped().now_or_never().is_none());
        drop(waiting);
        writer.stopped().await;
        let outcome = writer.write(Relaxed, Statements::One, nothing);
        assert!(matches!(outcome.await, Err(StoreError::Stopped)));
    }
}
