//! Why a store is not copied.

use std::{fmt, path::PathBuf};

use thiserror::Error;

use crate::{config::ConfigError, start_error::StartError};

/// A store is not copied. The target is as it was, or has empty tables, unless the error says otherwise.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CopyError {
    /// Both are of the same kind, which its own tools copy.
    #[error("both stores are of the same kind")]
    SameKind,
    /// The URL of the target cannot be used: its parameters are checked as those of a configuration are.
    #[error(transparent)]
    Url(ConfigError),
    /// There is no file of SQLite.
    #[error("{0} does not exist")]
    Missing(PathBuf),
    /// A gateway holds one of the files.
    #[error("{0} is in use by a gateway")]
    InUse(PathBuf),
    /// Programs are connected to the PostgreSQL from which would be copied, as the same user: gateways, probably.
    #[error("{0} other connections to the store are open")]
    Connected(u64),
    /// The tables of a store are not those of this program.
    #[error("the tables of {store} are of version {found}, this program copies version {known}")]
    Version {
        /// Whose tables.
        store: CopiedStore,
        /// The version of the tables.
        found: i64,
        /// The version of this program.
        known: i64,
    },
    /// The target has rows.
    #[error("the table {table} of the target has {rows} rows")]
    NotEmpty {
        /// The first table that has rows.
        table: &'static str,
        /// How many.
        rows: u64,
    },
    /// Not all rows have arrived. None of them stays.
    #[error("the table {table} has {read} rows, and {written} have arrived")]
    Incomplete {
        /// The table.
        table: &'static str,
        /// Rows of the source.
        read: u64,
        /// Rows of the target.
        written: u64,
    },
    /// The target has not confirmed the commit: it has all rows, or none.
    #[error("it is not known whether the target has kept the rows")]
    Unconfirmed(#[source] StartError),
    /// The store from which would be copied cannot be opened, or fails.
    #[error("the store cannot be read")]
    Source(#[source] StartError),
    /// The store to which would be copied cannot be opened, or fails.
    #[error("the target cannot be written")]
    Target(#[source] StartError),
}

/// One of the two stores of a copy.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CopiedStore {
    /// The store from which would be copied.
    Source,
    /// The store to which would be copied.
    Target,
}

impl fmt::Display for CopiedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Source => "the store",
            Self::Target => "the target",
        })
    }
}

impl CopyError {
    pub(super) fn source(error: impl Into<StartError>) -> Self {
        Self::Source(error.into())
    }

    pub(super) fn target(error: impl Into<StartError>) -> Self {
        Self::Target(error.into())
    }
}
