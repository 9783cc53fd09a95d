//! Connections that are slow, cut, or speak something else, over TCP.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::JoinHandle,
    time::Instant,
};
use weixin_gateway::ServeError;

use crate::world::World;

/// A gateway that serves a port of this machine.
pub(super) struct Served {
    pub(super) address: std::net::SocketAddr,
    stop: oneshot::Sender<()>,
    running: JoinHandle<Result<(), ServeError>>,
}

impl Served {
    pub(super) async fn start() -> Self {
        Self::with(World::start().await).await
    }

    pub(super) async fn with(world: World) -> Self {
        let gateway = world.gateway;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let running = tokio::spawn(gateway.serve(listener, async {
            let _ = stopped.await;
        }));
        Self {
            address,
            stop,
            running,
        }
    }

    async fn send(&self, bytes: &[u8]) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        // It may have responded and closed before everything was sent.
        let _ = stream.write_all(bytes).await;
        stream
    }

    /// The response to these bytes, after which nothing more is sent.
    pub(super) async fn response(&self, bytes: &[u8]) -> String {
        let mut stream = self.send(bytes).await;
        let _ = stream.shutdown().await;
        read(&mut stream).await
    }

    async fn assert_alive(&self) {
        let response = self
            .response(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
            .await;
        assert!(response.starts_with("HTTP/1.1 200 OK\r\n"), "{response}");
        assert!(response.ends_with("\r\n\r\nok\n"), "{response}");
    }

    pub(super) async fn stop(self) {
        self.stop.send(()).unwrap();
        self.running.await.unwrap().unwrap();
    }
}

