//! Hosts that fail and responses that break while users log in.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::{
    io::ErrorKind,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpSocket, TcpStream},
    task::JoinHandle,
};
use weixin::{
    AppSecret, Callback, Code, CsrfToken, Endpoints, Error, QrPageOptions, Website,
    clock::Clock,
    tokens::{AccessToken, Bearer, RefreshToken},
    transport::{Https, Origin, RetryPolicy, TransportErrorKind},
};
use weixin_sim::Sim;

/// Time that stands still until it is moved.
#[derive(Clone, Debug)]
struct Hand(Arc<Mutex<SystemTime>>);

impl Hand {
    fn new() -> Self {
        Self(Arc::new(Mutex::new(SystemTime::UNIX_EPOCH)))
    }

    fn advance(&self, by: Duration) {
        *self.0.lock().unwrap() += by;
    }
}

impl Clock for Hand {
    fn now(&self) -> SystemTime {
        *self.0.lock().unwrap()
    }
}

/// A port at which nothing listens yet. No other program gets it while this is held.
struct Port(TcpSocket);

impl Port {
    fn held() -> Self {
        Self(Self::shared("127.0.0.1:0".parse().unwrap()))
    }

    /// A socket that shares its port with other sockets of this process.
    fn shared(address: SocketAddr) -> TcpSocket {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_reuseport(true).unwrap();
        socket.bind(address).unwrap();
        socket
    }

    fn address(&self) -> SocketAddr {
        self.0.local_addr().unwrap()
    }

    fn origin(&self) -> Origin {
        format!("http://{}", self.address()).parse().unwrap()
    }

    fn listen(&self) -> TcpListener {
        Self::shared(self.address()).listen(16).unwrap()
    }
}

/// A host that forwards every connection to the simulator, until it is killed.
struct Host {
    port: Port,
    origin: Origin,
    connections: Arc<AtomicUsize>,
    serving: JoinHandle<()>,
}

impl Host {
    fn before(sim: &Sim) -> Self {
        let to = sim.url().trim_start_matches("http://").to_owned();
        let port = Port::held();
        let (listener, origin) = (port.listen(), port.origin());
        let connections = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&connections);
        let serving = tokio::spawn(async move {
            let mut streams = tokio::task::JoinSet::new();
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                count.fetch_add(1, Ordering::SeqCst);
                let to = to.clone();
                streams.spawn(async move {
                    let mut sim = TcpStream::connect(to).await.unwrap();
                    let _ = copy_bidirectional(&mut stream, &mut sim).await;
                });
            }
        });
        Self {
            port,
            origin,
            connections,
            serving,
        }
    }

    /// Every connection breaks, and no new one is made.
    async fn stop(&mut self) {
        self.serving.abort();
        let _ = (&mut self.serving).await;
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

fn website(sim: &Sim, hosts: [&Origin; 2], clock: &Hand) -> Website {
    let [first, second] = hosts.map(Clone::clone);
    let open = sim.url().parse().unwrap();
    let secret = AppSecret::new("s".repeat(32)).unwrap();
    Website::builder("wx0123456789abcdef".parse().unwrap(), secret)
        .endpoints(Endpoints::new(open, first).backup(second))
        .retry_policy(RetryPolicy::default().backoff(Duration::ZERO))
        .clock(clock.clone())
        .build()
        .unwrap()
}

/// A code for that website.
async fn code(website: &Website, sim: &Sim) -> Code {
    let redirect_uri = "http://localhost/".parse().unwrap();
    let csrf = CsrfToken::random().unwrap();
    let url = website.authorize_url(&redirect_uri, &csrf, &QrPageOptions::new());
    reqwest::get(url.unwrap()).await.unwrap();
    let callback = sim.allow(&sim.pending().remove(0), "xiaoming").unwrap();
    let query = callback.split_once('?').unwrap().1;
    Callback::parse(query).unwrap().verify(&csrf).unwrap()
}

#[tokio::test]
async fn users_log_in_while_the_primary_host_fails_and_it_is_tried_again_after_a_minute() {
    let sim = Sim::start().await.unwrap();
    let clock = Hand::new();
    let mut primary = Host::before(&sim);
    let backup = Host::before(&sim);
    let website = website(&sim, [&primary.origin, &backup.origin], &clock);

    let token = website.exchange(code(&website, &sim).await).await.unwrap();
    assert_eq!((primary.connections(), backup.connections()), (1, 0));
    primary.stop().await;
    let user = website.user(&token).await.unwrap();
    assert_eq!(user.openid, token.openid);
    // The code was not sent to the stopped host, so it can be sent to the other.
    website.exchange(code(&website, &sim).await).await.unwrap();
    assert_eq!((primary.connections(), backup.connections()), (1, 1));

    let listener = primary.port.listen();
    website.user(&token).await.unwrap();
    clock.advance(Duration::from_secs(59));
    website.user(&token).await.unwrap();
    clock.advance(Duration::from_secs(1));
    // It is asked again, although it never responds.
    tokio::select! {
        called = listener.accept() => drop(called.unwrap()),
        _ = website.user(&token) => panic!("the primary host was not asked"),
    }
}

#[tokio::test]
async fn a_host_that_cannot_be_reached_is_skipped_for_a_minute() {
    let sim = Sim::start().await.unwrap();
    let clock = Hand::new();
    let (closed, backup) = (Port::held(), Host::before(&sim));
    let website = website(&sim, [&closed.origin(), &backup.origin], &clock);
    website.exchange(code(&website, &sim).await).await.unwrap();

    // A server that listens there now gets no request.
    let listener = closed.listen().into_std().unwrap();
    website.exchange(code(&website, &sim).await).await.unwrap();
    let nothing = listener.accept().unwrap_err();
    assert_eq!(nothing.kind(), ErrorKind::WouldBlock);
}

#[tokio::test]
async fn without_a_reachable_host_the_error_says_that_nothing_was_sent() {
    let sim = Sim::start().await.unwrap();
    let (one, other) = (Port::held(), Port::held());
    let website = website(&sim, [&one.origin(), &other.origin()], &Hand::new());
    let error = website
        .exchange(code(&website, &sim).await)
        .await
        .unwrap_err();
    assert!(
        matches!(&error, Error::Transport(error) if error.kind() == TransportErrorKind::Connect),
        "{error:?}"
    );
    assert!(error.is_retryable() && !error.needs_login());
}

/// A server that sends these responses one after the other, and the last one again and again.
async fn responding(responses: &[&str]) -> (Origin, Arc<AtomicUsize>) {
    let responses: Vec<String> = responses.iter().map(|one| (*one).to_owned()).collect();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let requests = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&requests);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.read(&mut [0; 4096]).await;
            let number = count.fetch_add(1, Ordering::SeqCst);
            let response = responses.get(number).or(responses.last()).unwrap();
            let _ = stream.write_all(response.as_bytes()).await;
        }
    });
    (origin.parse().unwrap(), requests)
}

