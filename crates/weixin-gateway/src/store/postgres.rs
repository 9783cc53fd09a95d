//! PostgreSQL, which several nodes share.

use std::{fs, io, str::FromStr, time::Duration};

use sqlx::{
    AnyConnection, AnyPool, AssertSqlSafe, Connection, Row,
    any::{AnyConnectOptions, AnyPoolOptions},
};
use tokio::time::timeout;
use url::Url;
use weixin::clock::{Clock, SystemClock};

use super::{
    connection::{ACQUIRE_TIMEOUT, limited},
    database_error,
    error::{OpenError, StoreError},
    migrations::{self, Migrate},
    readers::{CLOSE_TIMEOUT, READ_TIMEOUT, Readers},
};

const CONNECTIONS: u32 = 16;

/// Counts the tables that a migration has made.
pub(super) const MIGRATED_TABLES: &str = "select count(*) from information_schema.tables
    where table_name = '_sqlx_migrations' and table_schema = current_schema()";

/// SQLite has no clock of its own.
const NOW: &str = "select cast(extract(epoch from clock_timestamp()) * 1000 as bigint)";

/// Connects, and creates or updates the tables.
pub(super) async fn open(url: &str, migrate: Migrate) -> Result<AnyPool, OpenError> {
    let options = AnyConnectOptions::from_str(url)?;
    // A pool would wait for a server that does not respond, and not say why.
    let mut first = connect(url).await?;
    match (is_current(&mut first).await?, migrate) {
        (true, _) => {}
        (false, Migrate::Run) => migrate_tables(&mut first).await?,
        (false, Migrate::Never) => return Err(OpenError::Outdated),
    }
    close(first).await;
    let pool = AnyPoolOptions::new()
        .max_connections(CONNECTIONS)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .after_connect(|connection, _| Box::pin(ends_with_its_client(connection)));
    Ok(pool.connect_with(options).await?)
}

/// Whether the database has the tables of this program, or of a later one.
pub(super) async fn is_current(connection: &mut AnyConnection) -> Result<bool, OpenError> {
    let inspected = migrations::is_current(connection, MIGRATED_TABLES);
    limited(READ_TIMEOUT, inspected).await
}

/// Closes a connection that is not of a pool. A server that does not respond is left.
pub(super) async fn close(connection: AnyConnection) {
    let _ = timeout(CLOSE_TIMEOUT, connection.close()).await;
}

/// A connection that is given up while its statement waits must not be one of `max_connections` for as long. PostgreSQL before
/// version 14 does not know the setting, and goes on.
const ENDS_WITH_CLIENT: &str = "set client_connection_check_interval = '5s'";

async fn ends_with_its_client(connection: &mut AnyConnection) -> sqlx::Result<()> {
    let set = sqlx::query(ENDS_WITH_CLIENT).execute(connection).await;
    match set {
        Err(error) if error.as_database_error().is_none() => Err(error),
        _ => Ok(()),
    }
}

/// How often a migration tries to lock a table, and the pause between two attempts.
const MIGRATION_ATTEMPTS: u32 = 40;
const MIGRATION_PAUSE: Duration = Duration::from_secs(1);
/// How long an attempt may take: millions of rows get an index in seconds.
const MIGRATION_TIME: Duration = Duration::from_mins(5);
const UNLOCK: &str = "select pg_advisory_unlock_all()";

/// Creates or updates the tables.
///
/// A table that is changed is locked as a whole, which a transaction that only reads can delay for as long as a backup takes.
/// All statements of the nodes that run would wait behind the migration: it gives up soon, and they go on between the attempts.
pub(super) async fn migrate_tables(connection: &mut AnyConnection) -> Result<(), OpenError> {
    let mut attempts = 0;
    while let Err(error) = limited(MIGRATION_TIME, try_migration(connection, attempts)).await {
        attempts += 1;
        if !error.is_lock_timeout() || attempts == MIGRATION_ATTEMPTS {
            return Err(error);
        }
        execute(connection, UNLOCK).await?;
        if attempts == 2 {
            tracing::warn!("another program, such as a backup, holds a table: its update waits");
        }
        SystemClock.sleep(MIGRATION_PAUSE).await;
    }
    execute(connection, "reset lock_timeout").await
}

async fn execute(connection: &mut AnyConnection, sql: &'static str) -> Result<(), OpenError> {
    limited(READ_TIMEOUT, async {
        sqlx::query(sql).execute(connection).await?;
        Ok(())
    })
    .await
}

