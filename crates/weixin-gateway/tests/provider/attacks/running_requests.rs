//! A visitor behind the proxy, whose requests wait: the connections of the proxy are those of all users.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::{
    body::{Body, Bytes},
    extract::ConnectInfo,
    http::{Request, StatusCode, request::Builder},
    response::Response,
};
use futures_util::stream;
use serde_json::json;
use tokio::{task::JoinHandle, time::Instant};
use tower::ServiceExt;

use crate::world::{Log, Options, Page, World};

/// Requests of one address at one time, of an IPv6 network of 48 bits, and of all.
const SHARE: usize = 128;
const OF_SITE: usize = 256;
const IN_ALL: usize = 3_072;

/// Failed requests of one address in a minute.
const FAILURES: usize = 60;

const ATTACKER: &str = "192.0.2.1";
const USER: &str = "192.0.2.2";
const AUTHORIZE: &str = "/authorize?client_id=web&response_type=code&scope=openid&redirect_uri=https%3A%2F%2Frp.example%2Fcallback";

async fn behind_proxy() -> World {
    let edit =
        |text: String| text.replace("[server]\n", "[server]\ntrusted_proxies = [\"10.0.0.1\"]\n");
    World::with(Options {
        edit: Some(edit),
        ..Options::default()
    })
    .await
}

/// A request that the proxy passes on for an address.
fn of(address: &str, request: Builder) -> Builder {
    request
        .header("x-forwarded-for", address)
        .header("accept-language", "en")
        .extension(ConnectInfo(std::net::SocketAddr::from((
            [10, 0, 0, 1],
            1234,
        ))))
}

async fn get(world: &World, path: &str, address: &str) -> Page {
    let request = of(address, Request::get(path));
    world.respond(request.body(Body::empty()).unwrap()).await
}

async fn post(world: &World, path: &str, address: &str) -> Page {
    let request = of(address, Request::post(path)).header("origin", "https://spa.example");
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let body = Body::from("client_id=unknown");
    world.respond(request.body(body).unwrap()).await
}

/// Requests whose bodies never end.
#[derive(Default)]
struct Slow {
    /// Those whose body is waited for.
    waiting: Arc<AtomicUsize>,
    tasks: Vec<JoinHandle<Response>>,
}

impl Slow {
    /// Sends one more, and returns when its body is waited for. `Err`: it has a response.
    async fn send(&mut self, world: &World, path: &str, address: &str) -> Result<(), Page> {
        let waiting = Arc::clone(&self.waiting);
        let before = waiting.load(Ordering::Relaxed);
        let mut is_first = true;
        let body = stream::poll_fn(move |_| {
            if is_first {
                is_first = false;
                waiting.fetch_add(1, Ordering::Relaxed);
            }
            std::task::Poll::<Option<std::io::Result<Bytes>>>::Pending
        });
        let request = of(address, Request::post(path))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from_stream(body));
        let response = world.router().oneshot(request.unwrap());
        let task = tokio::spawn(async { response.await.unwrap() });
        while self.waiting.load(Ordering::Relaxed) == before {
            if task.is_finished() {
                return Err(Page::of(task.await.unwrap()).await);
            }
            tokio::task::yield_now().await;
        }
        self.tasks.push(task);
        Ok(())
    }

    /// The statuses of all, once they have one.
    async fn end(self) -> Vec<StatusCode> {
        let mut statuses = Vec::new();
        for task in self.tasks {
            statuses.push(task.await.unwrap().status());
        }
        statuses
    }
}

