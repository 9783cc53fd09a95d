//! The state of SQLite's file, for `weixin gateway check`. Nothing is changed, and a gateway may be running.

use sqlx::{AnyConnection, Connection};

use super::{error::OpenError, file_system, migrations, sqlite};

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
    let (options, path) = sqlite::parse(url)?;
    let exists = path.exists();
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => ".".as_ref(),
    };
    let place = if exists { path.as_path() } else { folder };
    let file_system = file_system::remote(place).map_err(|source| OpenError::File {
        path: place.to_owned(),
        source,
    })?;
    if let Some(file_system) = file_system {
        return Err(OpenError::RemoteFileSystem { path, file_system });
    }
    if !exists {
        return Ok(StoreState::Missing);
    }
    let mut connection = AnyConnection::connect_with(&options).await?;
    let is_current = migrations::is_current(&mut connection).await?;
    connection.close().await?;
    Ok(if is_current {
        StoreState::Current
    } else {
        StoreState::Outdated
    })
}
