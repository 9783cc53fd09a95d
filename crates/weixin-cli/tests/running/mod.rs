//! The `weixin` command, as a user runs it.

pub(crate) mod closed;

use std::{
    io::{BufRead, BufReader, Read},
    process::{Child, Command, Output, Stdio},
};

/// The output of a command, and its exit code.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Printed {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// A command without settings from the environment.
pub(crate) fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_weixin"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("WEIXIN_")) {
        command.env_remove(name);
    }
    // Texts are English, whatever the language of the terminal is.
    for name in ["LANG", "LC_ALL", "LC_MESSAGES"] {
        command.env_remove(name);
    }
    command
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

pub(crate) fn run(mut command: Command) -> Printed {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Printed {
        code: status.code(),
        stdout: text(stdout),
        stderr: text(stderr),
    }
}

pub(crate) fn weixin(args: &[&str]) -> Printed {
    run(command(args))
}

/// Sends SIGINT, as Ctrl-C does.
pub(crate) fn interrupt(process: &Child) {
    let id = process.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &id])
            .status()
            .unwrap()
            .success()
    );
}

/// A simulator that listens.
pub(crate) struct Running {
    pub(crate) process: Child,
    /// Such as `http://127.0.0.1:9300`.
    pub(crate) url: String,
}

impl Running {
    pub(crate) fn sim(more: &[&str]) -> Self {
        let mut args = vec!["sim", "--listen", "127.0.0.1:0"];
        args.extend(more);
        let mut process = command(&args).spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.as_mut().unwrap()).lines();
        let line = lines.next().unwrap().unwrap();
        let url = line.strip_prefix("listening on ").unwrap().to_owned();
        Self { process, url }
    }

    /// The option that points a command at it.
    pub(crate) fn option(&self) -> String {
        format!("--sim={}", self.url)
    }

    /// Ends it by Ctrl-C; returns exit code and what was printed after the first line.
    pub(crate) fn interrupt(mut self) -> (Option<i32>, String) {
        interrupt(&self.process);
        let status = self.process.wait().unwrap();
        let mut rest = String::new();
        self.process
            .stdout
            .take()
            .unwrap()
            .read_to_string(&mut rest)
            .unwrap();
        (status.code(), rest)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
