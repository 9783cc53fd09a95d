//! Servers with broken responses: each is a real socket with a fixed response.
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
use weixin::{
    AppSecret, Code, Endpoints, Error, Website,
    tokens::{AccessToken, Bearer},
    transport::{Https, TransportErrorKind},
};

/// A server that responds to every request with these bytes and closes; without any, it never responds.
struct Server {
    website: Website,
    requests: Arc<AtomicUsize>,
}

impl Server {
    async fn responding(response: Option<String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        // Only a request without a response may run into a short time-out.
        let website = match response {
            Some(_) => website(&origin),
            None => within(Duration::from_secs(1), &origin),
        };
        let requests = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&requests);
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let _ = stream.read(&mut [0; 4096]).await;
                count.fetch_add(1, Ordering::SeqCst);
                match &response {
                    Some(response) => drop(stream.write_all(response.as_bytes()).await),
                    None => std::mem::forget(stream),
                }
            }
        });
        Self { website, requests }
    }

    async fn exchange(&self) -> Error {
        self.website
            .exchange(Code::new("071code").unwrap())
            .await
            .unwrap_err()
    }

    async fn user(&self) -> Error {
        let access_token = AccessToken::new("66_token").unwrap();
        let bearer = Bearer {
            access_token: &access_token,
            openid: &"oA".parse().unwrap(),
        };
        self.website.user(bearer).await.unwrap_err()
    }
}

fn website(origin: &str) -> Website {
    within(Duration::from_secs(5 * 60), origin)
}

fn within(timeout: Duration, origin: &str) -> Website {
    let builder = Website::builder("wx1".parse().unwrap(), AppSecret::new("secret").unwrap());
    let https = Https::with_timeouts(timeout, timeout).unwrap();
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

const TOKEN: &str = r#"{"access_token":"66_a","expires_in":7200,"refresh_token":"66_r","openid":"oA","scope":"snsapi_login"}"#;

#[tokio::test]
async fn a_code_whose_response_was_lost_is_never_sent_again_and_needs_a_login() {
    let large = format!(
        "HTTP/1.1 200 OK\r\ncontent-length: 2000000\r\n\r\n{}",
        "x".repeat(2_000_000)
    );
    let table = [
        ("no response", None),
        ("a closed connection", Some(String::new())),
        (
            "half a response",
            Some(format!(
                "HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n{TOKEN}"
            )),
        ),
        ("not HTTP", Some("hello\r\n\r\n".to_owned())),
        (
            "an error page",
            Some(response("502 Bad Gateway", "<html>bad gateway</html>")),
        ),
        ("HTML", Some(response("200 OK", "<html>hello</html>"))),
        ("cut JSON", Some(response("200 OK", &TOKEN[..60]))),
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
    for (name, response) in table {
        let server = Server::responding(response).await;
        let error = server.exchange().await;
        assert!(
            matches!(
                error,
                Error::OutcomeUnknown {
                    path: "/sns/oauth2/access_token",
                    ..
                }
            ),
            "{name}: {error:?}"
        );
        assert!(error.needs_login() && !error.is_retryable(), "{name}");
        assert_eq!(
            error.to_string(),
            "the response of /sns/oauth2/access_token was lost and the code may have been used: the user must log in again"
        );
        assert_eq!(server.requests.load(Ordering::SeqCst), 1, "{name}");
    }
}

#[tokio::test]
async fn a_code_that_was_not_sent_is_not_lost() {
    // Nothing listens at this port, and no other program gets it while it is bound.
    let held = TcpSocket::new_v4().unwrap();
    held.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let error = website(&format!("http://{}", held.local_addr().unwrap()))
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
async fn each_kind_of_broken_response_has_its_error() {
    let large = format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat(1_100_000));
    let table = [
        (None, "the server did not respond in time", true),
        (
            Some(String::new()),
            "the connection broke before the response was complete",
            true,
        ),
        (
            Some(response("500 Oops", "{}")),
            "/sns/userinfo returned HTTP status 500",
            true,
        ),
        (
            Some(response("404 Not Found", "{}")),
            "/sns/userinfo returned HTTP status 404",
            false,
        ),
        (
            Some(response("200 OK", "<html>")),
            "/sns/userinfo returned an unexpected `body`",
            false,
        ),
        (
            Some(response("200 OK", r#"{"nickname":"x"}"#)),
            "/sns/userinfo returned an unexpected `body`",
            false,
        ),
        (
            Some(response("200 OK", r#"{"openid":7}"#)),
            "/sns/userinfo returned an unexpected `openid`",
            false,
        ),
        (Some(large), "the response is larger than 1 MiB", false),
    ];
    for (response, text, retryable) in table {
        let error = Server::responding(response).await.user().await;
        assert_eq!(
            (error.to_string().as_str(), error.is_retryable()),
            (text, retryable)
        );
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = Server::responding(Some(response("200 OK", r#"{"openid":"oA"}"#))).await;
    let location = "location: http://127.0.0.1:1/";
    let redirect = format!("HTTP/1.1 302 Found\r\n{location}\r\ncontent-length: 0\r\n\r\n");
    let error = Server::responding(Some(redirect)).await.user().await;
    assert_eq!(error.to_string(), "/sns/userinfo returned HTTP status 302");
    assert_eq!(elsewhere.requests.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn an_error_code_is_read_with_any_status_and_content_type() {
    let body = r#"{"errcode":"42001","errmsg":"access_token expired, hints: [ req_id: x ]"}"#;
    let error = Server::responding(Some(response("503 Busy", body)))
        .await
        .user()
        .await;
    assert_eq!(
        error.to_string(),
        "/sns/userinfo returned 42001 (access_token expired)"
    );
}

#[tokio::test]
async fn consecutive_calls_share_a_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let website = website(&format!("http://{}", listener.local_addr().unwrap()));
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
                    let _ = stream.write_all(response("200 OK", TOKEN).as_bytes()).await;
                }
            });
        }
    });
    for _ in 0..3 {
        website
            .clone()
            .exchange(Code::new("071code").unwrap())
            .await
            .unwrap();
    }
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}
