//! PostgreSQL that fails between a commit and its response: the client gets 503 for what has happened.

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use reqwest::StatusCode;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, UnixStream},
    task::JoinHandle,
};

use crate::{
    browser::{Browser, Failure, Http, Tokens},
    node::Node,
    postgres::{Server, count},
    site::Site,
};

/// Connections to PostgreSQL, one of which is cut after its next commit.
struct Cutter {
    port: u16,
    is_armed: Arc<AtomicBool>,
    serving: JoinHandle<()>,
}

impl Cutter {
    async fn start(socket: PathBuf) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let is_armed = Arc::new(AtomicBool::new(false));
        let armed = Arc::clone(&is_armed);
        let serving = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(relay(client, socket.clone(), Arc::clone(&armed)));
            }
        });
        Self {
            port,
            is_armed,
            serving,
        }
    }

    /// Repeats a request until the response to its commit is the one that is lost: other writes commit as well. Returns what
    /// was sent.
    async fn lose<T, O>(
        &self,
        mut next: impl AsyncFnMut(Option<O>) -> T,
        send: impl AsyncFn(&T) -> Result<O, Failure>,
    ) -> T {
        let mut before = None;
        loop {
            let request = next(before.take()).await;
            self.is_armed.store(true, Ordering::Relaxed);
            let response = send(&request).await;
            self.is_armed.store(false, Ordering::Relaxed);
            match response {
                Ok(response) => before = Some(response),
                Err(failure) => {
                    assert_eq!(status(&failure), StatusCode::SERVICE_UNAVAILABLE);
                    return request;
                }
            }
        }
    }
}

impl Drop for Cutter {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// Relays both directions, until a side ends or the connection is cut.
async fn relay(mut client: TcpStream, socket: PathBuf, armed: Arc<AtomicBool>) {
    let mut server = UnixStream::connect(socket).await.unwrap();
    let (mut sent, mut received) = (vec![0; 16_384], vec![0; 16_384]);
    loop {
        tokio::select! {
            Ok(read @ 1..) = client.read(&mut sent) => {
                let message = &sent[..read];
                let is_commit = message.windows(6).any(|it| it == b"COMMIT");
                server.write_all(message).await.unwrap();
                if is_commit && armed.swap(false, Ordering::Relaxed) {
                    // It has happened now.
                    let _ = server.read(&mut received).await;
                    return;
                }
            },
            Ok(read @ 1..) = server.read(&mut received) => {
                if client.write_all(&received[..read]).await.is_err() {
                    return;
                }
            },
            else => return,
        }
    }
}

fn status(failure: &Failure) -> StatusCode {
    match failure {
        Failure::Rejected { status, .. } => *status,
        Failure::Cut(error) => panic!("{error}"),
    }
}

/// A node whose store can lose a response, and the URL of its database.
async fn start() -> (Cutter, Server, Site, Node) {
    let server = tokio::task::spawn_blocking(Server::start).await.unwrap();
    let cutter = Cutter::start(server.socket()).await;
    let site = Site::new("http://localhost".to_owned()).await;
    let url = format!(
        "url = \"postgres://weixin@127.0.0.1:{}/postgres\"",
        cutter.port
    );
    let node = Node::start(&site.write("gateway.toml", &site.config(&url, "")));
    (cutter, server, site, node)
}

const GRANTS: &str = "select count(*) from grants where revoked_at is null";

/// A code is single-use: the client begins a new login, which the session answers without a scan. The second attempt ends no
/// grant whose tokens a client has.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_code_whose_response_was_lost_is_used_and_a_new_login_takes_its_place() {
    let (cutter, server, site, node) = start().await;
    let http = Http::new(&site.issuer).at(node.address);
    let mut browser = Browser::new(site.new_user());
    let mut held = vec![browser.log_in(&http).await.unwrap()];
    let code = cutter.lose(
        async |before: Option<Tokens>| {
            held.extend(before);
            browser.code(&http, "").await.unwrap()
        },
        async |code| http.redeem(code).await,
    );
    let code = code.await;
    let grants = i64::try_from(held.len()).unwrap() + 1;
    assert_eq!(count(&server.url(), GRANTS).await, grants);
    match http.redeem(&code).await.unwrap_err() {
        Failure::Rejected { status, text, .. } => {
            assert_eq!(status, StatusCode::BAD_REQUEST);
            assert!(text.contains("\"invalid_grant\""), "{text}");
            assert!(text.contains("the code was used before"), "{text}");
        }
        Failure::Cut(error) => panic!("{error}"),
    }
    held.push(browser.log_in(&http).await.unwrap());
    assert_eq!(browser.scans, 1);
    for tokens in &held {
        http.sub(&tokens.access).await.unwrap();
        http.refresh(tokens.refresh.as_ref().unwrap())
            .await
            .unwrap();
    }
}

