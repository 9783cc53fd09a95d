//! The pool that reads. It waits for a PostgreSQL that restarts, whatever the connection to it.

use std::time::Duration;

use sqlx::{Any, AnyPool, Connection as _, Execute, Executor, any::AnyRow};
use tokio::time::timeout;

use super::{
    StoreError, Work,
    connection::{self, Connection},
};

/// The time that a statement may take. A server that vanishes with its address ends no connection: a read would wait for ever.
/// Shorter than that of what waits for it: a [turn](crate::time::TURN), or a request.
pub(super) const READ_TIMEOUT: Duration = Duration::from_secs(20);

/// How long the end of what runs may take.
pub(super) const CLOSE_TIMEOUT: Duration = Duration::from_secs(10);

/// The same for all users, or all events: ten million take seconds.
pub(super) const SCAN_TIMEOUT: Duration = Duration::from_mins(5);

#[derive(Clone, Debug)]
pub(super) struct Readers(pub(super) AnyPool);

impl Readers {
    pub(super) async fn acquire(&self) -> sqlx::Result<Connection> {
        connection::acquire(&self.0).await
    }

    pub(super) async fn fetch_all<'q>(
        &self,
        query: impl Execute<'q, Any> + 'q,
    ) -> sqlx::Result<Vec<AnyRow>> {
        let mut connection = self.acquire().await?;
        let read = timeout(READ_TIMEOUT, connection.fetch_all(query)).await;
        connection.finished(read)
    }

    pub(super) async fn fetch_one<'q>(
        &self,
        query: impl Execute<'q, Any> + 'q,
    ) -> sqlx::Result<AnyRow> {
        let mut connection = self.acquire().await?;
        let read = timeout(READ_TIMEOUT, connection.fetch_one(query)).await;
        connection.finished(read)
    }

    pub(super) async fn fetch_optional<'q>(
        &self,
        query: impl Execute<'q, Any> + 'q,
    ) -> sqlx::Result<Option<AnyRow>> {
        let mut connection = self.acquire().await?;
        let read = timeout(READ_TIMEOUT, connection.fetch_optional(query)).await;
        connection.finished(read)
    }

    /// Runs a job on what is stored at one moment.
    pub(super) async fn run<T>(&self, work: impl Work<T>, time: Duration) -> Result<T, StoreError> {
        let mut connection = self.acquire().await?;
        let job = async {
            let mut transaction = connection.begin().await?;
            Ok::<_, StoreError>(work(&mut transaction).await?)
        };
        let done = timeout(time, job).await;
        connection.finished(done)
    }

    pub(super) async fn close(&self) {
        // A read that runs has no one who waits for it any more.
        let _ = timeout(CLOSE_TIMEOUT, self.0.close()).await;
    }
}
