//! The pool that reads. It waits for a PostgreSQL that restarts, whatever the connection to it.

use std::{
    io,
    time::{Duration, Instant},
};

use sqlx::{Any, AnyPool, Execute, Executor, any::AnyRow, pool::PoolConnection};
use tokio::time::{error::Elapsed, timeout};
use weixin::clock::{Clock, SystemClock};

use crate::time::NO_RESPONSE;

/// The time for which a statement waits for a connection before the request fails. A server that restarts is waited for.
pub(super) const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

/// The time that a statement may take. A server that vanishes with its address ends no connection: a read would wait for ever,
/// and with it the loop that takes over keys and clients.
const READ_TIMEOUT: Duration = Duration::from_mins(1);

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
        let read = timeout(READ_TIMEOUT, connection.fetch_all(query)).await;
        finished(connection, read)
    }

    pub(super) async fn fetch_one<'q>(
        &self,
        query: impl Execute<'q, Any> + 'q,
    ) -> sqlx::Result<AnyRow> {
        let mut connection = self.acquire().await?;
        let read = timeout(READ_TIMEOUT, connection.fetch_one(query)).await;
        finished(connection, read)
    }

    pub(super) async fn fetch_optional<'q>(
        &self,
        query: impl Execute<'q, Any> + 'q,
    ) -> sqlx::Result<Option<AnyRow>> {
        let mut connection = self.acquire().await?;
        let read = timeout(READ_TIMEOUT, connection.fetch_optional(query)).await;
        finished(connection, read)
    }

    pub(super) async fn close(&self) {
        self.0.close().await;
    }
}

fn finished<T>(
    connection: PoolConnection<Any>,
    read: Result<sqlx::Result<T>, Elapsed>,
) -> sqlx::Result<T> {
    read.unwrap_or_else(|_| {
        // The pool would wait for it.
        drop(connection.detach());
        Err(io::Error::new(io::ErrorKind::TimedOut, NO_RESPONSE).into())
    })
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
