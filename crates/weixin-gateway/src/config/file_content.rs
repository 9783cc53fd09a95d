//! What a file held when it was read.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::secret::SecretHash;

/// A file with the hash of what it held; none if it could not be read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FileContent {
    pub(crate) path: PathBuf,
    hash: Option<SecretHash>,
}

impl FileContent {
    /// A file that held what has this hash.
    pub(crate) fn new(path: &Path, hash: SecretHash) -> Self {
        Self {
            path: path.to_owned(),
            hash: Some(hash),
        }
    }

    /// What the file holds now.
    pub(crate) fn read(path: &Path) -> Self {
        let bytes = fs::read(path).ok();
        Self {
            path: path.to_owned(),
            hash: bytes.map(|bytes| SecretHash::of(&bytes)),
        }
    }
}
