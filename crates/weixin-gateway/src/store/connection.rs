//! A connection of the pool, which is given up when the database does not respond.

use std::{
    io,
    ops::{Deref, DerefMut},
    time::{Duration, Instant},
};

use sqlx::{Any, AnyConnection, AnyPool, pool::PoolConnection};
use tokio::{
    runtime::Handle,
    time::{error::Elapsed, timeout},
};
use weixin::clock::{Clock, SystemClock};

use crate::time::NO_RESPONSE;

/// The time for which a statement waits for a connection before the request fails. A server that restarts is waited for.
pub(super) const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

/// Between two attempts to connect.
const PAUSE: Duration = Duration::from_millis(100);

/// How long the end of what was begun on a connection may take before the pool has it back.
const RELEASE_TIMEOUT: Duration = Duration::from_secs(10);

/// A connection of the pool. A server that vanishes with its address ends none of them: by itself, the pool would wait for a
/// response on each for ever, until it has no place for another one.
pub(super) struct Connection(PoolConnection<Any>);

impl Connection {
    /// The result of statements, after which the connection is given up if they took too long.
    pub(super) fn finished<T, E: From<sqlx::Error>>(
        mut self,
        done: Result<Result<T, E>, Elapsed>,
    ) -> Result<T, E> {
        done.unwrap_or_else(|_| {
            drop(self.0.return_to_pool());
            Err(no_response().into())
        })
    }
}

/// Fails if the database has not responded by then.
pub(super) async fn limited<T, E: From<sqlx::Error>>(
    time: Duration,
    done: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    let done = timeout(time, done).await;
    done.unwrap_or_else(|_| Err(no_response().into()))
}

pub(super) fn no_response() -> sqlx::Error {
    io::Error::new(io::ErrorKind::TimedOut, NO_RESPONSE).into()
}

impl Deref for Connection {
    type Target = AnyConnection;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for Connection {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

/// Also of a caller who went away while a statement runs.
impl Drop for Connection {
    fn drop(&mut self) {
        let returned = self.0.return_to_pool();
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(async { timeout(RELEASE_TIMEOUT, returned).await });
        }
    }
}

/// A connection of a pool. The pool itself waits for a server that refuses connections, as one does at a TCP port while it
/// restarts; at a Unix socket, the file is missing meanwhile.
pub(super) async fn acquire(pool: &AnyPool) -> sqlx::Result<Connection> {
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
            acquired => return acquired.map(Connection),
        }
    }
}
