//! Hosts that die and answers that break while users log in.
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
    AccessToken, AppSecret, Callback, Client, Clock, Code, Endpoints, Error, Https, Origin,
    RefreshToken, Retries, TransportErrorKind,
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

/// A host that hands every connection on to the simulator, until it is killed.
struct Host {
    port: Port,
    address: Origin,
    connections: Arc<AtomicUsize>,
    serving: JoinHandle<()>,
}

impl Host {
    fn in_front_of(sim: &Sim) -> Self {
        let to = sim.url().trim_start_matches("http://").to_owned();
        let port = Port::held();
        let (listener, address) = (port.listen(), port.origin());
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
            address,
            connections,
            serving,
        }
    }

    /// Every connection breaks, and no new one is made.
    async fn die(&mut self) {
        self.serving.abort();
        let _ = (&mut self.serving).await;
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

fn client(sim: &Sim, hosts: [&Origin; 2], clock: &Hand) -> Client {
    let [first, second] = hosts.map(Clone::clone);
    let open = sim.url().parse().unwrap();
    let secret = AppSecret::new("s".repeat(32)).unwrap();
    Client::builder("wx0123456789abcdef".parse().unwrap(), secret)
        .endpoints(Endpoints::new(open, first).backup(second))
        .retries(Retries::default().pause(Duration::ZERO))
        .clock(clock.clone())
        .build()
        .unwrap()
}

/// A code for that client.
async fn code(client: &Client, sim: &Sim) -> Code {
    let login = client
        .login_url("http://localhost/".parse::<weixin::RedirectUri>().unwrap())
        .unwrap();
    let page = login.as_str().split('#').next().unwrap();
    reqwest::get(page).await.unwrap();
    let callback = sim.allow(&sim.pending().remove(0), "xiaoming").unwrap();
    let query = callback.split_once('?').unwrap().1;
    Callback::parse(query)
        .unwrap()
        .verify(login.csrf())
        .unwrap()
}

#[tokio::test]
async fn users_log_in_while_the_primary_host_dies_and_return_to_it_after_a_minute() {
    let sim = Sim::start().await.unwrap();
    let clock = Hand::new();
    let mut primary = Host::in_front_of(&sim);
    let backup = Host::in_front_of(&sim);
    let client = client(&sim, [&primary.address, &backup.address], &clock);

    let token = client.exchange(code(&client, &sim).await).await.unwrap();
    assert_eq!((primary.connections(), backup.connections()), (1, 0));
    primary.die().await;
    let user = client.user(&token).await.unwrap();
    assert_eq!(user.openid, token.openid);
    // Its code was not sent to the host that is dead, so that it can go to the other.
    client.exchange(code(&client, &sim).await).await.unwrap();
    assert_eq!((primary.connections(), backup.connections()), (1, 1));

    let listener = primary.port.listen();
    client.user(&token).await.unwrap();
    clock.advance(Duration::from_secs(59));
    client.user(&token).await.unwrap();
    clock.advance(Duration::from_secs(1));
    // It is asked again, although it never responds.
    tokio::select! {
        called = listener.accept() => drop(called.unwrap()),
        _ = client.user(&token) => panic!("the primary host was not asked"),
    }
}

#[tokio::test]
async fn a_host_that_cannot_be_reached_is_passed_over_for_a_minute() {
    let sim = Sim::start().await.unwrap();
    let clock = Hand::new();
    let (dead, backup) = (Port::held(), Host::in_front_of(&sim));
    let client = client(&sim, [&dead.origin(), &backup.address], &clock);
    client.exchange(code(&client, &sim).await).await.unwrap();

    // A server that listens there now gets no request.
    let listener = dead.listen().into_std().unwrap();
    client.exchange(code(&client, &sim).await).await.unwrap();
    let nothing = listener.accept().unwrap_err();
    assert_eq!(nothing.kind(), ErrorKind::WouldBlock);
}

#[tokio::test]
async fn with_no_host_alive_the_error_says_that_nothing_was_sent() {
    let sim = Sim::start().await.unwrap();
    let (one, other) = (Port::held(), Port::held());
    let client = client(&sim, [&one.origin(), &other.origin()], &Hand::new());
    let error = client
        .exchange(code(&client, &sim).await)
        .await
        .unwrap_err();
    assert!(
        matches!(&error, Error::Transport(error) if error.kind() == TransportErrorKind::Connect),
        "{error:?}"
    );
    assert!(error.is_retryable() && !error.needs_login());
}

/// A server that gives these answers one after the other, the last for ever.
async fn answering(answers: &[&str]) -> (Origin, Arc<AtomicUsize>) {
    let answers: Vec<String> = answers.iter().map(|answer| (*answer).to_owned()).collect();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let requests = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&requests);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.read(&mut [0; 4096]).await;
            let number = count.fetch_add(1, Ordering::SeqCst);
            let answer = answers.get(number).or(answers.last()).unwrap();
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    (address.parse().unwrap(), requests)
}

