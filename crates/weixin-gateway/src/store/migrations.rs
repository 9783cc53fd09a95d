//! The tables, created and updated by the program that starts. Migrations go forward only.

use super::error::OpenError;
use sqlx::{
    AnyConnection, Connection, SqlSafeStr,
    migrate::{Migration, MigrationType, Migrator},
};

/// Whether a start may change the tables.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Migrate {
    /// They are created and updated.
    Run,
    /// They must be there: the command `migrate` has made them.
    Never,
}

impl Migrate {
    pub(crate) const fn if_allowed(is_allowed: bool) -> Self {
        if is_allowed { Self::Run } else { Self::Never }
    }
}

/// The number of the last migration. A program before this one may use the tables as long as `schema.minimum_version`
/// says so.
pub(super) const VERSION: i64 = 5;

/// Each only adds to the tables: nodes are replaced one by one, and the program of before uses them meanwhile. Each changes
/// one table in use at most: a migration that holds the locks of two would be in a deadlock with a statement that has locked
/// them in the other order.
const MIGRATIONS: [(i64, &str, &str); 5] = [
    (
        1,
        "initial",
        include_str!("../../migrations/0001_initial.sql"),
    ),
    (
        2,
        "logout consent clients",
        include_str!("../../migrations/0002_logout_consent_clients.sql"),
    ),
    (
        3,
        "client revocations",
        include_str!("../../migrations/0003_client_revocations.sql"),
    ),
    (
        4,
        "logins",
        include_str!("../../migrations/0004_logins.sql"),
    ),
    (
        VERSION,
        "session renewals",
        include_str!("../../migrations/0005_session_renewals.sql"),
    ),
];

fn migrator(last: i64) -> Migrator {
    let known = MIGRATIONS
        .into_iter()
        .filter(|(version, ..)| *version <= last);
    let migration = |(version, description, sql): (i64, &'static str, &'static str)| {
        let sql = sql.into_sql_str();
        Migration::new(
            version,
            description.into(),
            MigrationType::Simple,
            sql,
            false,
        )
    };
    let mut migrator = Migrator::with_migrations(known.map(migration).collect());
    // Those of a later program: nodes are replaced one by one.
    migrator.set_ignore_missing(true);
    migrator
}

/// Migrates SQLite. The lock of the file keeps other gateways away, the transaction keeps commands away.
pub(super) async fn run_in_transaction(connection: &mut AnyConnection) -> Result<(), OpenError> {
    let mut transaction = connection.begin_with("begin immediate").await?;
    run(&mut transaction).await?;
    Ok(transaction.commit().await?)
}

/// Migrates PostgreSQL under the advisory lock that the migrator takes. One that fails leaves it to the connection.
pub(super) async fn run(connection: &mut AnyConnection) -> Result<(), OpenError> {
    migrator(VERSION).run(&mut *connection).await?;
    check_version(connection).await
}

/// The tables of a program before this one.
#[cfg(test)]
pub(super) async fn run_until(connection: &mut AnyConnection, last: i64) -> Result<(), OpenError> {
    Ok(migrator(last).run(connection).await?)
}

/// Fails if tables are missing, or are of a program before this one.
pub(super) async fn require_current(
    connection: &mut AnyConnection,
    tables: &'static str,
) -> Result<(), OpenError> {
    if is_current(connection, tables).await? {
        Ok(())
    } else {
        Err(OpenError::Outdated)
    }
}

/// Whether a database has all tables that this program needs. The statement counts the tables named `_sqlx_migrations`.
pub(super) async fn is_current(
    connection: &mut AnyConnection,
    tables: &'static str,
) -> Result<bool, OpenError> {
    if version(connection, tables).await? < VERSION {
        return Ok(false);
    }
    check_version(connection).await?;
    Ok(true)
}

/// The number of the last migration; 0 without tables. The statement counts the tables named `_sqlx_migrations`.
pub(super) async fn version(
    connection: &mut AnyConnection,
    tables: &'static str,
) -> Result<i64, OpenError> {
    let tables: i64 = sqlx::query_scalar(tables)
        .fetch_one(&mut *connection)
        .await?;
    if tables == 0 {
        return Ok(0);
    }
    let last = sqlx::query_scalar("select coalesce(max(version), 0) from _sqlx_migrations");
    Ok(last.fetch_one(connection).await?)
}

async fn check_version(connection: &mut AnyConnection) -> Result<(), OpenError> {
    let needed: i64 = sqlx::query_scalar("select minimum_version from schema")
        .fetch_one(connection)
        .await?;
    if needed > VERSION {
        let known = VERSION;
        return Err(OpenError::TooNew { needed, known });
    }
    Ok(())
}
