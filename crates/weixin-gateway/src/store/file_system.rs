//! Whether a file is on a file system of another machine. SQLite's WAL shares memory between processes, which works on
//! one machine only; over NFS it may damage the database.

use std::{fs, io, path::Path};

/// The type of the file system if it is not a local one; `None` also where the kernel does not tell.
pub(super) fn remote(path: &Path) -> io::Result<Option<String>> {
    let path = path.canonicalize()?;
    let Ok(mounts) = fs::read_to_string("/proc/self/mountinfo") else {
        return Ok(None);
    };
    Ok(kind(&mounts, &path).filter(|kind| is_remote(kind)))
}

fn is_remote(kind: &str) -> bool {
    let kinds = [
        "9p", "afs", "ceph", "cifs", "fuseblk", "ncpfs", "smb3", "smbfs",
    ];
    kinds.contains(&kind) || kind.starts_with("nfs") || kind == "fuse" || kind.starts_with("fuse.")
}

/// The type of the file system that has a file: that of the longest mount point above it, the last one if several are
/// mounted there.
fn kind(mounts: &str, path: &Path) -> Option<String> {
    let above = mounts.lines().filter_map(|line| {
        let (mount, file_system) = line.split_once(" - ")?;
        let point = unescape(mount.split(' ').nth(4)?);
        let kind = file_system.split(' ').next()?;
        path.starts_with(&point).then_some((point.len(), kind))
    });
    above
        .max_by_key(|(length, _)| *length)
        .map(|(_, kind)| kind.to_owned())
}

/// The kernel writes a space as `\040`.
fn unescape(text: &str) -> String {
    let escapes = [
        ("\\040", " "),
        ("\\011", "\t"),
        ("\\012", "\n"),
        ("\\134", "\\"),
    ];
    let mut text = text.to_owned();
    for (escape, letter) in escapes {
        text = text.replace(escape, letter);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "\
22 1 0:20 / / rw - overlay overlay rw
30 22 8:1 / /data rw,relatime shared:1 - ext4 /dev/sda1 rw
31 30 0:40 / /data/share rw - nfs4 server:/x rw
32 30 0:41 / /data/two\\040words rw - fuse.sshfs host:/ rw
33 30 0:42 / /data/covered rw - cifs //host/x rw
34 33 8:2 / /data/covered rw - xfs /dev/sdb1 rw
";

    #[test]
    fn a_file_is_on_the_file_system_of_the_longest_mount_point() {
        for (path, expected) in [
            ("/gateway.db", "overlay"),
            ("/database", "overlay"),
            ("/data/gateway.db", "ext4"),
            ("/data/shared/gateway.db", "ext4"),
            ("/data/share/gateway.db", "nfs4"),
            ("/data/two words/gateway.db", "fuse.sshfs"),
            ("/data/covered/gateway.db", "xfs"),
        ] {
            assert_eq!(
                kind(MOUNTS, Path::new(path)).as_deref(),
                Some(expected),
                "{path}"
            );
        }
    }

    #[test]
    fn file_systems_of_other_machines_are_rejected() {
        for kind in ["nfs", "nfs4", "cifs", "smb3", "9p", "fuse", "fuse.sshfs"] {
            assert!(is_remote(kind), "{kind}");
        }
        for kind in ["btrfs", "ext4", "fusectl", "overlay", "tmpfs", "xfs", "zfs"] {
            assert!(!is_remote(kind), "{kind}");
        }
    }
}
