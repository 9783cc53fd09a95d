//! A database file of SQLite: its creation, its lock, its connections.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io,
    path::{Path, PathBuf},
    str::FromStr,
};

use sqlx::{
    AnyConnection, AnyPool, Connection, Executor,
    any::{AnyConnectOptions, AnyPoolOptions},
    sqlite::SqliteConnectOptions,
};

use super::{connection::ACQUIRE_TIMEOUT, error::OpenError, file_system, writable};

/// Readers beside the writer.
const READERS: u32 = 4;

/// How long a write waits for that of a command.
pub(super) const BUSY_TIMEOUT: &str = "pragma busy_timeout = 5000";

/// Counts the tables that a migration has made.
pub(super) const MIGRATED_TABLES: &str =
    "select count(*) from sqlite_master where name = '_sqlx_migrations'";

/// A database file. A gateway holds it alone among gateways; commands may read and write it beside.
#[derive(Debug)]
pub(super) struct Database {
    pub(super) options: AnyConnectOptions,
    pub(super) path: PathBuf,
    /// A second gateway on the same file does not start while it is held. A command has none.
    pub(super) lock: Option<File>,
}

impl Database {
    /// Creates the file if it is missing, readable by its owner only, and locks it.
    pub(super) fn open(url: &str) -> Result<Self, OpenError> {
        let (options, path) = parse(url)?;
        let failed = |source| OpenError::File {
            path: path.clone(),
            source,
        };
        create(&path).map_err(failed)?;
        writable::expect_writable(&path)?;
        if let Some(file_system) = file_system::remote(&path).map_err(failed)? {
            return Err(OpenError::RemoteFileSystem { path, file_system });
        }
        let lock = lock(&path)?;
        Ok(Self {
            options,
            path,
            lock: Some(lock),
        })
    }

    /// The file for a command, beside a gateway that may hold it.
    pub(super) fn beside(url: &str) -> Result<Self, OpenError> {
        let (options, path) = parse(url)?;
        let lock = None;
        Ok(Self {
            options,
            path,
            lock,
        })
    }

    /// The first connection, which switches the file to WAL.
    pub(super) async fn switch_to_wal(&self) -> Result<AnyConnection, OpenError> {
        let mut connection = connect(&self.options).await?;
        let mode: String = sqlx::query_scalar("pragma journal_mode = wal")
            .fetch_one(&mut connection)
            .await?;
        if mode != "wal" {
            let path = self.path.clone();
            return Err(OpenError::Wal { path, mode });
        }
        Ok(connection)
    }

    /// The pool that reads.
    pub(super) async fn readers(&self) -> Result<AnyPool, OpenError> {
        let pool = AnyPoolOptions::new()
            .max_connections(READERS)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
            .after_connect(|connection, _| {
                Box::pin(async move {
                    for pragma in [BUSY_TIMEOUT, "pragma query_only = on"] {
                        connection.execute(pragma).await?;
                    }
                    Ok(())
                })
            })
            .connect_with(self.options.clone());
        Ok(pool.await?)
    }
}

/// The options and the path of a URL such as `sqlite:gateway.db`.
pub(super) fn parse(url: &str) -> Result<(AnyConnectOptions, PathBuf), OpenError> {
    if !url.starts_with("sqlite:") {
        return Err(OpenError::Url("does not begin with sqlite:"));
    }
    if url.contains('?') {
        return Err(OpenError::Url(
            "has parameters: only sqlite:FILE is supported",
        ));
    }
    if url.contains(":memory:") {
        return Err(OpenError::Url(
            "names no file: a database in memory would be lost with its last connection",
        ));
    }
    let options = AnyConnectOptions::from_str(url)?;
    // As the driver reads it, whose URL is a normalized one.
    let file = SqliteConnectOptions::from_str(options.database_url.as_str())?;
    let path = file.get_filename().to_owned();
    if path.file_name().is_none() {
        return Err(OpenError::Url("names no file"));
    }
    Ok((options, path))
}

/// What is removed is overwritten with zeros: else it stays readable in the file until its place is used again.
const SECURE_DELETE: &str = "pragma secure_delete = on";

/// A connection that writes, durably at first.
pub(super) async fn connect(options: &AnyConnectOptions) -> Result<AnyConnection, sqlx::Error> {
    let mut connection = AnyConnection::connect_with(options).await?;
    for pragma in [BUSY_TIMEOUT, "pragma synchronous = full", SECURE_DELETE] {
        connection.execute(pragma).await?;
    }
    Ok(connection)
}

/// Creates a file that only its owner may read: the rows' secrets are in it. SQLite gives its log the same permissions.
fn create(path: &Path) -> io::Result<()> {
    match owner_only().create_new(true).open(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        created => created.map(drop),
    }
}

/// Options that create a file which only its owner may read.
pub(super) fn owner_only() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn lock(database: &Path) -> Result<File, OpenError> {
    // One for all links to the file.
    let file = database.canonicalize();
    let path = writable::beside(file.as_deref().unwrap_or(database), ".lock");
    let failed = |source| OpenError::File {
        path: path.clone(),
        source,
    };
    let opened = owner_only().create(true).truncate(false).open(&path);
    let file = opened.map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse(database.to_owned())),
        Err(TryLockError::Error(source)) => Err(failed(source)),
    }
}
