//! Logs in at an OpenID Provider as fast as it can, and prints what it measured as JSON. `scripts/bench gateway` runs it.
//!
//! ```text
//! load ISSUER CLIENT_ID CLIENT_SECRET REDIRECT_URI first|session|sessions=FILE|userinfo|discovery|signature CONNECTIONS SECONDS
//! ```
//!
//! `first`: a new browser for each login. `session`: each browser logs in once, and then again and again with its session.
//! `sessions=FILE`: each login is that of another browser, whose cookie is a line of the file. It knows nothing of the provider but its discovery document. `signature` asks no provider: it signs by RS256 on all
//! processors and does nothing else, which no provider's logins can exceed.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a measurement that fails is no measurement"
)]

use std::{
    collections::HashMap,
    env, fs,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use aws_lc_rs::{
    rand::SystemRandom,
    rsa::{self, KeySize},
    signature::RSA_PKCS1_SHA256,
};
use axum::body::{Body, Bytes, to_bytes};
use data_encoding::BASE64;
use hyper::{Request, Response, client::conn::http1::SendRequest, header};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use url::Url;

const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

/// A client of the provider.
struct Client {
    authorize: String,
    token: String,
    userinfo: String,
    discovery: String,
    basic: String,
    redirect_uri: String,
}

impl Client {
    fn authorize_url(&self, id: &str) -> String {
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("response_type", "code")
            .append_pair("client_id", id)
            .append_pair("redirect_uri", &self.redirect_uri)
            .append_pair("scope", "openid profile")
            .append_pair("state", "a-state-of-22-letters.")
            .append_pair("nonce", "a-nonce-of-22-letters.")
            .append_pair("code_challenge", CHALLENGE)
            .append_pair("code_challenge_method", "S256")
            .finish();
        format!("{}?{query}", self.authorize)
    }
}

/// One browser, and the program behind the client, each with connections that stay open.
#[derive(Default)]
struct Worker {
    connections: HashMap<String, SendRequest<Body>>,
    cookies: HashMap<String, HashMap<String, String>>,
}

struct Reply {
    response: Response<()>,
    body: Bytes,
}

impl Worker {
    async fn send(&mut self, url: &Url, mut request: Request<Body>) -> Reply {
        let host = url.authority().to_owned();
        request
            .headers_mut()
            .insert(header::HOST, host.parse().unwrap());
        let path = &url[url::Position::BeforePath..url::Position::AfterQuery];
        *request.uri_mut() = path.parse().unwrap();
        if self
            .connections
            .get(&host)
            .is_none_or(SendRequest::is_closed)
        {
            self.connections.insert(host.clone(), connect(url).await);
        }
        let connection = self.connections.get_mut(&host).unwrap();
        connection.ready().await.unwrap();
        let (parts, body) = connection.send_request(request).await.unwrap().into_parts();
        let body = to_bytes(Body::new(body), 1 << 20).await.unwrap();
        Reply {
            response: Response::from_parts(parts, ()),
            body,
        }
    }

    /// A request of the browser, with its cookies.
    async fn browse(&mut self, url: &Url) -> Reply {
        let host = host(url);
        let mut request = Request::get("/").header(header::ACCEPT, "text/html");
        if let Some(cookies) = self.cookies.get(&host) {
            let pairs: Vec<_> = cookies
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            if !pairs.is_empty() {
                request = request.header(header::COOKIE, pairs.join("; "));
            }
        }
        let reply = self.send(url, request.body(Body::empty()).unwrap()).await;
        let jar = self.cookies.entry(host).or_default();
        for cookie in reply.response.headers().get_all(header::SET_COOKIE) {
            let text = cookie.to_str().unwrap();
            let (pair, attributes) = text.split_once(';').unwrap_or((text, ""));
            let (name, value) = pair.split_once('=').unwrap();
            let is_removed = attributes.contains("Max-Age=0") || attributes.contains("01 Jan 1970");
            if value.is_empty() || is_removed {
                jar.remove(name);
            } else {
                jar.insert(name.to_owned(), value.to_owned());
            }
        }
        reply
    }

    /// From the authorization request to the code.
    async fn code(&mut self, client: &Client, start: &str) -> String {
        let mut url = Url::parse(start).unwrap();
        for _ in 0..12 {
            let reply = self.browse(&url).await;
            let location = reply.response.headers().get(header::LOCATION);
            let location = location.unwrap_or_else(|| {
                panic!(
                    "{} {url}: {}",
                    reply.response.status(),
                    String::from_utf8_lossy(&reply.body)
                )
            });
            url = url.join(location.to_str().unwrap()).unwrap();
            if url.as_str().starts_with(&client.redirect_uri) {
                let code = url.query_pairs().find(|(name, _)| name == "code");
                return code.unwrap_or_else(|| panic!("{url}")).1.into_owned();
            }
        }
        panic!("too many redirects: {url}");
    }

    async fn access_token(&mut self, client: &Client, code: &str) -> String {
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "authorization_code")
            .append_pair("code", code)
            .append_pair("redirect_uri", &client.redirect_uri)
            .append_pair("code_verifier", VERIFIER)
            .finish();
        let request = Request::post("/")
            .header(header::AUTHORIZATION, &client.basic)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let url = Url::parse(&client.token).unwrap();
        let reply = self.send(&url, request.body(form.into()).unwrap()).await;
        let tokens: Value = serde_json::from_slice(&reply.body).unwrap();
        let token = tokens["access_token"].as_str();
        assert!(tokens["id_token"].is_string(), "{tokens}");
        token.unwrap().to_owned()
    }

    async fn userinfo(&mut self, client: &Client, token: &str) {
        let request = Request::get("/").header(header::AUTHORIZATION, format!("Bearer {token}"));
        let url = Url::parse(&client.userinfo).unwrap();
        let reply = self.send(&url, request.body(Body::empty()).unwrap()).await;
        assert_eq!(reply.response.status(), 200);
    }
}

