//! Servers that are not what they should be: each is a real socket with a canned answer.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpSocket},
};
use weixin::{AccessToken, AppSecret, Client, Code, Endpoints, Error, Https, TransportErrorKind};

/// A server that answers every request with these bytes and closes; `None`: it never answers.
struct Server {
    client: Client,
    requests: Arc<AtomicUsize>,
}

impl Server {
    async fn answering(answer: Option<String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        // Only a request without a response may run into a short time-out.
        let client = match answer {
            Some(_) => client(&origin),
            None => impatient(&origin),
        };
        let requests = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&requests);
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let _ = stream.read(&mut [0; 4096]).await;
                count.fetch_add(1, Ordering::SeqCst);
                match &answer {
                    Some(answer) => drop(stream.write_all(answer.as_bytes()).await),
                    None => std::mem::forget(stream),
                }
            }
        });
        Self { client, requests }
    }

    async fn exchange(&self) -> Error {
        self.client
            .exchange(Code::new("071code").unwrap())
            .await
            .unwrap_err()
    }

    async fn user(&self) -> Error {
        let access_token = AccessToken::new("66_token").unwrap();
        self.client
            .user((&access_token, &"oA".parse().unwrap()))
            .await
            .unwrap_err()
    }
}

fn client(origin: &str) -> Client {
    within(Duration::from_mins(5), origin)
}

fn impatient(origin: &str) -> Client {
    within(Duration::from_secs(1), origin)
}

fn within(patience: Duration, origin: &str) -> Client {
    let builder = Client::builder("wx1".parse().unwrap(), AppSecret::new("secret").unwrap());
    let https = Https::with_timeouts(patience, patience).unwrap();
    builder
        .endpoints(Endpoints::single(origin.parse().unwrap()))
        .build_with(https)
}

fn response(status: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

const GOOD: &str = r#"{"access_token":"66_a","expires_in":7200,"refresh_token":"66_r","openid":"oA","scope":"snsapi_login"}"#;

#[tokio::test]
async fn a_code_whose_answer_is_lost_is_never_sent_again_and_needs_a_login() {
    let large = format!(
        "HTTP/1.1 200 OK\r\ncontent-length: 2000000\r\n\r\n{}",
        "x".repeat(2_000_000)
    );
    let table = [
        ("no answer", None),
        ("a closed connection", Some(String::new())),
        (
            "half an answer",
            Some(format!(
                "HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n{GOOD}"
            )),
        ),
        ("not HTTP", Some("hello\r\n\r\n".to_owned())),
        (
            "an error page",
            Some(response("502 Bad Gateway", "<html>bad gateway</html>")),
        ),
        ("HTML", Some(response("200 OK", "<html>hello</html>"))),
        ("cut JSON", Some(response("200 OK", &GOOD[..60]))),
        ("another JSON", Some(response("200 OK", "{}"))),
        (
            "busy",
            Some(response(
                "200 OK",
                r#"{"errcode":-1,"errmsg":"system error"}"#,
            )),
        ),
        ("2 MB", Some(large)),
    ];
    for (name, answer) in table {
        let server = Server::answering(answer).await;
        let error = server.exchange().await;
        assert!(matches!(error, Error::AnswerLost(_)), "{name}: {error:?}");
        assert!(error.needs_login() && !error.is_retryable(), "{name}");
        assert_eq!(
            error.to_string(),
            "the answer to the code exchange was lost and the code may be spent: the user must log in again"
        );
        assert_eq!(server.requests.load(Ordering::SeqCst), 1, "{name}");
    }
}

#[tokio::test]
async fn a_code_that_was_not_sent_is_not_lost() {
    // Nothing listens at this port, and no other program gets it while it is bound.
    let held = TcpSocket::new_v4().unwrap();
    held.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let error = client(&format!("http://{}", held.local_addr().unwrap()))
        .exchange(Code::new("071code").unwrap())
        .await
        .unwrap_err();
    assert!(
        matches!(&error, Error::Transport(error) if error.kind() == TransportErrorKind::Connect),
        "{error:?}"
    );
    assert!(error.is_retryable() && !error.needs_login());
}

#[tokio::test]
async fn each_kind_of_broken_answer_has_its_error() {
    let large = format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat(1_100_000));
    let table = [
        (None, "wechat did not answer in time", true),
        (
            Some(String::new()),
            "the connection to wechat broke before the answer was complete",
            true,
        ),
        (
            Some(response("500 Oops", "{}")),
            "/sns/userinfo answered with HTTP status 500",
            true,
        ),
        (
            Some(response("404 Not Found", "{}")),
            "/sns/userinfo answered with HTTP status 404",
            false,
        ),
        (
            Some(response("200 OK", "<html>")),
            "/sns/userinfo answered with an unexpected `body`",
            false,
        ),
        (
            Some(response("200 OK", r#"{"nickname":"x"}"#)),
            "/sns/userinfo answered with an unexpected `body`",
            false,
        ),
        (
            Some(response("200 OK", r#"{"openid":7}"#)),
            "/sns/userinfo answered with an unexpected `openid`",
            false,
        ),
        (Some(large), "the answer is larger than 1 MiB", false),
    ];
    for (answer, text, retryable) in table {
        let error = Server::answering(answer).await.user().await;
        assert_eq!(
            (error.to_string().as_str(), error.is_retryable()),
            (text, retryable)
        );
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = Server::answering(Some(response("200 OK", r#"{"openid":"oA"}"#))).await;
    let location = "location: http://127.0.0.1:1/";
    let answer = format!("HTTP/1.1 302 Found\r\n{location}\r\ncontent-length: 0\r\n\r\n");
    let error = Server::answering(Some(answer)).await.user().await;
    assert_eq!(
        error.to_string(),
        "/sns/userinfo answered with HTTP status 302"
    );
    assert_eq!(elsewhere.requests.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn an_error_code_counts_whatever_the_status_and_the_content_type() {
    let body = r#"{"errcode":"42001","errmsg":"access_token expired, hints: [ req_id: x ]"}"#;
    let error = Server::answering(Some(response("503 Busy", body)))
        .await
        .user()
        .await;
    assert_eq!(
        error.to_string(),
        "wechat answered /sns/userinfo with 42001 (access_token expired)"
    );
}

#[tokio::test]
async fn calls_one_after_the_other_share_a_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = client(&format!("http://{}", listener.local_addr().unwrap()));
    let connections = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&connections);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            count.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(async move {
                while stream
                    .read(&mut [0; 4096])
                    .await
                    .is_ok_and(|length| length > 0)
                {
                    let _ = stream.write_all(response("200 OK", GOOD).as_bytes()).await;
                }
            });
        }
    });
    for _ in 0..3 {
        client
            .clone()
            .exchange(Code::new("071code").unwrap())
            .await
            .unwrap();
    }
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}
