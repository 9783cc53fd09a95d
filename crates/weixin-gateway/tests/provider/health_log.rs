//! What the log says of the checks of load balancers.

use std::{net::SocketAddr, time::Duration};

use axum::{
    body::Body,
    extract::ConnectInfo,
    http::{Request, StatusCode},
};
use serde_json::Value;

use crate::world::{Log, MASTER_KEY, Options, World};

const LIMIT: usize = 3;
const MANY: usize = 10;
const BALANCER: u8 = 1;

const NOT_READY: &str =
    "the key file differs from that of the other nodes: `weixin gateway check` says what to do";

/// The status of a check, and what it says.
async fn check(world: &World, path: &str, address: u8) -> (StatusCode, String) {
    let peer: SocketAddr = ([192, 0, 2, address], 1).into();
    let request = Request::get(path).extension(ConnectInfo(peer));
    let page = world.respond(request.body(Body::empty()).unwrap()).await;
    (page.status, page.body)
}

/// The lines: the level, the message, and the route with the status or the error.
fn lines(log: &Log) -> Vec<String> {
    let line = |line: &String| {
        let line: Value = serde_json::from_str(line).unwrap();
        let text = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
        let what = match line["error"].as_str() {
            Some(error) => error.to_owned(),
            None => format!("{} {}", text("route"), line["status"]),
        };
        format!("{} {}: {what}", text("level"), text("message"))
    };
    log.lines("").iter().map(line).collect()
}

async fn world() -> World {
    World::with(Options {
        more: format!("[limits]\nfailures_per_minute = {LIMIT}\n"),
        ..Options::default()
    })
    .await
}

/// Another key file is declared to be the valid one.
async fn make_unready(world: &World) {
    let other = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
    let config = world.config_with_keys(&format!("{other}\n{MASTER_KEY}"));
    let (admin, _) = world.admin().await;
    admin.reseal_keys(&config).await.unwrap();
    admin.close().await;
    world.clock.advance(Duration::from_secs(1));
    world.gateway.refresh().await.unwrap_err();
}

/// A balancer asks every second or so: unlike all other requests, its checks have no line.
#[tokio::test]
async fn the_checks_of_a_node_that_is_ready_are_not_logged() {
    let world = world().await;
    let (log, _guard) = Log::begin();
    for _ in 0..MANY {
        for path in ["/healthz", "/readyz"] {
            let ok = (StatusCode::OK, "ok\n".to_owned());
            assert_eq!(check(&world, path, BALANCER).await, ok);
        }
    }
    assert_eq!(check(&world, "/jwks", BALANCER).await.0, StatusCode::OK);
    assert_eq!(lines(&log), ["INFO request: /jwks 200"]);
}

/// The reason is there for the first checks of each address. `/healthz` responds as before.
#[tokio::test]
async fn a_node_that_is_not_ready_says_why_and_does_not_fill_the_log() {
    let world = world().await;
    make_unready(&world).await;
    let (log, _guard) = Log::begin();
    let failure = || (StatusCode::SERVICE_UNAVAILABLE, format!("{NOT_READY}\n"));
    let mut expected = Vec::new();
    for number in 0..MANY {
        assert_eq!(check(&world, "/readyz", BALANCER).await, failure());
        if number < LIMIT {
            expected.push(format!("ERROR not ready: {NOT_READY}"));
        }
        let ok = (StatusCode::OK, "ok\n".to_owned());
        assert_eq!(check(&world, "/healthz", BALANCER).await, ok);
    }
    assert_eq!(lines(&log), expected);
    // A second balancer has lines of its own, and the first one again after some time.
    for (address, after) in [(BALANCER + 1, 0), (BALANCER, 60)] {
        world.clock.advance(Duration::from_secs(after));
        assert_eq!(check(&world, "/readyz", address).await, failure());
        expected.push(format!("ERROR not ready: {NOT_READY}"));
    }
    assert_eq!(lines(&log), expected);
}

/// It would go on to accept what others have revoked or removed.
#[tokio::test]
async fn a_node_that_cannot_read_keys_and_clients_for_half_a_minute_is_not_ready() {
    let world = world().await;
    let ready = (StatusCode::OK, "ok\n".to_owned());
    world.execute("alter table clients rename to others").await;
    world.gateway.refresh().await.unwrap_err();
    assert_eq!(check(&world, "/readyz", BALANCER).await, ready);
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(30)).await;
    tokio::time::resume();
    let (status, text) = check(&world, "/readyz", BALANCER).await;
    assert_eq!(
        (status, &*text),
        (
            StatusCode::SERVICE_UNAVAILABLE,
            "keys and clients could not be read again for half a minute: the log says why\n"
        )
    );
    world.execute("alter table others rename to clients").await;
    world.gateway.refresh().await.unwrap();
    assert_eq!(check(&world, "/readyz", BALANCER).await, ready);
}
