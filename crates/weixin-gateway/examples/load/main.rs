//! Sends requests to an OpenID Provider as fast as it can, and prints what it measured as JSON. `scripts/bench gateway` runs it.
//!
//! ```text
//! load ISSUER CLIENT_ID CLIENT_SECRET REDIRECT_URI MODE CONNECTIONS SECONDS
//! ```
//!
//! Without a secret (an empty text) the client is a public one. The modes:
//!
//! - `first`: a login of a new browser each time; `session`: each browser logs in again and again with its session.
//!   `sessions=FILE`: each login is that of another browser, whose cookie is a line of the file.
//!   A login is the authorization request with all its redirects, the token request, and userinfo.
//! - `refresh`: each connection refreshes the tokens of one login; `introspect` and `userinfo`: it sends one access token.
//! - `tokens`: userinfo with 10 000 access tokens, each of a login of its own; fewer if the logins take over 15 seconds.
//! - `discovery`: the discovery document. `signature`: no provider; it signs by RS256 on all processors.
//!
//! It prints `ready` when its logins before the measurement are done, and the measurement begins.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a measurement that fails is no measurement"
)]

mod client;
mod sessions;
mod signature;
mod worker;

use std::{
    env,
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::json;
use tokio::task::JoinSet;

use crate::{
    client::{Client, Tokens},
    sessions::Sessions,
    signature::sign,
    worker::Worker,
};

/// Of all connections.
const DIFFERENT_TOKENS: usize = 10_000;

/// A provider whose logins take longer has fewer tokens.
const MAX_PREPARATION: Duration = Duration::from_secs(15);

#[derive(Clone)]
enum Mode {
    First,
    Session,
    Sessions(Arc<Sessions>),
    Refresh,
    Introspect,
    Userinfo,
    Tokens,
    Discovery,
    Signature,
}

impl Mode {
    fn parse(name: &str) -> Self {
        if let Some(file) = name.strip_prefix("sessions=") {
            return Self::Sessions(Arc::new(Sessions::read(file)));
        }
        match name {
            "first" => Self::First,
            "session" => Self::Session,
            "refresh" => Self::Refresh,
            "introspect" => Self::Introspect,
            "userinfo" => Self::Userinfo,
            "tokens" => Self::Tokens,
            "discovery" => Self::Discovery,
            "signature" => Self::Signature,
            _ => panic!("no such mode: {name}"),
        }
    }

    fn scope(&self) -> &'static str {
        match self {
            Self::Refresh => "openid profile offline_access",
            _ => "openid profile",
        }
    }

    /// How many logins each connection makes before the measurement.
    fn logins_before(&self, connections: usize) -> usize {
        match self {
            Self::First | Self::Sessions(_) | Self::Discovery | Self::Signature => 0,
            Self::Session | Self::Refresh | Self::Introspect | Self::Userinfo => 1,
            Self::Tokens => DIFFERENT_TOKENS.div_ceil(connections),
        }
    }
}

/// A connection with the tokens of its logins.
struct Ready {
    worker: Worker,
    tokens: Vec<Tokens>,
}

impl Ready {
    async fn new(client: Arc<Client>, logins: usize) -> Self {
        let mut ready = Self {
            worker: Worker::default(),
            tokens: Vec::new(),
        };
        let end = Instant::now() + MAX_PREPARATION;
        for login in 0..logins {
            if login > 0 && Instant::now() >= end {
                break;
            }
            ready.tokens.push(client.log_in(&mut ready.worker).await);
        }
        ready
    }

    /// How long each round took.
    async fn work(mut self, client: Arc<Client>, mode: Mode, end: Instant) -> Vec<Duration> {
        let mut times = Vec::new();
        while Instant::now() < end {
            let began = Instant::now();
            self.round(&client, &mode, times.len()).await;
            times.push(began.elapsed());
        }
        times
    }

    async fn round(&mut self, client: &Client, mode: &Mode, number: usize) {
        let worker = &mut self.worker;
        match mode {
            Mode::First | Mode::Session | Mode::Sessions(_) => {
                match mode {
                    Mode::First => worker.forget_cookies(),
                    Mode::Sessions(sessions) => {
                        worker.become_browser(&client.discovery, sessions.next());
                    }
                    _ => {}
                }
                let tokens = client.log_in(worker).await;
                client.userinfo(worker, &tokens.access).await;
            }
            Mode::Refresh => {
                let old = self.tokens[0].refresh.as_ref().unwrap();
                let new = client.refresh(worker, old).await;
                if new.refresh.is_some() {
                    self.tokens[0].refresh = new.refresh;
                }
            }
            Mode::Introspect => client.introspect(worker, &self.tokens[0].access).await,
            Mode::Userinfo | Mode::Tokens => {
                let token = &self.tokens[number % self.tokens.len()].access;
                client.userinfo(worker, token).await;
            }
            Mode::Discovery => _ = worker.get(&client.discovery, None).await,
            Mode::Signature => unreachable!("it needs no connection"),
        }
    }
}

async fn all<T: Send + 'static>(
    each: impl IntoIterator<Item: Future<Output = T> + Send + 'static>,
) -> Vec<T> {
    each.into_iter().collect::<JoinSet<_>>().join_all().await
}

#[tokio::main]
async fn main() {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let [issuer, id, secret, redirect_uri, mode, connections, seconds] = &arguments[..] else {
        panic!("see the first lines of this file");
    };
    let (mode, connections) = (Mode::parse(mode), connections.parse().unwrap());
    let seconds = Duration::from_secs_f64(seconds.parse().unwrap());
    let (mut times, elapsed, tokens) = if matches!(mode, Mode::Signature) {
        println!("ready");
        (sign(Instant::now() + seconds), seconds, 0)
    } else {
        let client = Client::discover(issuer, id, secret, redirect_uri, mode.scope()).await;
        let client = Arc::new(client);
        let logins = mode.logins_before(connections);
        let ready = all((0..connections).map(|_| Ready::new(Arc::clone(&client), logins))).await;
        let tokens: usize = ready.iter().map(|it| it.tokens.len()).sum();
        println!("ready");
        let began = Instant::now();
        let work = |it: Ready| it.work(Arc::clone(&client), mode.clone(), began + seconds);
        let times = all(ready.into_iter().map(work)).await.concat();
        (times, began.elapsed(), tokens)
    };
    times.sort_unstable();
    let at = |percent: usize| {
        let time = times.get(times.len() * percent / 100).copied();
        time.unwrap_or_default().as_secs_f64() * 1000.0
    };
    #[expect(clippy::cast_precision_loss, reason = "a rate")]
    let rate = times.len() as f64 / elapsed.as_secs_f64();
    println!(
        "{}",
        json!({ "tokens": tokens, "count": times.len(), "per_second": rate, "p50_ms": at(50), "p99_ms": at(99) })
    );
}
