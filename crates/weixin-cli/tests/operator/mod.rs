//! A folder with a gateway's configuration, commands in it, a gateway that runs, and a browser.

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command},
};

use reqwest::{Client, Response, header, redirect};
use serde_json::Value;
use tempfile::TempDir;

use crate::running::{Printed, command, run};

/// The secret of the client.
pub(crate) const SECRET: &str = "0123456789abcdefghijABCDEFGHIJ_-";
pub(crate) const APP_SECRET: &str = "ssssssssssssssssssssssssssssssss";

/// A folder in which commands run.
pub(crate) struct Folder(pub(crate) TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.0.path().join(file)
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = command(args);
        command.current_dir(&self.0);
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Printed {
        run(self.command(args))
    }

    /// A configuration whose WeChat is a simulator, with some text replaced.
    pub(crate) fn configure(&self, simulator: &str, changes: &[(&str, &str)]) {
        let file = format!(
            r#"
[server]
key_file = "gateway.key"
stop_delay = "0s"
listen = "127.0.0.1:0"
[store]
url = "sqlite:gateway.db"
[app.website]
app_id = "wx0123456789abcdef"
app_secret = "{APP_SECRET}"
endpoint = "{simulator}"
[[issuer]]
url = "http://localhost"
apps = ["website"]
[[client]]
id = "wiki"
secret = "{SECRET}"
redirect_uris = ["https://wiki.example/callback"]
require_pkce = false
claims = {{ email = "{{sub}}@wechat.invalid" }}
"#
        );
        let replace = |file: String, (old, new): &(&str, &str)| {
            assert!(file.contains(old), "{old}");
            file.replace(old, new)
        };
        fs::write(
            self.path("gateway.toml"),
            changes.iter().fold(file, replace),
        )
        .unwrap();
        let key = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";
        fs::write(self.path("gateway.key"), key).unwrap();
        set_mode(&self.path("gateway.key"), 0o600);
    }
}

pub(crate) fn mode(file: &Path) -> u32 {
    fs::metadata(file).unwrap().permissions().mode() & 0o777
}

pub(crate) fn set_mode(file: &Path, mode: u32) {
    fs::set_permissions(file, PermissionsExt::from_mode(mode)).unwrap();
}

pub(crate) fn failure(printed: &Printed) -> (Option<i32>, &str) {
    assert_eq!(printed.stdout, "");
    (printed.code, printed.stderr.trim_end())
}

/// A gateway or demo that runs.
pub(crate) struct Server {
    pub(crate) process: Child,
    pub(crate) stdout: BufReader<ChildStdout>,
    /// The first thing that it prints.
    pub(crate) printed: Value,
}

impl Server {
    pub(crate) fn start(mut command: Command) -> Self {
        let mut process = command.spawn().unwrap();
        let mut stdout = BufReader::new(process.stdout.take().unwrap());
        let mut json = String::new();
        while stdout.read_line(&mut json).unwrap() > 0 && !json.ends_with("}\n") {}
        let printed = serde_json::from_str(&json);
        let printed = printed.unwrap_or_else(|error| {
            let mut errors = String::new();
            let stderr = process.stderr.as_mut().unwrap();
            stderr.read_to_string(&mut errors).unwrap();
            panic!("{error}: {json}{errors}")
        });
        Self {
            process,
            stdout,
            printed,
        }
    }

    /// `weixin gateway serve` on a free port.
    pub(crate) fn serve(folder: &Folder, more: &[&str]) -> Self {
        let args = ["--json", "gateway", "serve", "--listen", "127.0.0.1:0"];
        Self::start(folder.command(&[&args[..], more].concat()))
    }

    pub(crate) fn address(&self) -> &str {
        self.printed["listen"].as_str().unwrap()
    }

    pub(crate) fn text(&self, name: &str) -> &str {
        self.printed[name].as_str().unwrap()
    }

    pub(crate) fn signal(&self, signal: &str) {
        let id = self.process.id().to_string();
        let killed = Command::new("kill").args([signal, &id]).status().unwrap();
        assert!(killed.success());
    }

    /// Ends it by a signal; returns its exit code, and what it printed to standard error.
    pub(crate) fn end(mut self, signal: &str) -> (Option<i32>, String) {
        self.signal(signal);
        let status = self.process.wait().unwrap();
        let (mut rest, mut errors) = (String::new(), String::new());
        self.stdout.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "");
        let stderr = self.process.stderr.as_mut().unwrap();
        stderr.read_to_string(&mut errors).unwrap();
        (status.code(), errors)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A browser whose user has a simulated phone.
pub(crate) struct Browser {
    pub(crate) client: Client,
    /// The session at the gateway.
    pub(crate) cookies: Vec<String>,
}

impl Browser {
    pub(crate) fn new() -> Self {
        let client = Client::builder().redirect(redirect::Policy::none());
        Self {
            client: client.build().unwrap(),
            cookies: Vec::new(),
        }
    }

    pub(crate) async fn open(&mut self, url: &str) -> Response {
        let cookies = self.cookies.join("; ");
        let request = self.client.get(url).header(header::COOKIE, cookies);
        let response = request.send().await.unwrap();
        for cookie in response.headers().get_all(header::SET_COOKIE) {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            self.cookies.push(pair.to_owned());
        }
        response
    }

    /// The URLs to which the browser is sent, from the authorization request to the client.
    pub(crate) async fn log_in(&mut self, gateway: &str) -> Vec<String> {
        let mut urls = vec![format!(
            "http://localhost/authorize?response_type=code&client_id=wiki&scope=openid&state=s\
             &redirect_uri=https%3A%2F%2Fwiki.example%2Fcallback"
        )];
        while !urls.last().unwrap().starts_with("https://wiki.example") {
            let url = urls.last().unwrap();
            let url = url.replace("http://localhost/", &format!("http://{gateway}/"));
            let response = self.open(url.split('#').next().unwrap()).await;
            let location = response.headers().get(header::LOCATION);
            let location = location.unwrap_or_else(|| panic!("{url}"));
            urls.push(location.to_str().unwrap().to_owned());
        }
        urls
    }
}

/// The checks, each as text, and the exit code.
pub(crate) fn check(folder: &Folder) -> (Option<i32>, Vec<String>) {
    let printed = folder.run(&["--json", "gateway", "check"]);
    let result: Value = serde_json::from_str(&printed.stdout)
        .unwrap_or_else(|error| panic!("{error}: {printed:?}"));
    let text = |check: &Value| {
        let [check, target, status, detail] =
            ["check", "target", "status", "detail"].map(|name| check[name].as_str().unwrap_or("-"));
        format!("{status} {check} {target}: {detail}")
    };
    let checks = result["checks"].as_array().unwrap();
    (printed.code, checks.iter().map(text).collect())
}

/// The lines of standard error until one contains this text, and that line.
pub(crate) fn wait_for_log(server: &mut Server, text: &str) -> Value {
    let log = BufReader::new(server.process.stderr.as_mut().unwrap());
    let line = log
        .lines()
        .map(Result::unwrap)
        .find(|line| line.contains(text));
    serde_json::from_str(&line.unwrap()).unwrap()
}
