//! The two databases of a copy: where rows are read, and where they are written.

use sqlx::{AnyConnection, Connection, Executor, Transaction};

use super::{
    CopiedStore, CopyError, TABLES,
    statement::{TIMEOUT, in_time},
};
use crate::store::{
    connection::limited,
    error::{OpenError, StoreError},
    is_postgres, migrations, postgres,
    sqlite::{self, Database},
};

/// Commands that write wait until the copy is made, and fail after their time for that.
const READ_SQLITE: &str = "begin immediate";
/// One state of all tables.
const READ_POSTGRES: &str = "begin isolation level repeatable read read only";
const WRITE_SQLITE: &str = "begin immediate";
const WRITE_POSTGRES: &str = "begin";

/// Programs that are connected to this database as the same user. Gateways always are.
const OTHER_CONNECTIONS: &str = "select count(*) from pg_stat_activity
    where datname = current_database() and usename = current_user
    and backend_type = 'client backend' and pid <> pg_backend_pid()";

/// Fails for two stores of the same kind.
pub(super) fn expect_other_kind(from: &str, to: &str) -> Result<(), CopyError> {
    if is_postgres(from) == is_postgres(to) {
        return Err(CopyError::SameKind);
    }
    Ok(())
}

/// The store that is read. No gateway uses it.
pub(super) struct Source {
    connection: AnyConnection,
    begin: &'static str,
    /// Keeps the lock of SQLite's file.
    _file: Option<Database>,
}

impl Source {
    pub(super) async fn open(url: &str) -> Result<Self, CopyError> {
        if is_postgres(url) {
            let source = Self::open_postgres(url).await;
            let mut source = source.map_err(CopyError::source)?;
            source.expect_no_others().await?;
            source.expect_version(postgres::MIGRATED_TABLES).await?;
            return Ok(source);
        }
        let (_, path) = sqlite::parse(url).map_err(CopyError::source)?;
        if !path.exists() {
            return Err(CopyError::Missing(path));
        }
        let file = Database::open(url).map_err(|error| in_use(error, CopyError::source))?;
        let mut source = Self {
            connection: file.switch_to_wal().await.map_err(CopyError::source)?,
            begin: READ_SQLITE,
            _file: Some(file),
        };
        source.expect_version(sqlite::MIGRATED_TABLES).await?;
        Ok(source)
    }

    async fn open_postgres(url: &str) -> Result<Self, OpenError> {
        Ok(Self {
            connection: postgres::connect(url).await?,
            begin: READ_POSTGRES,
            _file: None,
        })
    }

    async fn expect_no_others(&mut self) -> Result<(), CopyError> {
        let others = sqlx::query_scalar::<_, i64>(OTHER_CONNECTIONS);
        let others = in_time(others.fetch_one(&mut self.connection)).await;
        match others {
            Ok(0) => Ok(()),
            Ok(others) => Err(CopyError::Connected(others.unsigned_abs())),
            Err(error) => Err(CopyError::source(error)),
        }
    }

    /// Columns that this program does not know would be lost, and those that are missing cannot be read.
    async fn expect_version(&mut self, tables: &'static str) -> Result<(), CopyError> {
        let found = version(&mut self.connection, tables).await;
        expect_known(CopiedStore::Source, found.map_err(CopyError::source)?)
    }

    pub(super) async fn begin(&mut self) -> Result<Transaction<'_, sqlx::Any>, CopyError> {
        let begun = in_time(self.connection.begin_with(self.begin)).await;
        begun.map_err(CopyError::source)
    }

    /// Waits until the connection has ended. What it has read was complete.
    pub(super) async fn close(self) {
        let _ = in_time(self.connection.close()).await;
    }
}

/// The store that is written, with its tables. No gateway can write to it until the copy is made.
pub(super) struct Target {
    connection: AnyConnection,
    begin: &'static str,
    /// Keeps the lock of SQLite's file.
    file: Option<Database>,
}

impl Target {
    pub(super) async fn open(url: &str) -> Result<Self, CopyError> {
        let opened = if is_postgres(url) {
            Self::open_postgres(url).await
        } else {
            Self::open_sqlite(url).await
        };
        let mut target = opened.map_err(|error| in_use(error, CopyError::target))?;
        let tables = if is_postgres(url) {
            postgres::MIGRATED_TABLES
        } else {
            sqlite::MIGRATED_TABLES
        };
        let found = version(&mut target.connection, tables).await;
        expect_known(CopiedStore::Target, found.map_err(CopyError::target)?)?;
        Ok(target)
    }

    async fn open_postgres(url: &str) -> Result<Self, OpenError> {
        let mut connection = postgres::connect(url).await?;
        postgres::migrate_tables(&mut connection).await?;
        Ok(Self {
            connection,
            begin: WRITE_POSTGRES,
            file: None,
        })
    }

    async fn open_sqlite(url: &str) -> Result<Self, OpenError> {
        let file = Database::open(url)?;
        let mut connection = file.switch_to_wal().await?;
        migrations::run_in_transaction(&mut connection).await?;
        Ok(Self {
            connection,
            begin: WRITE_SQLITE,
            file: Some(file),
        })
    }

    pub(super) async fn begin(&mut self) -> Result<Transaction<'_, sqlx::Any>, CopyError> {
        let begun = in_time(self.begin_locked()).await;
        begun.map_err(CopyError::target)
    }

    async fn begin_locked(&mut self) -> Result<Transaction<'_, sqlx::Any>, sqlx::Error> {
        let mut transaction = self.connection.begin_with(self.begin).await?;
        if self.begin == WRITE_POSTGRES {
            let names: Vec<_> = TABLES.iter().map(|table| table.name).collect();
            postgres::lock(&mut transaction, &names).await?;
        }
        Ok(transaction)
    }

    /// Waits until the connection has ended, with all rows in SQLite's file itself: the operator may move it without its log.
    pub(super) async fn close(self) -> Result<(), StoreError> {
        let is_sqlite = self.file.is_some();
        in_time(close(self.connection, is_sqlite)).await
    }
}

async fn close(mut connection: AnyConnection, is_sqlite: bool) -> Result<(), sqlx::Error> {
    if is_sqlite {
        let emptied = connection.execute("pragma wal_checkpoint(truncate)").await;
        emptied?;
    }
    connection.close().await
}

async fn version(connection: &mut AnyConnection, tables: &'static str) -> Result<i64, OpenError> {
    limited(TIMEOUT, migrations::version(connection, tables)).await
}

fn expect_known(store: CopiedStore, found: i64) -> Result<(), CopyError> {
    let known = migrations::VERSION;
    if found == known {
        Ok(())
    } else {
        Err(CopyError::Version {
            store,
            found,
            known,
        })
    }
}

/// Each of the files can be the one that a gateway holds.
fn in_use(error: OpenError, otherwise: impl Fn(OpenError) -> CopyError) -> CopyError {
    match error {
        OpenError::InUse(path) => CopyError::InUse(path),
        error => otherwise(error),
    }
}
