//! A visitor behind the proxy, whose forms never end: the connections of the proxy are those of all users. An application's
//! server, which sends many requests at once, is no such visitor.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::Poll,
};

use axum::{
    body::{Body, Bytes},
    extract::ConnectInfo,
    http::{Request, StatusCode, request::Builder},
    response::Response,
};
use futures_util::{FutureExt, future::join_all, stream};
use serde_json::json;
use tokio::{task::JoinHandle, time::Instant};
use tower::ServiceExt;

use crate::world::{Browser, Log, Options, Page, World};

/// Forms that arrive at one time: of one address, of an IPv6 network of 48 bits, and of all.
const SHARE: usize = 128;
const OF_SITE: usize = 256;
const FORMS: usize = 2_048;

/// Requests that run at one time.
const REQUESTS: usize = 3_072;

/// Rounds of the runtime, more than a form is read in before it takes a place.
const ROUNDS: usize = 16;

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

/// A body that never ends.
fn endless(mut waited_for: impl FnMut() + Send + 'static) -> Body {
    Body::from_stream(stream::poll_fn(move |_| {
        waited_for();
        Poll::<Option<std::io::Result<Bytes>>>::Pending
    }))
}

/// A form that has arrived as a whole, in as many pieces as the longest one has.
fn in_pieces(form: &str) -> Body {
    let mut pieces: Vec<_> = form.as_bytes().chunks(form.len().div_ceil(3)).collect();
    pieces.reverse();
    let mut pieces: Vec<_> = pieces.into_iter().map(Bytes::copy_from_slice).collect();
    let mut is_next = true;
    Body::from_stream(stream::poll_fn(move |context| {
        is_next = !is_next;
        if is_next {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(pieces.pop().map(Ok::<_, std::io::Error>))
    }))
}

/// Requests whose bodies never end.
#[derive(Default)]
struct Slow {
    tasks: Vec<JoinHandle<Response>>,
}

impl Slow {
    /// Sends one more, and returns when its body is waited for. `Err`: it has a response.
    async fn send(&mut self, world: &World, path: &str, address: &str) -> Result<(), Page> {
        let is_waited_for = Arc::new(AtomicBool::new(false));
        let waited_for = Arc::clone(&is_waited_for);
        let body = endless(move || waited_for.store(true, Ordering::Relaxed));
        let request = of(address, Request::post(path))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body);
        let response = world.router().oneshot(request.unwrap());
        let task = tokio::spawn(async { response.await.unwrap() });
        while !task.is_finished() && !is_waited_for.load(Ordering::Relaxed) {
            tokio::task::yield_now().await;
        }
        for _ in 0..ROUNDS {
            tokio::task::yield_now().await;
        }
        if task.is_finished() {
            return Err(Page::of(task.await.unwrap()).await);
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
async fn forms_that_never_end_take_places_only_from_the_unfinished_forms_of_their_address() {
    let world = behind_proxy().await;
    let mut slow = Slow::default();
    let paths = ["/token", "/authorize", "/userinfo", "/consent/x"];
    for number in 0..SHARE {
        let path = paths[number % paths.len()];
        slow.send(&world, path, ATTACKER).await.unwrap();
    }
    let (log, guard) = Log::begin();
    for path in ["/token", "/par", "/revoke", "/introspect", "/userinfo"] {
        let page = slow.send(&world, path, ATTACKER).await.unwrap_err();
        assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS, "{path}");
        assert_eq!(page.header("retry-after"), "10");
        assert_eq!(
            page.json(),
            json!({
                "error": "temporarily_unavailable",
                "error_description": "too many forms of this address are still arriving: try again",
            })
        );
    }
    assert_eq!(log.lines("a request was turned away").len(), 5);
    drop(guard);
    for path in ["/authorize", "/consent/x", "/end_session"] {
        let page = slow.send(&world, path, ATTACKER).await.unwrap_err();
        assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS, "{path}");
        assert_eq!(page.header("retry-after"), "10");
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
        assert!(page.body.contains("Too many logins at once"));
    }
    // A colleague at the same address, whose requests have arrived, and the user at another address.
    assert_eq!(get(&world, "/jwks", ATTACKER).await.status, 200);
    for address in [ATTACKER, USER] {
        assert_eq!(get(&world, AUTHORIZE, address).await.status, 303);
        assert_eq!(post(&world, "/token", address).await.status, 401);
    }
    slow.send(&world, "/token", USER).await.unwrap();
    // A place is free as soon as its request ends.
    slow.tasks.remove(0).abort();
    slow.send(&world, "/token", ATTACKER).await.unwrap();
}

/// The server of an application has one address, and many users.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_hundred_correct_requests_of_one_address_at_once_all_succeed() {
    const AT_ONCE: usize = 300;
    let world = behind_proxy().await;
    let web = world.web();
    let tokens = web.log_in_offline(&mut Browser::default()).await;
    let form = format!(
        "grant_type=refresh_token&refresh_token={}",
        tokens.refresh_token()
    );
    let basic = web.basic(web.secret.unwrap());
    let refresh = |body: Body| {
        let request = of(ATTACKER, Request::post("/token"))
            .header("authorization", &basic)
            .header("content-type", "application/x-www-form-urlencoded");
        request.body(body).unwrap()
    };
    let userinfo = || {
        let request = of(ATTACKER, Request::get("/userinfo"));
        let bearer = format!("Bearer {}", tokens.access_token);
        let request = request.header("authorization", bearer);
        request.body(Body::empty()).unwrap()
    };
    let kinds: [(&str, &dyn Fn() -> Request<Body>); 3] = [
        ("refresh", &|| refresh(Body::from(form.clone()))),
        ("refresh in pieces", &|| refresh(in_pieces(&form))),
        ("userinfo", &userinfo),
    ];
    for (kind, request) in kinds {
        let pages = join_all((0..AT_ONCE).map(|_| world.respond(request()))).await;
        let succeeded = pages.iter().filter(|page| page.status == StatusCode::OK);
        assert_eq!(succeeded.count(), AT_ONCE, "{kind}");
    }
}

