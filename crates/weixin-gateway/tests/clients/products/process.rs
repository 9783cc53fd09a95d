//! A running program of a product.

use std::{
    fs::{self, File},
    os::unix::{fs::MetadataExt, process::CommandExt},
    path::Path,
    process::{Child, Command},
    time::Duration,
};

use tempfile::TempDir;
use tokio::time::{interval, timeout};

/// Only a failure waits this long.
const TIMEOUT: Duration = Duration::from_mins(2);

/// Interval at which a program is asked whether it has started.
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// The user without rights of every Unix.
const UNPRIVILEGED: u32 = 65534;

/// Ends with this value, as do the programs that it has started.
pub(super) struct Process {
    child: Child,
    /// Its files, and what it prints.
    pub(super) folder: TempDir,
}

impl Process {
    /// Starts a program in a folder of its own.
    pub(super) fn start(mut command: Command, folder: TempDir) -> Self {
        let log = File::create(folder.path().join("log")).unwrap();
        command
            .current_dir(&folder)
            .env("no_proxy", "localhost,127.0.0.1")
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .process_group(0);
        let program = command.get_program().to_owned();
        let child = command.spawn().unwrap_or_else(|error| {
            panic!(
                "{}: {error}; ./scripts/test --all installs it",
                program.display()
            )
        });
        Self { child, folder }
    }

    /// Starts a program without the rights of the administrator.
    pub(super) fn start_unprivileged(mut command: Command, folder: TempDir) -> Self {
        if is_root() {
            std::os::unix::fs::chown(&folder, Some(UNPRIVILEGED), Some(UNPRIVILEGED)).unwrap();
            command.uid(UNPRIVILEGED).gid(UNPRIVILEGED);
        }
        Self::start(command, folder)
    }

    /// Waits until it responds at a URL.
    pub(super) async fn responds(mut self, url: &str) -> Self {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let responds = async {
            let mut poll = interval(POLL_INTERVAL);
            while client.get(url).send().await.is_err() {
                assert!(self.child.try_wait().unwrap().is_none(), "{}", self.log());
                poll.tick().await;
            }
        };
        let responds = timeout(TIMEOUT, responds).await;
        assert!(responds.is_ok(), "{url} does not respond: {}", self.log());
        self
    }

    /// Waits until it has printed a text.
    pub(super) async fn prints(&self, text: &str) {
        let printed = async {
            let mut poll = interval(POLL_INTERVAL);
            while !self.log().contains(text) {
                poll.tick().await;
            }
        };
        let printed = timeout(TIMEOUT, printed).await;
        assert!(printed.is_ok(), "no {text}: {}", self.log());
    }

    /// What it has printed.
    pub(super) fn log(&self) -> String {
        let log = fs::read(self.folder.path().join("log")).unwrap();
        String::from_utf8_lossy(&log).into_owned()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let group = format!("-{}", self.child.id());
        let _ = Command::new("kill").args(["-KILL", "--", &group]).status();
        let _ = self.child.wait();
    }
}

/// Whether these tests run as the administrator.
pub(super) fn is_root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}

/// Writes a file.
pub(super) fn write(folder: &TempDir, name: &str, text: &str) {
    let file = folder.path().join(name);
    fs::create_dir_all(file.parent().unwrap_or(Path::new(""))).unwrap();
    fs::write(file, text).unwrap();
}
