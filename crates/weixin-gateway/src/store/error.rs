//! The failures of the store.

use std::{path::PathBuf, sync::Arc};

use sqlx::error::DatabaseError;
use thiserror::Error;

use crate::random::NoRandomBytes;

/// A read or a write failed. It is cloneable, since a failed commit is the failure of every job in it.
#[derive(Clone, Debug, Error)]
pub(crate) enum StoreError {
    /// The write contradicts what is stored, and has changed nothing.
    #[error("the write contradicts what is stored")]
    Conflict,
    /// The database failed, or a row is not as it was written.
    #[error("the database failed")]
    Database(#[source] Arc<sqlx::Error>),
    /// Too many writes wait: try again in a second.
    #[error("too many writes are waiting")]
    Overloaded,
    /// A job panicked.
    #[error("a write panicked")]
    Panicked,
    /// The operating system has no random bytes.
    #[error(transparent)]
    Random(#[from] NoRandomBytes),
    /// The writer has ended.
    #[error("the store has stopped")]
    Stopped,
    /// As many authorization requests wait as may: try again later. Sessions and tokens are not affected.
    #[error("too many logins are waiting")]
    TooManyRequests,
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(Arc::new(error))
    }
}

/// The end of a job that returns no result.
#[derive(Debug)]
pub(crate) enum JobError {
    /// Undoes this job and no other: it violates a constraint, or found that another write was faster.
    Conflict,
    /// Abandons all jobs of the commit.
    Database(sqlx::Error),
}

impl JobError {
    /// A conflict that cannot be undone by itself, since statements before it have written.
    pub(crate) fn not_undone(self) -> Self {
        match self {
            Self::Conflict => {
                Self::Database(sqlx::Error::Protocol("a random ID occurs twice".to_owned()))
            }
            failed @ Self::Database(_) => failed,
        }
    }
}

impl From<JobError> for StoreError {
    fn from(error: JobError) -> Self {
        match error {
            JobError::Conflict => Self::Conflict,
            JobError::Database(error) => error.into(),
        }
    }
}

impl From<sqlx::Error> for JobError {
    fn from(error: sqlx::Error) -> Self {
        if error
            .as_database_error()
            .is_some_and(is_constraint_violation)
        {
            Self::Conflict
        } else {
            Self::Database(error)
        }
    }
}

fn is_constraint_violation(error: &dyn DatabaseError) -> bool {
    error.is_unique_violation()
        || error.is_foreign_key_violation()
        || error.is_check_violation()
        || matches!(error.kind(), sqlx::error::ErrorKind::NotNullViolation)
}

/// The store cannot be opened.
#[derive(Debug, Error)]
pub(crate) enum OpenError {
    /// The database cannot be reached, or rejects a statement.
    #[error("the database cannot be opened")]
    Database(#[from] sqlx::Error),
    /// The file cannot be created or locked.
    #[error("{path} cannot be opened")]
    File {
        /// The database, or the lock file beside it.
        path: PathBuf,
        /// The operating system's reason.
        source: std::io::Error,
    },
    /// Another gateway has the database open.
    #[error("{0} is in use by another gateway")]
    InUse(PathBuf),
    /// A first read failed.
    #[error(transparent)]
    Read(#[from] StoreError),
    /// A migration failed.
    #[error("the tables cannot be created or updated")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// There is no file to copy.
    #[error("PostgreSQL is backed up by its own tools, such as pg_dump")]
    NoFile,
    /// The tables must be there, and are not.
    #[error(
        "the tables are missing or of an earlier version, and `migrate` is false: run `weixin gateway migrate`"
    )]
    Outdated,
    /// WAL needs shared memory, which a file system of another machine does not have.
    #[error("{path} is on {file_system}: SQLite needs a local file system")]
    RemoteFileSystem {
        /// The database.
        path: PathBuf,
        /// The type as the kernel names it.
        file_system: String,
    },
    /// The database was written by a later program, with which this one cannot work side by side.
    #[error("the database needs version {needed} of the tables; this program knows {known}")]
    TooNew {
        /// The oldest version that may be used.
        needed: i64,
        /// The version of this program.
        known: i64,
    },
    /// The URL is not of a kind that the store supports.
    #[error("the URL of the store {0}")]
    Url(&'static str),
    /// SQLite did not switch to WAL.
    #[error("{path} uses the journal mode `{mode}`: SQLite cannot use WAL here")]
    Wal {
        /// The database.
        path: PathBuf,
        /// The mode that is used instead.
        mode: String,
    },
}
