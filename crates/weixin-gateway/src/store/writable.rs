//! Whether this user can write the files of SQLite. It would open a database that it can only read, and fail at the first
//! change, without the name of the file.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::error::OpenError;

/// What the names of the files end with that SQLite keeps beside a database.
const BESIDE: [&str; 4] = ["", "-wal", "-shm", "-journal"];

/// Fails for a database, or a file beside it, that exists and is no file that this user can write.
pub(super) fn expect_writable(database: &Path) -> Result<(), OpenError> {
    // SQLite follows links before it names the others.
    let file = database.canonicalize();
    let file = file.as_deref().unwrap_or(database);
    for end in BESIDE {
        let path = match end {
            "" => database.to_owned(),
            end => beside(file, end),
        };
        // A link to nothing exists as well: a start cannot create its file.
        if path.symlink_metadata().is_ok() {
            examine(&path).map_err(|source| OpenError::File { path, source })?;
        }
    }
    Ok(())
}

/// A file beside a database.
pub(super) fn beside(database: &Path, end: &str) -> PathBuf {
    let mut path = database.as_os_str().to_owned();
    path.push(end);
    path.into()
}

/// The file is not opened: closing it would end the locks that SQLite has on it in this process.
fn examine(path: &Path) -> io::Result<()> {
    let metadata = fs::metadata(path)?;
    if metadata.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    if !metadata.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    #[cfg(unix)]
    {
        use rustix::fs::{Access, AtFlags, CWD, accessat};

        accessat(
            CWD,
            path,
            Access::READ_OK | Access::WRITE_OK,
            AtFlags::EACCESS,
        )?;
    }
    Ok(())
}