#[tokio::test]
async fn one_address_behind_the_proxy_does_not_take_the_requests_of_all() {
    let world = behind_proxy().await;
    let mut slow = Slow::default();
    let paths = ["/token", "/authorize", "/userinfo", "/consent/x"];
    for number in 0..SHARE {
        let path = paths[number % paths.len()];
        slow.send(&world, path, ATTACKER).await.unwrap();
    }
    let (log, guard) = Log::begin();
    for path in ["/token", "/par", "/revoke", "/introspect", "/userinfo"] {
        let page = post(&world, path, ATTACKER).await;
        assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS, "{path}");
        assert_eq!(page.header("retry-after"), "10");
        assert_eq!(
            page.json(),
            json!({
                "error": "temporarily_unavailable",
                "error_description": "too many requests of this address are running: try again",
            })
        );
        let is_shared = path != "/introspect";
        let origin = page.header("access-control-allow-origin");
        assert_eq!(origin == "*", is_shared, "{path}");
    }
    assert_eq!(log.lines("a request was turned away").len(), 5);
    drop(guard);
    let page = slow.send(&world, "/token", ATTACKER).await.unwrap_err();
    assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS);
    let page = get(&world, AUTHORIZE, ATTACKER).await;
    assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(page.header("retry-after"), "10");
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert!(page.body.contains("Too many logins at once"));
    // What waits for nothing, and the user at another address.
    assert_eq!(get(&world, "/jwks", ATTACKER).await.status, 200);
    assert_eq!(get(&world, "/healthz", ATTACKER).await.status, 200);
    assert_eq!(get(&world, AUTHORIZE, USER).await.status, 303);
    assert_eq!(post(&world, "/token", USER).await.status, 401);
    // A place is free as soon as its request ends.
    slow.tasks.pop().unwrap().abort();
    while get(&world, AUTHORIZE, ATTACKER).await.status != 303 {
        tokio::task::yield_now().await;
    }
}

/// A provider gives each customer such a network.
#[tokio::test]
async fn the_networks_of_an_ipv6_site_share_their_requests() {
    let world = behind_proxy().await;
    let mut slow = Slow::default();
    for number in 0..OF_SITE {
        let address = format!("2001:db8:1:{:x}::{number:x}", number / SHARE);
        slow.send(&world, "/token", &address).await.unwrap();
    }
    for address in ["2001:db8:1:0::ffff", "2001:db8:1:2::1"] {
        let page = get(&world, AUTHORIZE, address).await;
        assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS, "{address}");
    }
    assert_eq!(get(&world, AUTHORIZE, "2001:db8:2::1").await.status, 303);
}

/// Many addresses can take all places. The users get a response then, and the proxy finds the node ready.
#[tokio::test]
async fn requests_beyond_those_of_all_addresses_get_a_response_at_once() {
    let world = behind_proxy().await;
    let mut slow = Slow::default();
    for number in 0..IN_ALL {
        let address = format!("198.51.100.{}", number / SHARE);
        slow.send(&world, "/token", &address).await.unwrap();
    }
    let page = post(&world, "/token", USER).await;
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(page.header("retry-after"), "10");
    assert_eq!(
        page.json(),
        json!({
            "error": "temporarily_unavailable",
            "error_description": "the gateway cannot respond now: try again",
        })
    );
    let page = get(&world, AUTHORIZE, USER).await;
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(page.header("retry-after"), "10");
    assert!(page.body.contains("Too many logins at once"));
    assert_eq!(get(&world, "/readyz", USER).await.status, 200);
}

/// The time of the runtime runs ahead while all wait.
#[tokio::test]
async fn a_body_that_does_not_end_takes_its_place_for_ten_seconds() {
    let world = behind_proxy().await;
    let mut slow = Slow::default();
    tokio::time::pause();
    let begun = Instant::now();
    for _ in 0..SHARE {
        slow.send(&world, "/token", ATTACKER).await.unwrap();
    }
    let statuses = slow.end().await;
    let seconds = begun.elapsed().as_secs();
    tokio::time::resume();
    assert!((9..=11).contains(&seconds), "{seconds}");
    // Each is a failed request as well.
    let [rejected, limited] = [StatusCode::BAD_REQUEST, StatusCode::TOO_MANY_REQUESTS]
        .map(|status| statuses.iter().filter(|it| **it == status).count());
    assert_eq!((rejected, limited), (FAILURES, SHARE - FAILURES));
    assert_eq!(get(&world, AUTHORIZE, ATTACKER).await.status, 303);
}