/// Within the grace period, each attempt gets the same successor.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_refresh_whose_response_was_lost_is_repeated_with_the_same_token() {
    let (cutter, server, site, node) = start().await;
    let http = Http::new(&site.issuer).at(node.address).public();
    let tokens = Browser::new(site.new_user()).log_in(&http).await.unwrap();
    let (mut token, mut rotations) = (tokens.refresh.unwrap(), 0);
    let lost = cutter.lose(
        async |before: Option<Tokens>| {
            rotations += 1;
            if let Some(before) = before {
                token = before.refresh.unwrap();
            }
            token.clone()
        },
        async |token| http.refresh(token).await,
    );
    let lost = lost.await;
    // The number of the token that the client has not got.
    let number = count(&server.url(), "select max(seq) from grants").await;
    assert_eq!(number, rotations);
    let mut successors = Vec::new();
    for _ in 0..2 {
        successors.push(http.refresh(&lost).await.unwrap().refresh.unwrap());
    }
    assert_eq!(successors[0], successors[1]);
    let tokens = http.refresh(&successors[0]).await.unwrap();
    http.sub(&tokens.access).await.unwrap();
    assert_eq!(count(&server.url(), GRANTS).await, 1);
}

async fn weixin(arguments: Vec<String>) -> Output {
    let run = move || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_weixin"));
        command.args(["--lang", "en", "gateway"]).args(arguments);
        command.output().unwrap()
    };
    tokio::task::spawn_blocking(run).await.unwrap()
}

/// The new database has all rows, and the command cannot know.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_copy_whose_commit_was_not_confirmed_says_that_it_is_unknown() {
    let server = tokio::task::spawn_blocking(Server::start).await.unwrap();
    let cutter = Cutter::start(server.socket()).await;
    let site = Site::new("http://localhost".to_owned()).await;
    let file = format!("url = \"sqlite:{}\"", site.path("gateway.db").display());
    let sqlite = site.write("sqlite.toml", &site.config(&file, ""));
    let url = format!("postgres://weixin@127.0.0.1:{}/postgres", cutter.port);
    let postgres = site.config(&format!("url = \"{url}\""), "");
    let postgres = site.write("postgres.toml", &postgres);
    let with = |arguments: &[&str], config: &Path| {
        let config = ["--config".to_owned(), config.display().to_string()];
        let arguments = arguments.iter().map(|&it| it.to_owned());
        weixin(arguments.chain(config).collect())
    };
    // A signing key, and all tables: no other commit is made.
    Node::start(&sqlite).stop("-TERM").await;
    for config in [&sqlite, &postgres] {
        assert!(with(&["migrate"], config).await.status.success());
    }
    cutter.is_armed.store(true, Ordering::Relaxed);
    let copied = with(&["copy-store", "--to", &url], &sqlite).await;
    assert_eq!(copied.status.code(), Some(1));
    let text = String::from_utf8(copied.stderr).unwrap();
    assert!(
        text.starts_with("error: the commit in the target (--to) was not confirmed, so that it has all rows or none: the database failed: ")
            && text.ends_with("\nremedy: drop and create the target database (for SQLite, delete the file), and run the command again\n"),
        "{text}"
    );
    assert_eq!(count(&server.url(), "select count(*) from keys").await, 1);
}
