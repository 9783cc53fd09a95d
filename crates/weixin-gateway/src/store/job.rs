//! One write: what it does to the database, and the caller that waits for its result.

use std::panic::AssertUnwindSafe;

use futures_util::{FutureExt, future::BoxFuture};
use sqlx::AnyConnection;
use tokio::sync::oneshot;

use super::error::{JobError, StoreError};

/// What the loss of power may take.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Durability {
    /// The last of these may be lost: a second try for a user, nothing more.
    Relaxed,
    /// On the disk when the caller gets the result.
    Durable,
}

impl Durability {
    /// As metrics call it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Relaxed => "relaxed",
            Self::Durable => "durable",
        }
    }
}

/// How a job that ends in a conflict is undone.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Undo {
    /// Nothing was written before the conflict: a statement that fails undoes itself.
    Nothing,
    /// By a savepoint, which costs two statements.
    Savepoint,
}

/// What a job returns before the commit.
pub(crate) type JobResult<T> = Result<T, JobError>;

/// The statements of a job. It makes no HTTP call and waits for nothing but its connection, since others wait for it.
pub(crate) trait Work<T>:
    for<'c> FnOnce(&'c mut AnyConnection) -> BoxFuture<'c, JobResult<T>> + Send + 'static
{
}

impl<T, F> Work<T> for F where
    F: for<'c> FnOnce(&'c mut AnyConnection) -> BoxFuture<'c, JobResult<T>> + Send + 'static
{
}

/// Whether the statements of a job stay, if its transaction is committed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Effect {
    Stays,
    Undone,
}

/// A job in the writer's queue, whatever its result.
pub(super) trait Job: Send {
    fn durability(&self) -> Durability;
    fn undo(&self) -> Undo;
    /// Runs the statements. The result stays here until [`finish`](Self::finish): before the commit it is not true.
    fn run<'c>(
        &'c mut self,
        connection: &'c mut AnyConnection,
    ) -> BoxFuture<'c, Result<Effect, StoreError>>;
    /// Sends the result, or the reason why nothing was committed.
    fn finish(self: Box<Self>, committed: Result<(), StoreError>);
}

/// A job with its result's type.
pub(super) struct Pending<T, F> {
    durability: Durability,
    undo: Undo,
    work: Option<F>,
    result: Result<T, StoreError>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<T: Send + 'static, F: Work<T>> Pending<T, F> {
    pub(super) fn new(
        durability: Durability,
        undo: Undo,
        work: F,
    ) -> (Self, oneshot::Receiver<Result<T, StoreError>>) {
        let (reply, receiver) = oneshot::channel();
        let pending = Self {
            durability,
            undo,
            work: Some(work),
            result: Err(StoreError::Stopped),
            reply,
        };
        (pending, receiver)
    }

    async fn run_once(&mut self, connection: &mut AnyConnection) -> Result<Effect, StoreError> {
        let Some(work) = self.work.take() else {
            return Err(StoreError::Stopped);
        };
        match run_caught(work, connection).await? {
            Ok(value) => {
                self.result = Ok(value);
                Ok(Effect::Stays)
            }
            Err(JobError::Conflict) => {
                self.result = Err(StoreError::Conflict);
                Ok(Effect::Undone)
            }
            Err(JobError::Database(error)) => Err(error.into()),
        }
    }
}

impl<T: Send + 'static, F: Work<T>> Job for Pending<T, F> {
    fn durability(&self) -> Durability {
        self.durability
    }

    fn undo(&self) -> Undo {
        self.undo
    }

    fn run<'c>(
        &'c mut self,
        connection: &'c mut AnyConnection,
    ) -> BoxFuture<'c, Result<Effect, StoreError>> {
        Box::pin(self.run_once(connection))
    }

    fn finish(self: Box<Self>, committed: Result<(), StoreError>) {
        // The caller may have gone away: its job was done all the same.
        let _ = self.reply.send(committed.and(self.result));
    }
}

/// Runs the statements; a panic of theirs is an error. The connection may be in the middle of anything then, and is not
/// used again.
async fn run_caught<T>(
    work: impl Work<T>,
    connection: &mut AnyConnection,
) -> Result<JobResult<T>, StoreError> {
    let run = AssertUnwindSafe(async { work(connection).await });
    run.catch_unwind().await.map_err(|_| StoreError::Panicked)
}