fn at(origin: Origin, policy: RetryPolicy) -> Website {
    within(Duration::from_secs(5 * 60), origin, policy)
}

fn within(timeout: Duration, origin: Origin, policy: RetryPolicy) -> Website {
    let secret = AppSecret::new("secret").unwrap();
    Website::builder("wx1".parse().unwrap(), secret)
        .endpoints(Endpoints::single(origin))
        .retry_policy(policy)
        .build_with(Https::with_timeouts(timeout, timeout).unwrap())
}

fn http(status: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

const TOKEN: &str =
    r#"{"access_token":"66_a","expires_in":7200,"refresh_token":"66_r","openid":"oA"}"#;

#[tokio::test]
async fn profile_check_and_refresh_succeed_after_each_kind_of_broken_response() {
    let cut = "HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n{\"openid\"";
    let page = http("502 Bad Gateway", "<html>bad gateway</html>");
    let html = http("200 OK", "<html>hello</html>");
    let busy = http("200 OK", r#"{"errcode":-1,"errmsg":"system error"}"#);
    let quick = || RetryPolicy::default().backoff(Duration::ZERO);
    let whole = http("200 OK", TOKEN);
    let valid = http("200 OK", r#"{"errcode":0,"errmsg":"ok"}"#);
    for broken in [cut, "", &page, &html, &busy] {
        let (server, requests) = responding(&[broken, broken, &whole]).await;
        let website = at(server, quick());
        let access_token = AccessToken::new("66_a").unwrap();
        let bearer = Bearer {
            access_token: &access_token,
            openid: &"oA".parse().unwrap(),
        };
        website.user(bearer).await.unwrap();
        assert_eq!(requests.load(Ordering::SeqCst), 3, "{broken}");

        let (server, requests) = responding(&[broken, &valid]).await;
        let website = at(server, quick());
        assert!(website.check(bearer).await.unwrap().is_valid());
        assert_eq!(requests.load(Ordering::SeqCst), 2, "{broken}");

        let (server, requests) = responding(&[broken, &whole]).await;
        let refresh_token = RefreshToken::new("66_r").unwrap();
        at(server, quick()).refresh(&refresh_token).await.unwrap();
        assert_eq!(requests.load(Ordering::SeqCst), 2, "{broken}");

        let (server, requests) = responding(&[broken, broken, broken, &whole]).await;
        let error = at(server, quick()).user(bearer).await.unwrap_err();
        assert_eq!(requests.load(Ordering::SeqCst), 3, "{broken}: {error}");
        let (server, requests) = responding(&[broken, &whole]).await;
        at(server, RetryPolicy::none())
            .user(bearer)
            .await
            .unwrap_err();
        assert_eq!(requests.load(Ordering::SeqCst), 1, "{broken}");
    }
}

#[tokio::test]
async fn no_attempt_starts_after_the_deadline() {
    let (server, requests) = responding(&[""]).await;
    let website = at(server, RetryPolicy::default().deadline(Duration::ZERO));
    let refresh_token = RefreshToken::new("66_r").unwrap();
    website.refresh(&refresh_token).await.unwrap_err();
    assert_eq!(requests.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_response_that_is_too_slow_or_too_large_is_an_error() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let dripping = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.read(&mut [0; 4096]).await;
        let head = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n";
        let _ = stream.write_all(head.as_bytes()).await;
        while stream.write_all(b" ").await.is_ok() {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    });
    let second = Duration::from_secs(1);
    let website = within(second, dripping.parse().unwrap(), RetryPolicy::none());
    let refresh_token = RefreshToken::new("66_r").unwrap();
    let error = website.refresh(&refresh_token).await.unwrap_err();
    assert_eq!(error.to_string(), "the server did not respond in time");

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let flooding = format!("http://{}", listener.local_addr().unwrap());
    let flood = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.read(&mut [0; 4096]).await;
        let head = "HTTP/1.1 200 OK\r\ncontent-length: 104857600\r\n\r\n";
        stream.write_all(head.as_bytes()).await.unwrap();
        let (mut sent, chunk) = (0, vec![b' '; 65536]);
        while sent < 104_857_600 && stream.write_all(&chunk).await.is_ok() {
            sent += chunk.len();
        }
        sent
    });
    let website = at(flooding.parse().unwrap(), RetryPolicy::default());
    let error = website.refresh(&refresh_token).await.unwrap_err();
    assert_eq!(error.to_string(), "the response is larger than 1 MiB");
    drop(website);
    let sent = flood.await.unwrap();
    assert!(sent < 16 << 20, "{sent} bytes were taken");
}
