//! A store for the tests of its writer, and jobs for it.

use std::pin::pin;

use futures_util::{
    FutureExt,
    future::{BoxFuture, join_all},
};
use sqlx::AnyConnection;
use tempfile::TempDir;
use tokio::sync::oneshot;

use crate::store::{Durability, JobResult, Store, StoreError, Undo, Work};

pub(super) type Outcome = Result<(), StoreError>;
type PendingJob<T> = BoxFuture<'static, Result<T, StoreError>>;

/// A store with a file of its own, and in it a table of unique numbers.
pub(super) struct Bench {
    pub(super) directory: TempDir,
    pub(super) url: String,
    pub(super) store: Store,
}

impl Bench {
    pub(super) async fn new() -> Self {
        let directory = TempDir::new().unwrap();
        let url = format!("sqlite:{}", directory.path().join("gateway.db").display());
        let store = Store::open(&url).await.unwrap();
        let bench = Self {
            directory,
            url,
            store,
        };
        bench
            .run(&["create table numbers (number bigint primary key)"])
            .await
            .unwrap();
        bench
    }

    /// A durable job of these statements.
    pub(super) fn run(&self, statements: &'static [&'static str]) -> PendingJob<()> {
        self.job(Durability::Durable, move |connection| {
            execute(connection, statements)
        })
    }

    pub(super) fn job<T: Send + 'static>(
        &self,
        durability: Durability,
        work: impl Work<T>,
    ) -> PendingJob<T> {
        let store = self.store.clone();
        Box::pin(async move { store.write(durability, Undo::Savepoint, work).await })
    }

    /// Commits jobs together: they come while another one is running.
    pub(super) async fn together<T>(
        &self,
        jobs: impl IntoIterator<Item = PendingJob<T>>,
    ) -> Vec<Result<T, StoreError>> {
        let (started, running) = oneshot::channel();
        let (release, released) = oneshot::channel::<()>();
        let hold = tokio::spawn(self.job(Durability::Durable, |_| {
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

    /// Marks the writer's connection, by a setting that another one does not have.
    pub(super) async fn mark(&self) {
        self.run(&["pragma cache_size = 7"]).await.unwrap();
    }

    pub(super) async fn is_marked(&self) -> bool {
        let size = self.job(Durability::Durable, |connection| {
            Box::pin(async move {
                let size = sqlx::query_scalar("pragma cache_size").fetch_one(connection);
                Ok::<i64, _>(size.await?)
            })
        });
        size.await.unwrap() == 7
    }

    pub(super) async fn numbers(&self) -> Vec<i64> {
        let numbers = sqlx::query_scalar("select number from numbers order by number");
        numbers.fetch_all(self.store.pool()).await.unwrap()
    }
}

pub(super) fn execute<'c>(
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

pub(super) fn synchronous(connection: &mut AnyConnection) -> BoxFuture<'_, JobResult<i64>> {
    Box::pin(async move {
        let level = sqlx::query_scalar("pragma synchronous").fetch_one(connection);
        Ok(level.await?)
    })
}

pub(super) fn nothing(_: &mut AnyConnection) -> BoxFuture<'_, JobResult<()>> {
    Box::pin(async { Ok(()) })
}

pub(super) fn names(outcomes: &[Outcome]) -> Vec<&'static str> {
    let name = |outcome: &Outcome| match outcome {
        Ok(()) => "stored",
        Err(StoreError::Conflict) => "conflict",
        Err(StoreError::Database(_)) => "database",
        Err(StoreError::Panicked) => "panicked",
        Err(_) => "other",
    };
    outcomes.iter().map(name).collect()
}
