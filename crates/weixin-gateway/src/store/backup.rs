//! A copy of SQLite's database, consistent while a gateway writes to it.

use std::path::Path;

use sqlx::{AnyConnection, Connection};

use super::{error::OpenError, sqlite};

/// Copies the database to a new file, which only its owner may read.
///
/// Copying the file itself would lose what is in SQLite's log.
///
/// # Errors
///
/// [`OpenError`] if there is no database, or already a file of that name.
pub(crate) async fn backup(url: &str, to: &Path) -> Result<(), OpenError> {
    sqlx::any::install_default_drivers();
    if super::is_postgres(url) {
        return Err(OpenError::NoFile);
    }
    let (options, _) = sqlite::parse(url)?;
    let mut connection = AnyConnection::connect_with(&options).await?;
    let failed = |source| OpenError::Target {
        path: to.to_owned(),
        source,
    };
    // SQLite fills an empty file, and leaves its permissions as they are.
    sqlite::owner_only()
        .create_new(true)
        .open(to)
        .map_err(failed)?;
    let copied = sqlx::query("vacuum into $1")
        .bind(to.to_string_lossy().into_owned())
        .execute(&mut connection)
        .await;
    if copied.is_err() {
        // The error that led here says more than one of the removal.
        let _ = std::fs::remove_file(to);
    }
    copied?;
    Ok(connection.close().await?)
}
