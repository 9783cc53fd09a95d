//! The pool that reads. It waits for a PostgreSQL that restarts, whatever the connection to it.

use std::{
    io,
    time::{Duration, Instant},
};

use sqlx::{Any, AnyPool, Execute, Executor, any::AnyRow, pool::PoolConnection};
use weixin::clock::{Clock, SystemClock};

/// The time for which a statement waits for a connection before the request fails. A server that restarts is waited for.
pub(super) const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

/// Between two attempts to connect.
const PAUSE: Duration = Duration::from_millis(100);

#[derive(Clone, Debug)]
pub(super) struct Readers(pub(super) AnyPool);

impl Readers {
    pub(super) async fn acquire(&self) -> sqlx::Result<PoolConnection<Any>> {
        acquire(&self.0).await
    }

    pub(super) async fn fetch_all<'q>(
        &self,
        query: impl Execute<'q, Any> + 'q,
    ) -> sqlx::Result<Vec<AnyRow>> {
        let mut connection = self.acquire().await?;
        connection.fetch_all(query).await
    }

    pub(super) async fn fetch_one<'q>(
        &self,
        query: impl Execute<'q, Any> + 'q,
    ) -> sqlx::Result<AnyRow> {
        let mut connection = self.acquire().await?;
        connection.fetch_one(query).await
    }

    pub(super) async fn fetch_optional<'q>(
        &self,
        query: impl Execute<'q, Any> + 'q,
    ) -> sqlx::Result<Option<AnyRow>> {
        let mut connection = self.acquire().await?;
        connection.fetch_optional(query).await
    }

    pub(super) async fn close(&self) {
        self.0.close().await;
    }
}

/// A connection of a pool. The pool itself waits for a server that refuses connections, as one does at a TCP port while it
/// restarts; at a Unix socket, the file is missing meanwhile.
pub(super) async fn acquire(pool: &AnyPool) -> sqlx::Result<PoolConnection<Any>> {
    let start = Instant::now();
    loop {
        // Boxed: it is large, and part of the future of each request.
        match Box::pin(pool.acquire()).await {
            Err(sqlx::Error::Io(error)) if error.kind() == io::ErrorKind::NotFound => {
                if start.elapsed() + PAUSE > ACQUIRE_TIMEOUT {
                    return Err(sqlx::Error::PoolTimedOut);
                }
                SystemClock.sleep(PAUSE).await;
            }
            acquired => return acquired,
        }
    }
}
