//! Whether others can access the files of secrets.

use std::path::{Path, PathBuf};

use weixin_gateway::Config;

/// The permissions of a file that others than its owner may access. `None` if they may not, or if it cannot be examined.
#[cfg(unix)]
pub(super) fn exposed(file: &Path) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt;

    let mode = std::fs::metadata(file).ok()?.permissions().mode() & 0o777;
    let is_private = mode.trailing_zeros() >= 6; // no bit of group and others
    (!is_private).then_some(mode)
}

#[cfg(not(unix))]
pub(super) fn exposed(_: &Path) -> Option<u32> {
    None
}

/// The files of a configuration that others may access, with their permissions.
pub(super) fn all_exposed(config: &Config) -> Vec<(PathBuf, u32)> {
    let files = config.secret_files();
    let exposed = files.filter_map(|file| Some((file.to_owned(), exposed(file)?)));
    exposed.collect()
}
