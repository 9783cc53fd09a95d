//! The program of `weixin sim exec`: it gets the signals of this command, and ends with it.

use std::{
    convert::Infallible,
    fs::File,
    future::Future,
    io::{self, IsTerminal, Write},
    path::Path,
    process::{ExitStatus, Stdio},
};

use tokio::process::{Child, Command};

use crate::shutdown::Shutdown;

/// Reads the processes to end, and ends them as soon as its input ends, which is when the command that started it has
/// ended, even if it was killed. Programs that ignore SIGTERM are killed after five seconds. Then the files in `$0` are
/// removed.
const WATCH: &str = "trap 'rm -rf -- \"$0\"' EXIT
read -r program || exit 0; read -r _; kill -s TERM -- \"$program\" || exit 0
for _ in 1 2 3 4 5; do sleep 1; kill -s 0 -- \"$program\" || exit 0; done
kill -s KILL -- \"$program\"";

/// The system's shell: the program's `PATH` may have none, as that of a virtual environment alone.
const SHELL: &str = "/bin/sh";

/// A running program.
pub(super) struct Program {
    child: Child,
    /// Process group of the program and its own children, as `kill` names it. Not in a terminal, which gives its input
    /// and Ctrl-C to one group only: this command's.
    group: Option<String>,
    _watcher: Option<Watcher>,
}

impl Program {
    /// Starts the program; `files` are removed if this command is killed.
    pub(super) fn spawn(mut command: Command, files: &Path) -> io::Result<Self> {
        let mut watcher = Watcher::start(files);
        // The group is there, and watched, before the program: this command may be killed as soon as that runs.
        let group = Group::start(&mut command);
        let name = group.as_ref().map(|group| group.name.clone());
        if let (Some(watcher), Some(name)) = (&mut watcher, &name) {
            watcher.watch(name);
        }
        let child = command.kill_on_drop(true).spawn()?;
        drop(group);
        if let (Some(watcher), None, Some(id)) = (&mut watcher, &name, child.id()) {
            watcher.watch(&id.to_string());
        }
        Ok(Self {
            child,
            group: name,
            _watcher: watcher,
        })
    }

    /// Waits for the end of the program, and passes on the signals that it does not get itself.
    pub(super) async fn wait(
        &mut self,
        shutdown: &mut Shutdown,
        log: impl Future<Output = Infallible>,
    ) -> io::Result<ExitStatus> {
        tokio::pin!(log);
        loop {
            let signal = tokio::select! {
                status = self.child.wait() => return status,
                signal = shutdown.next() => signal,
                never = &mut log => match never {},
            };
            // In a terminal, Ctrl-C reaches the program as well, which decides whether to end.
            if self.group.is_some() || signal != "INT" || !is_in_foreground() {
                self.send(signal).await;
            }
        }
    }

    async fn send(&self, signal: &str) {
        if let Some(id) = self.child.id() {
            let target = self.group.clone().unwrap_or_else(|| id.to_string());
            let mut kill = Command::new(SHELL);
            kill.args(["-c", "kill -s \"$0\" -- \"$1\"", signal, &target]);
            // It fails only if the program has ended in between.
            let _ = kill.status().await;
        }
    }
}

/// A process group for a program that is not started yet, held by a process that waits until this is dropped.
struct Group {
    /// The argument of `kill` for all of its processes.
    name: String,
    /// Killed on drop; the group stays as long as it has a process.
    _leader: Child,
}

impl Group {
    /// Makes the command join a new group. `None` in a terminal, or without a shell.
    #[cfg(unix)]
    fn start(command: &mut Command) -> Option<Self> {
        if io::stdin().is_terminal() {
            return None;
        }
        // It ends by itself if this command is killed, since its input ends then.
        let mut leader = Command::new(SHELL);
        leader
            .args(["-c", "read -r _"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .kill_on_drop(true);
        let Ok(leader) = leader.spawn() else {
            return None;
        };
        let id = i32::try_from(leader.id()?).ok()?;
        command.process_group(id);
        Some(Self {
            name: format!("-{id}"),
            _leader: leader,
        })
    }

    #[cfg(not(unix))]
    fn start(_: &mut Command) -> Option<Self> {
        None
    }
}

/// Returns `true` if Ctrl-C in the terminal reaches this command, and so the program as well: they are in one process
/// group.
#[cfg(target_os = "linux")]
fn is_in_foreground() -> bool {
    // `pid (name) state parent group session terminal foreground …`; the name may contain spaces and brackets.
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<_> = stat
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .collect();
    matches!(fields[..], [_, _, group, _, _, foreground, ..] if group == foreground)
}

#[cfg(not(target_os = "linux"))]
fn is_in_foreground() -> bool {
    io::stdin().is_terminal()
}

/// A shell that ends the program if this command is killed.
struct Watcher {
    /// Killed on drop.
    _shell: Child,
    /// Held open for as long as this command runs.
    input: File,
}

impl Watcher {
    /// `None` without such a shell, as on Windows.
    #[cfg(unix)]
    fn start(files: &Path) -> Option<Self> {
        let mut shell = Command::new(SHELL);
        // In a group of its own, so that Ctrl-C does not end it.
        shell
            .args(["-c", WATCH])
            .arg(files)
            .env("PATH", "/usr/bin:/bin")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .kill_on_drop(true);
        let mut shell = shell.spawn().ok()?;
        let input = shell.stdin.take()?.into_owned_fd().ok()?;
        Some(Self {
            _shell: shell,
            input: input.into(),
        })
    }

    #[cfg(not(unix))]
    fn start(_: &Path) -> Option<Self> {
        None
    }

    /// Tells the shell what to end.
    fn watch(&mut self, target: &str) {
        // It fails only if the shell has ended, and the program runs all the same.
        let _ = writeln!(self.input, "{target}");
    }
}