/// The key of a host's cookies.
fn host(url: &Url) -> String {
    url.host_str().unwrap().to_owned() + &url.port().unwrap_or(80).to_string()
}

async fn connect(url: &Url) -> SendRequest<Body> {
    let address = (url.host_str().unwrap(), url.port().unwrap_or(80));
    let stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .unwrap();
    tokio::spawn(connection);
    sender
}

async fn discover(issuer: &str, basic: String, redirect_uri: &str) -> Client {
    let discovery = format!(
        "{}/.well-known/openid-configuration",
        issuer.trim_end_matches('/')
    );
    let url = Url::parse(&discovery).unwrap();
    let request = Request::get("/").body(Body::empty()).unwrap();
    let reply = Worker::default().send(&url, request).await;
    let metadata: Value = serde_json::from_slice(&reply.body).unwrap();
    let text = |name: &str| metadata[name].as_str().unwrap().to_owned();
    Client {
        authorize: text("authorization_endpoint"),
        token: text("token_endpoint"),
        userinfo: text("userinfo_endpoint"),
        redirect_uri: redirect_uri.to_owned(),
        discovery,
        basic,
    }
}

/// Cookies of browsers that are logged in, which the workers take in turn.
#[derive(Default)]
struct Sessions {
    cookies: Vec<(String, String)>,
    next: AtomicUsize,
}

impl Sessions {
    /// Those of a file, if the mode names one.
    fn of(mode: &str) -> Self {
        let text = mode.strip_prefix("sessions=");
        let text = text.map(|file| fs::read_to_string(file).unwrap());
        let pairs = text.iter().flat_map(|text| text.lines());
        let pairs = pairs.map(|line| line.split_once('=').unwrap());
        Self {
            cookies: pairs
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
            next: AtomicUsize::new(0),
        }
    }

    /// Turns the worker into the next browser.
    fn lend(&self, worker: &mut Worker, client: &Client) {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let cookie = self.cookies[number % self.cookies.len()].clone();
        let host = host(&Url::parse(&client.authorize).unwrap());
        worker.cookies.clear();
        worker.cookies.insert(host, HashMap::from([cookie]));
    }
}