/// Everything until the connection ends. That it was reset is an end, too.
pub(super) async fn read(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(length @ 1..) = stream.read(&mut buffer).await {
        bytes.extend_from_slice(&buffer[..length]);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn post(path: &str, headers: &str, body: &str) -> Vec<u8> {
    format!("POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-www-form-urlencoded\r\n{headers}\r\n{body}").into_bytes()
}

/// The time of the runtime runs ahead while all wait.
#[tokio::test]
async fn a_client_that_sends_no_whole_head_is_disconnected() {
    let served = Served::start().await;
    for head in [
        &b""[..],
        b"G",
        b"GET /authorize",
        b"GET / HTTP/1.1\r\n",
        b"GET / HTTP/1.1\r\nhost: localhost\r\nx: ",
    ] {
        let mut stream = served.send(head).await;
        tokio::time::pause();
        let begun = Instant::now();
        assert_eq!(read(&mut stream).await, "");
        let time = begun.elapsed();
        tokio::time::resume();
        assert!((29..=31).contains(&time.as_secs()), "{time:?}");
    }
    served.assert_alive().await;
    served.stop().await;
}

#[tokio::test]
async fn a_client_that_sends_no_whole_body_gets_a_response_all_the_same() {
    let served = Served::start().await;
    for path in ["/token", "/authorize", "/userinfo"] {
        let request = post(path, "content-length: 100\r\n", "grant_type=auth");
        let mut stream = served.send(&request).await;
        tokio::time::pause();
        let begun = Instant::now();
        let mut buffer = [0; 4096];
        let length = stream.read(&mut buffer).await.unwrap();
        let time = begun.elapsed();
        tokio::time::resume();
        let response = String::from_utf8_lossy(&buffer[..length]);
        assert!(response.starts_with("HTTP/1.1 400 "), "{path}: {response}");
        assert!(response.contains("longer than 10 seconds"), "{response}");
        assert!((9..=11).contains(&time.as_secs()), "{time:?}");
        for header in ["cache-control: no-store", "x-content-type-options: nosniff"] {
            assert!(response.contains(&format!("{header}\r\n")), "{response}");
        }
    }
    served.assert_alive().await;
    served.stop().await;
}

#[tokio::test]
async fn slow_clients_do_not_keep_others_waiting() {
    let served = Served::start().await;
    let mut slow = Vec::new();
    for _ in 0..100 {
        slow.push(served.send(b"GET /authorize HTTP/1.1\r\nhost: ").await);
        slow.push(
            served
                .send(&post("/token", "content-length: 9999\r\n", "code="))
                .await,
        );
    }
    for _ in 0..20 {
        served.assert_alive().await;
    }
    drop(slow);
    served.stop().await;
}

#[tokio::test]
async fn a_body_that_is_cut_or_too_long_is_an_error() {
    let served = Served::start().await;
    let long = "x".repeat(20_000);
    let chunk = format!("{:x}\r\n{long}\r\n0\r\n\r\n", long.len());
    for path in ["/token", "/authorize", "/userinfo"] {
        for (headers, body) in [
            ("content-length: 100\r\n", "grant_type=authorization_code"),
            ("content-length: 20000\r\nconnection: close\r\n", &*long),
            (
                "transfer-encoding: chunked\r\nconnection: close\r\n",
                &*chunk,
            ),
            ("transfer-encoding: chunked\r\n", "5\r\ncode"),
            (
                "transfer-encoding: chunked\r\n",
                "zz\r\ncode=1\r\n0\r\n\r\n",
            ),
            ("transfer-encoding: chunked\r\n", "ffffffffffffffffff\r\n"),
        ] {
            let response = served.response(&post(path, headers, body)).await;
            let status = response.split(' ').nth(1).unwrap_or("none");
            assert!(
                ["400", "401", "none"].contains(&status),
                "{path} {headers}: {response}"
            );
        }
    }
    served.assert_alive().await;
    served.stop().await;
}

/// What is no HTTP request, or one that two programs read differently (RFC 9112 §11.2), is rejected or closed.
#[tokio::test]
async fn what_is_no_request_ends_its_connection_only() {
    let served = Served::start().await;
    let long = "x".repeat(500_000);
    let many = "x-many: 1\r\n".repeat(300);
    let requests: Vec<Vec<u8>> = vec![
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(),
        b"\0\0\0\0\r\n\r\n".to_vec(),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(),
        b"GET  HTTP/1.1\r\n\r\n".to_vec(),
        b"GET /healthz HTTP/9.9\r\n\r\n".to_vec(),
        b"GET /healthz\xff HTTP/1.1\r\n\r\n".to_vec(),
        b"GET /healthz HTTP/1.1\r\nhost: a\0b\r\n\r\n".to_vec(),
        b"GET /healthz HTTP/1.1\r\nx: 1\r\n folded\r\n\r\n".to_vec(),
        b"GET /healthz HTTP/1.1\r\nx : 1\r\n\r\n".to_vec(),
        b"GET /healthz HTTP/1.1\r\ncontent-length: -1\r\n\r\n".to_vec(),
        b"POST /token HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab".to_vec(),
        b"POST /token HTTP/1.1\r\ncontent-length: 99999999999999999999\r\n\r\n".to_vec(),
        b"POST /token HTTP/1.1\r\ntransfer-encoding: chunked, identity\r\n\r\n".to_vec(),
        b"CONNECT evil.example:443 HTTP/1.1\r\n\r\n".to_vec(),
        format!("GET /{long} HTTP/1.1\r\n\r\n").into_bytes(),
        format!("GET /healthz HTTP/1.1\r\nx: {long}\r\n\r\n").into_bytes(),
        format!("GET /healthz HTTP/1.1\r\n{many}\r\n").into_bytes(),
        format!("GET /healthz HTTP/1.1\r\n{}: 1\r\n\r\n", &long[..70_000]).into_bytes(),
    ];
    for request in requests {
        let response = served.response(&request).await;
        let status = response.split(' ').nth(1).unwrap_or("none");
        let request = String::from_utf8_lossy(&request[..request.len().min(60)]).into_owned();
        assert!(
            status == "none" || status.starts_with('4'),
            "{request:?}: {response}"
        );
    }
    served.assert_alive().await;
    served.stop().await;
}

/// A request hidden in the body of another is not run, or a proxy in front would not have seen it.
#[tokio::test]
async fn no_request_hides_in_the_body_of_another() {
    let served = Served::start().await;
    let hidden = "GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n";
    let chunk = format!("0\r\n\r\n{hidden}");
    let length = hidden.len();
    for (headers, body) in [
        (format!("content-length: {length}\r\n"), hidden.to_owned()),
        (
            format!(
                "transfer-encoding: chunked\r\ncontent-length: {}\r\n",
                chunk.len()
            ),
            chunk.clone(),
        ),
        (
            format!(
                "content-length: {}\r\ntransfer-encoding: chunked\r\n",
                chunk.len()
            ),
            chunk.clone(),
        ),
        (
            format!(
                "content-length: {}\r\nx-transfer-encoding: chunked\r\n",
                chunk.len()
            ),
            chunk,
        ),
    ] {
        let response = served.response(&post("/token", &headers, &body)).await;
        assert!(!response.ends_with("ok\n"), "{headers}: {response}");
    }
    served.stop().await;
}
