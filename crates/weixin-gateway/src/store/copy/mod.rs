//! A copy of all rows to a store of the other kind, in one transaction of each: nothing is copied, or everything.

mod database;
mod error;
mod statement;
pub(super) mod tables;

use std::sync::Arc;

use futures_util::TryStreamExt;
use sqlx::{AnyConnection, AssertSqlSafe, Row, any::AnyRow};

pub use self::error::{CopiedStore, CopyError};
use self::{
    database::{Source, Target},
    statement::in_time,
    tables::{Kind, TABLES, Table},
};
use super::{database_error::leaves_commit_unknown, error::StoreError};

/// Rows of one statement: 19 columns of as many are fewer parameters than SQLite and PostgreSQL allow.
const BATCH: usize = 500;

/// How far a copy is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct CopyProgress {
    /// The table that is being copied.
    pub table: &'static str,
    /// The rows that were copied, of all tables.
    pub rows: u64,
    /// All rows.
    pub total: u64,
}

/// A table that was copied.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct CopiedTable {
    /// Its name.
    pub name: &'static str,
    /// Its rows.
    pub rows: u64,
}

/// Copies all rows of a store to an empty one of the other kind.
///
/// # Errors
///
/// [`CopyError`] if one of them is in use, the target has rows, or one of them fails.
pub(crate) async fn copy(
    from: &str,
    to: &str,
    progress: impl FnMut(CopyProgress) + Send,
) -> Result<Vec<CopiedTable>, CopyError> {
    sqlx::any::install_default_drivers();
    database::expect_other_kind(from, to)?;
    let mut source = Source::open(from).await?;
    let mut target = match Target::open(to).await {
        Ok(target) => target,
        Err(error) => {
            source.close().await;
            return Err(error);
        }
    };
    let copied = copy_rows(&mut source, &mut target, progress).await;
    source.close().await;
    let closed = target.close().await;
    let copied = copied?;
    // The rows are there, but perhaps not in SQLite's file itself.
    closed.map_err(|error| CopyError::Unconfirmed(error.into()))?;
    Ok(copied)
}

/// One transaction of each store.
async fn copy_rows(
    source: &mut Source,
    target: &mut Target,
    progress: impl FnMut(CopyProgress) + Send,
) -> Result<Vec<CopiedTable>, CopyError> {
    let mut reading = source.begin().await?;
    let mut writing = target.begin().await?;
    for table in TABLES {
        let rows = count(&mut writing, table).await;
        let rows = rows.map_err(CopyError::target)?;
        if rows > 0 {
            let table = table.name;
            return Err(CopyError::NotEmpty { table, rows });
        }
    }
    let copied = copy_tables(&mut reading, &mut writing, progress).await?;
    let committed = in_time(writing.commit()).await;
    committed.map_err(not_committed)?;
    Ok(copied)
}

/// Without a response to the commit, it may have been made.
fn not_committed(error: StoreError) -> CopyError {
    let is_unknown = matches!(&error, StoreError::Database(error) if leaves_commit_unknown(error));
    if is_unknown {
        CopyError::Unconfirmed(error.into())
    } else {
        CopyError::target(error)
    }
}

async fn copy_tables(
    reading: &mut AnyConnection,
    writing: &mut AnyConnection,
    mut progress: impl FnMut(CopyProgress) + Send,
) -> Result<Vec<CopiedTable>, CopyError> {
    let mut expected = Vec::with_capacity(TABLES.len());
    for table in TABLES {
        let rows = count(reading, table).await;
        expected.push(rows.map_err(CopyError::source)?);
    }
    let total = expected.iter().sum();
    let (mut copied, mut before) = (Vec::with_capacity(TABLES.len()), 0);
    for (table, read) in TABLES.into_iter().zip(expected) {
        let name = table.name;
        copy_table(reading, writing, table, &mut |rows| {
            progress(CopyProgress {
                table: name,
                rows: before + rows,
                total,
            });
        })
        .await?;
        let written = count(writing, table).await.map_err(CopyError::target)?;
        if written != read {
            return Err(CopyError::Incomplete {
                table: name,
                read,
                written,
            });
        }
        before += read;
        copied.push(CopiedTable { name, rows: read });
    }
    Ok(copied)
}

/// Copies a table in batches, so that memory does not grow with it.
async fn copy_table(
    reading: &mut AnyConnection,
    writing: &mut AnyConnection,
    table: Table,
    progress: &mut (impl FnMut(u64) + Send),
) -> Result<(), CopyError> {
    let select = AssertSqlSafe(table.select());
    let mut rows = sqlx::query(select).fetch(reading);
    let whole: Arc<str> = table.insert(BATCH).into();
    let (mut batch, mut copied) = (Vec::with_capacity(BATCH), 0);
    while let Some(row) = in_time(rows.try_next()).await.map_err(CopyError::source)? {
        batch.push(row);
        if batch.len() == BATCH {
            insert(writing, table, Arc::clone(&whole), &batch).await?;
            copied += BATCH as u64;
            batch.clear();
            progress(copied);
        }
    }
    if !batch.is_empty() {
        let rest = table.insert(batch.len()).into();
        insert(writing, table, rest, &batch).await?;
        progress(copied + batch.len() as u64);
    }
    Ok(())
}

async fn insert(
    writing: &mut AnyConnection,
    table: Table,
    sql: Arc<str>,
    rows: &[AnyRow],
) -> Result<(), CopyError> {
    let from_source = |error: sqlx::Error| CopyError::source(StoreError::from(error));
    let mut query = sqlx::query(AssertSqlSafe(sql));
    for row in rows {
        for (index, (_, kind)) in table.columns.iter().enumerate() {
            query = match kind {
                Kind::Text => query.bind(
                    row.try_get::<Option<String>, _>(index)
                        .map_err(from_source)?,
                ),
                Kind::Number => {
                    query.bind(row.try_get::<Option<i64>, _>(index).map_err(from_source)?)
                }
                Kind::Bytes => query.bind(
                    row.try_get::<Option<Vec<u8>>, _>(index)
                        .map_err(from_source)?,
                ),
            };
        }
    }
    let inserted = in_time(query.execute(writing)).await;
    inserted.map_err(CopyError::target)?;
    Ok(())
}

async fn count(connection: &mut AnyConnection, table: Table) -> Result<u64, StoreError> {
    let query = sqlx::query_scalar::<_, i64>(AssertSqlSafe(table.count()));
    let rows = in_time(query.fetch_one(connection)).await?;
    Ok(rows.unsigned_abs())
}
