//! The state of the database, for `weixin gateway check`. Nothing is changed, and a gateway may be running.

use std::path::Path;

use sqlx::{AnyConnection, Connection};

use super::{error::OpenError, file_system, migrations, postgres, sqlite, writable};

/// What the next start will find.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum StoreState {
    /// There is no file: it will be created.
    Missing,
    /// The tables are missing or of an earlier program: they will be created or updated.
    Outdated,
    /// The tables are those of this program, or of a later one that agrees with it.
    Current,
}

/// Inspects the database.
///
/// # Errors
///
/// [`OpenError`] if a gateway would not start with it, except that one may be running.
pub(crate) async fn inspect(url: &str) -> Result<StoreState, OpenError> {
    sqlx::any::install_default_drivers();
    if super::is_postgres(url) {
        let mut connection = postgres::connect(url).await?;
        let is_current = postgres::is_current(&mut connection).await?;
        postgres::close(connection).await;
        return Ok(state(is_current));
    }
    let (options, path) = sqlite::parse(url)?;
    writable::expect_writable(&path)?;
    let exists = path.exists();
    check_file_system(&path, exists)?;
    if !exists {
        return Ok(StoreState::Missing);
    }
    let mut connection = AnyConnection::connect_with(&options).await?;
    let is_current = migrations::is_current(&mut connection, sqlite::MIGRATED_TABLES).await?;
    connection.close().await?;
    Ok(state(is_current))
}

/// Of the file, or of the folder in which it will be created.
fn check_file_system(path: &Path, exists: bool) -> Result<(), OpenError> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => ".".as_ref(),
    };
    let place = if exists { path } else { folder };
    let file_system = file_system::remote(place).map_err(|source| OpenError::File {
        path: place.to_owned(),
        source,
    })?;
    match file_system {
        Some(file_system) => Err(OpenError::RemoteFileSystem {
            path: path.to_owned(),
            file_system,
        }),
        None => Ok(()),
    }
}

const fn state(is_current: bool) -> StoreState {
    if is_current {
        StoreState::Current
    } else {
        StoreState::Outdated
    }
}