async fn try_migration(connection: &mut AnyConnection, attempts: u32) -> Result<(), OpenError> {
    let timeout = format!("set lock_timeout = '{}ms'", lock_timeout(attempts));
    sqlx::query(AssertSqlSafe(timeout))
        .execute(&mut *connection)
        .await?;
    migrations::run(connection).await
}

/// How long an attempt waits for a lock, after so many that were in vain. PostgreSQL cancels an autovacuum for others only once
/// they have waited for a second (`deadlock_timeout`): so long waits each fifth attempt, and the first. All who come later wait
/// behind it.
pub(super) const fn lock_timeout(attempts: u32) -> u32 {
    if attempts.is_multiple_of(5) {
        1500
    } else {
        500
    }
}

/// A server that responds at all does so sooner.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// Connects once.
pub(super) async fn connect(url: &str) -> Result<AnyConnection, OpenError> {
    let connected = limited(CONNECT_TIMEOUT, AnyConnection::connect(url)).await;
    connected.map_err(|error| {
        if let Some(error) = unreadable_file(url, &error) {
            return error;
        }
        match host_not_found(url, &error) {
            Some(host) => OpenError::Host {
                host,
                source: error,
            },
            None => error.into(),
        }
    })
}

/// The certificate or key that the URL names, if it cannot be read or is none. The driver does not say which.
fn unreadable_file(url: &str, error: &sqlx::Error) -> Option<OpenError> {
    let invalid = match error {
        sqlx::Error::Io(_) => None,
        sqlx::Error::Configuration(reason) => Some(reason.to_string()),
        _ => return None,
    };
    let url = Url::parse(url).ok()?;
    let is_file = |name: &str| matches!(name, "sslrootcert" | "sslcert" | "sslkey");
    let files = url.query_pairs().filter(|(name, _)| is_file(name));
    // The driver also takes the text itself, which may be a private key.
    let paths = files.filter(|(_, value)| !value.contains("-----BEGIN"));
    let files: Vec<_> = paths.map(|(_, path)| path.into_owned()).collect();
    // A folder can be opened, and is no file.
    let unreadable = files
        .iter()
        .find_map(|path| Some(OpenError::Certificate(path.into(), fs::read(path).err()?)));
    unreadable.or_else(|| {
        let reason = invalid.filter(|_| !files.is_empty())?;
        let source = io::Error::other(reason);
        Some(OpenError::Certificate(files.join(", ").into(), source))
    })
}

/// The host of the URL, if it is unknown. Where an `@` follows the host, it may be a part of a password.
fn host_not_found(url: &str, error: &sqlx::Error) -> Option<String> {
    let sqlx::Error::Io(error) = error else {
        return None;
    };
    let is_unknown = database_error::is_unknown_host(error);
    let url = Url::parse(url).ok().filter(|_| is_unknown)?;
    let after = [Some(url.path()), url.query(), url.fragment()];
    let has_at = after.into_iter().flatten().any(|part| part.contains('@'));
    let is_other = url
        .query_pairs()
        .any(|(name, _)| matches!(&*name, "host" | "hostaddr"));
    let host = url.host_str().filter(|_| !has_at && !is_other)?;
    Some(host.to_owned())
}

/// The time of the server's clock, in milliseconds since 1970.
pub(super) async fn now(readers: &Readers) -> Result<i64, StoreError> {
    Ok(readers.fetch_one(sqlx::query(NOW)).await?.try_get(0)?)
}

/// The same as [`lock`], but fails if the tables are not free soon, after so many attempts: all writes that come later wait
/// behind this one.
pub(super) async fn lock_soon(
    connection: &mut AnyConnection,
    tables: &[&'static str],
    attempts: u32,
) -> Result<(), sqlx::Error> {
    let timeout = format!("set local lock_timeout = '{}ms'", lock_timeout(attempts));
    sqlx::query(AssertSqlSafe(timeout))
        .execute(&mut *connection)
        .await?;
    lock(connection, tables).await
}

/// Keeps others from writing to these tables until the transaction ends. Reads go on.
pub(super) async fn lock(
    connection: &mut AnyConnection,
    tables: &[&'static str],
) -> Result<(), sqlx::Error> {
    let tables = tables.join(", ");
    let lock = format!("lock table {tables} in share row exclusive mode");
    sqlx::query(AssertSqlSafe(lock)).execute(connection).await?;
    Ok(())
}
