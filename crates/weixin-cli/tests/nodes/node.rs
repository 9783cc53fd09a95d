//! A gateway as a process.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
};

use serde_json::Value;

/// `weixin gateway serve`, on a free port.
pub(crate) struct Node {
    process: Child,
    pub(crate) address: SocketAddr,
    log: PathBuf,
}

impl Node {
    pub(crate) fn start(config: &Path) -> Self {
        Self::spawn(Self::command(config), config)
    }

    pub(crate) fn command(config: &Path) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_weixin"));
        command.args([
            "--json",
            "gateway",
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--config",
        ]);
        command.arg(config);
        command
    }

    pub(crate) fn spawn(mut command: Command, config: &Path) -> Self {
        // A pipe that no one reads would stop the node when it is full.
        let log = config.with_extension("log");
        let written = File::options()
            .create(true)
            .append(true)
            .open(&log)
            .unwrap();
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("WEIXIN_")) {
            command.env_remove(name);
        }
        if !command.get_envs().any(|(name, _)| name == "RUST_LOG") {
            command.env("RUST_LOG", "warn");
        }
        command.stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(written);
        let mut process = command.spawn().unwrap();
        let mut stdout = BufReader::new(process.stdout.take().unwrap());
        let mut json = String::new();
        while stdout.read_line(&mut json).unwrap() > 0 && !json.ends_with("}\n") {}
        let printed: Value = serde_json::from_str(&json)
            .unwrap_or_else(|_| panic!("{json}{}", fs::read_to_string(&log).unwrap()));
        let address = printed["listen"].as_str().unwrap().parse().unwrap();
        Self {
            process,
            address,
            log,
        }
    }

    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    pub(crate) fn signal(&self, signal: &str) {
        let id = self.id().to_string();
        let status = Command::new("kill").args([signal, &id]).status();
        assert!(status.unwrap().success());
    }

    /// `kill -9`
    pub(crate) fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Stops it by a signal that it heeds, and waits for its end.
    pub(crate) async fn stop(self, signal: &str) -> ExitStatus {
        self.signal(signal);
        self.wait().await
    }

    pub(crate) async fn wait(mut self) -> ExitStatus {
        let mut process = std::mem::replace(&mut self.process, no_process());
        tokio::task::spawn_blocking(move || process.wait().unwrap())
            .await
            .unwrap()
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    /// The status and the text of `/readyz`; status 0 without a response.
    pub(crate) async fn readiness(&self) -> (u16, String) {
        let url = format!("http://{}/readyz", self.address);
        match reqwest::get(url).await {
            Ok(response) => (
                response.status().as_u16(),
                response.text().await.unwrap_or_default(),
            ),
            Err(_) => (0, String::new()),
        }
    }

    /// Waits until `/readyz` has this status; returns its text.
    pub(crate) async fn until_ready(&self, status: u16) -> String {
        loop {
            let (found, text) = self.readiness().await;
            if found == status {
                return text;
            }
            tokio::task::yield_now().await;
        }
    }
}

/// A process that ends by itself, in the place of one that is waited for.
fn no_process() -> Child {
    Command::new("true").spawn().unwrap()
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