/// A provider gives each customer such a network.
#[tokio::test]
async fn the_networks_of_an_ipv6_site_share_their_unfinished_forms() {
    let world = behind_proxy().await;
    let mut slow = Slow::default();
    for number in 0..OF_SITE {
        let address = format!("2001:db8:1:{:x}::{number:x}", number / SHARE);
        slow.send(&world, "/token", &address).await.unwrap();
    }
    for address in ["2001:db8:1:0::ffff", "2001:db8:1:2::1"] {
        let page = slow.send(&world, "/token", address).await.unwrap_err();
        assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS, "{address}");
        assert_eq!(get(&world, AUTHORIZE, address).await.status, 303);
    }
    slow.send(&world, "/token", "2001:db8:2::1").await.unwrap();
}

/// Many addresses can send as many as there are places for. Requests that have arrived run as before.
#[tokio::test]
async fn unfinished_forms_of_all_addresses_leave_room_for_requests_that_have_arrived() {
    let world = behind_proxy().await;
    let mut slow = Slow::default();
    for number in 0..FORMS {
        let address = format!("198.51.100.{}", number / SHARE);
        slow.send(&world, "/token", &address).await.unwrap();
    }
    let page = slow.send(&world, "/token", USER).await.unwrap_err();
    assert_unavailable(&page);
    assert_eq!(get(&world, AUTHORIZE, USER).await.status, 303);
    assert_eq!(post(&world, "/token", USER).await.status, 401);
}

fn assert_unavailable(page: &Page) {
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(page.header("retry-after"), "10");
    assert_eq!(
        page.json(),
        json!({
            "error": "temporarily_unavailable",
            "error_description": "the gateway cannot respond now: try again",
        })
    );
}

/// The users get a response then, and the proxy finds the node ready.
#[tokio::test]
async fn requests_beyond_those_that_run_get_a_response_at_once() {
    let world = behind_proxy().await;
    let mut running = Vec::new();
    for number in 0..REQUESTS {
        let address = format!("198.51.100.{}", number / SHARE);
        let request = of(&address, Request::post("/token"))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(endless(|| ()));
        let mut response = Box::pin(world.router().oneshot(request.unwrap()));
        // Begun, and not run any further.
        assert!(response.as_mut().now_or_never().is_none());
        running.push(response);
    }
    for path in ["/token", "/par", "/revoke", "/introspect", "/userinfo"] {
        let page = post(&world, path, USER).await;
        assert_unavailable(&page);
        let is_shared = path != "/introspect";
        let origin = page.header("access-control-allow-origin");
        assert_eq!(origin == "*", is_shared, "{path}");
    }
    let page = get(&world, AUTHORIZE, USER).await;
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(page.header("retry-after"), "10");
    assert!(page.body.contains("Too many logins at once"));
    for path in ["/jwks", "/healthz", "/readyz"] {
        assert_eq!(get(&world, path, USER).await.status, 200, "{path}");
    }
    running.pop();
    assert_eq!(get(&world, AUTHORIZE, USER).await.status, 303);
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
    let mut slow = Slow::default();
    slow.send(&world, "/token", ATTACKER).await.unwrap();
}