/// How long each round took.
async fn work(
    client: &Client,
    id: &str,
    (mode, sessions): (&str, &Sessions),
    end: Instant,
) -> Vec<Duration> {
    let mut worker = Worker::default();
    let start = client.authorize_url(id);
    let discovery = Url::parse(&client.discovery).unwrap();
    let mut token = String::new();
    if mode != "first" && mode != "discovery" && !mode.starts_with("sessions=") {
        let code = worker.code(client, &start).await;
        token = worker.access_token(client, &code).await;
    }
    let mut times = Vec::new();
    while Instant::now() < end {
        let began = Instant::now();
        match mode {
            "userinfo" => worker.userinfo(client, &token).await,
            "discovery" => drop(worker.browse(&discovery).await),
            _ => {
                if mode == "first" {
                    worker.cookies.clear();
                } else if mode.starts_with("sessions=") {
                    sessions.lend(&mut worker, client);
                }
                let code = worker.code(client, &start).await;
                token = worker.access_token(client, &code).await;
                worker.userinfo(client, &token).await;
            }
        }
        times.push(began.elapsed());
    }
    times
}

/// How long each signature took, of as many threads as there are processors.
fn sign(end: Instant) -> Vec<Duration> {
    let key = rsa::KeyPair::generate(KeySize::Rsa2048).unwrap();
    let sign_until_the_end = || {
        let (random, mut signature) = (SystemRandom::new(), vec![0; key.public_modulus_len()]);
        let mut times = Vec::new();
        while Instant::now() < end {
            let began = Instant::now();
            key.sign(&RSA_PKCS1_SHA256, &random, &[0; 600], &mut signature)
                .unwrap();
            times.push(began.elapsed());
        }
        times
    };
    thread::scope(|scope| {
        let threads = thread::available_parallelism().unwrap().get();
        let threads: Vec<_> = (0..threads)
            .map(|_| scope.spawn(sign_until_the_end))
            .collect();
        let times = threads.into_iter().map(|it| it.join().unwrap());
        times.flatten().collect()
    })
}

/// How long each round took, of all workers.
async fn all_times(arguments: &[String], end: Instant) -> Vec<Duration> {
    let [issuer, id, secret, redirect_uri, mode, connections, _] = arguments else {
        panic!("see the first lines of this file");
    };
    let credentials = BASE64.encode(format!("{id}:{secret}").as_bytes());
    let basic = format!("Basic {credentials}");
    let client = Arc::new(discover(issuer, basic, redirect_uri).await);
    let sessions = Arc::new(Sessions::of(mode));
    let workers: Vec<_> = (0..connections.parse().unwrap())
        .map(|_: usize| {
            let (client, sessions) = (Arc::clone(&client), Arc::clone(&sessions));
            let (id, mode) = (id.clone(), mode.clone());
            tokio::spawn(async move { work(&client, &id, (&mode, &sessions), end).await })
        })
        .collect();
    let mut times = Vec::new();
    for worker in workers {
        times.extend(worker.await.unwrap());
    }
    times
}

#[tokio::main]
async fn main() {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let [.., mode, _, seconds] = &arguments[..] else {
        panic!("see the first lines of this file");
    };
    let began = Instant::now();
    let end = began + Duration::from_secs_f64(seconds.parse().unwrap());
    let mut times = match mode.as_str() {
        "signature" => sign(end),
        _ => all_times(&arguments, end).await,
    };
    let elapsed = began.elapsed().as_secs_f64();
    times.sort_unstable();
    let at = |percent: usize| {
        let time = times.get(times.len() * percent / 100).copied();
        time.unwrap_or_default().as_secs_f64() * 1000.0
    };
    #[expect(clippy::cast_precision_loss, reason = "a rate")]
    let rate = times.len() as f64 / elapsed;
    println!(
        "{}",
        json!({ "count": times.len(), "per_second": rate, "p50_ms": at(50), "p99_ms": at(99) })
    );
}