fn of(origin: Origin, retries: Retries) -> Client {
    within(Duration::from_mins(5), origin, retries)
}

fn within(patience: Duration, origin: Origin, retries: Retries) -> Client {
    let secret = AppSecret::new("secret").unwrap();
    Client::builder("wx1".parse().unwrap(), secret)
        .endpoints(Endpoints::single(origin))
        .retries(retries)
        .build_with(Https::with_timeouts(patience, patience).unwrap())
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
async fn profile_check_and_refresh_survive_each_kind_of_broken_answer() {
    let cut = "HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n{\"openid\"";
    let page = http("502 Bad Gateway", "<html>bad gateway</html>");
    let html = http("200 OK", "<html>hello</html>");
    let busy = http("200 OK", r#"{"errcode":-1,"errmsg":"system error"}"#);
    let quick = || Retries::default().pause(Duration::ZERO);
    let good = http("200 OK", TOKEN);
    let valid = http("200 OK", r#"{"errcode":0,"errmsg":"ok"}"#);
    for broken in [cut, "", &page, &html, &busy] {
        let (server, requests) = answering(&[broken, broken, &good]).await;
        let client = of(server, quick());
        let access_token = AccessToken::new("66_a").unwrap();
        let bearer = (&access_token, &"oA".parse().unwrap());
        client.user(bearer).await.unwrap();
        assert_eq!(requests.load(Ordering::SeqCst), 3, "{broken}");

        let (server, requests) = answering(&[broken, &valid]).await;
        let client = of(server, quick());
        assert!(client.check(bearer).await.unwrap().is_valid());
        assert_eq!(requests.load(Ordering::SeqCst), 2, "{broken}");

        let (server, requests) = answering(&[broken, &good]).await;
        let refresh_token = RefreshToken::new("66_r").unwrap();
        of(server, quick()).refresh(&refresh_token).await.unwrap();
        assert_eq!(requests.load(Ordering::SeqCst), 2, "{broken}");

        let (server, requests) = answering(&[broken, broken, broken, &good]).await;
        let error = of(server, quick()).user(bearer).await.unwrap_err();
        assert_eq!(requests.load(Ordering::SeqCst), 3, "{broken}: {error}");
        let (server, requests) = answering(&[broken, &good]).await;
        of(server, Retries::none()).user(bearer).await.unwrap_err();
        assert_eq!(requests.load(Ordering::SeqCst), 1, "{broken}");
    }
}

#[tokio::test]
async fn no_try_begins_after_the_deadline() {
    let (server, requests) = answering(&[""]).await;
    let client = of(server, Retries::default().deadline(Duration::ZERO));
    let refresh_token = RefreshToken::new("66_r").unwrap();
    client.refresh(&refresh_token).await.unwrap_err();
    assert_eq!(requests.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_server_that_drips_and_one_that_floods_are_given_up() {
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
    let client = within(second, dripping.parse().unwrap(), Retries::none());
    let refresh_token = RefreshToken::new("66_r").unwrap();
    let error = client.refresh(&refresh_token).await.unwrap_err();
    assert_eq!(error.to_string(), "wechat did not answer in time");

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
    let client = of(flooding.parse().unwrap(), Retries::default());
    let error = client.refresh(&refresh_token).await.unwrap_err();
    assert_eq!(error.to_string(), "the answer is larger than 1 MiB");
    drop(client);
    let sent = flood.await.unwrap();
    assert!(sent < 16 << 20, "{sent} bytes were taken");
}
