//! Requests of programs that fail: so many of one client from one address.

use std::{net::SocketAddr, time::Duration};

use axum::{body::Body, extract::ConnectInfo, http::Request};
use serde_json::json;

use crate::world::{Browser, Page, RelyingParty, World, browser::encoded};

const LIMIT: usize = 60;
const SERVER: &str = "192.0.2.1";

/// A request of a client to `/token` or `/par`, from an address.
async fn send(
    world: &World,
    path: &str,
    address: &str,
    secret: Option<(&str, &str)>,
    form: String,
) -> Page {
    let peer = SocketAddr::new(address.parse().unwrap(), 1234);
    let request = Request::post(path)
        .header("content-type", "application/x-www-form-urlencoded")
        .extension(ConnectInfo(peer));
    let request = match secret {
        Some((id, secret)) => request.header("authorization", basic(id, secret)),
        None => request,
    };
    world.respond(request.body(Body::from(form)).unwrap()).await
}

fn basic(id: &str, secret: &str) -> String {
    let credentials = format!("{id}:{secret}");
    let encoded = data_encoding::BASE64.encode(credentials.as_bytes());
    format!("Basic {encoded}")
}

/// The numbers of responses with these statuses, one after the other.
async fn statuses<F: Future<Output = Page>>(
    count: usize,
    send: impl Fn(usize) -> F,
) -> Vec<(u16, usize)> {
    let mut runs: Vec<(u16, usize)> = Vec::new();
    for number in 0..count {
        let status = send(number).await.status.as_u16();
        match runs.last_mut() {
            Some((last, times)) if *last == status => *times += 1,
            _ => runs.push((status, 1)),
        }
    }
    runs
}

async fn redeem(web: RelyingParty<'_>, address: &str, code: &str) -> Page {
    let secret = web.secret.map(|secret| (web.id, secret));
    send(
        web.world,
        "/token",
        address,
        secret,
        web.token_form(code, &[]),
    )
    .await
}

#[tokio::test]
async fn wrong_secrets_of_one_client_and_address_are_limited_and_right_ones_never() {
    let world = World::start().await;
    let web = world.web();
    let wrong = web.with_secret("wrongwrongwrongwrongwrongwrongwrong");
    let code = web.code(&mut Browser::default(), &[]).await;
    let failed = statuses(100, |_| redeem(wrong, SERVER, "wxc_AQ")).await;
    assert_eq!(failed, [(401, LIMIT), (429, 100 - LIMIT)]);
    let page = redeem(wrong, SERVER, "wxc_AQ").await;
    assert_eq!(page.header("retry-after"), "60");
    assert_eq!(page.header("content-type"), "application/json");
    assert_eq!(
        page.json(),
        json!({
            "error": "temporarily_unavailable",
            "error_description": "too many requests have failed: wait a minute",
        })
    );
    // Another client there, the same client elsewhere, and the one that works.
    assert_eq!(redeem(world.other(), SERVER, "wxc_AQ").await.status, 400);
    assert_eq!(redeem(wrong, "192.0.2.2", "wxc_AQ").await.status, 401);
    assert_eq!(redeem(web, SERVER, &code).await.status, 200);
    world.clock.advance(Duration::from_secs(10));
    let failed = statuses(20, |_| redeem(wrong, SERVER, "wxc_AQ")).await;
    assert_eq!(failed, [(401, 10), (429, 10)]);
}

#[tokio::test]
async fn a_client_that_works_is_never_limited() {
    let world = World::start().await;
    let web = world.web();
    let mut browser = Browser::default();
    web.log_in(&mut browser, &[]).await;
    for _ in 0..2 * LIMIT {
        let code = web.code(&mut browser, &[]).await;
        assert_eq!(redeem(web, SERVER, &code).await.status, 200);
    }
    let params = web.params(&[]);
    let params: Vec<_> = params
        .iter()
        .map(|(name, value)| (&**name, &**value))
        .collect();
    let form = || encoded(&params);
    let secret = || Some((web.id, web.secret.unwrap()));
    let pushed = statuses(2 * LIMIT, |_| {
        send(&world, "/par", SERVER, secret(), form())
    })
    .await;
    assert_eq!(pushed, [(201, 2 * LIMIT)]);
}

#[tokio::test]
async fn unknown_codes_and_rejected_pushed_requests_count_together() {
    let world = World::start().await;
    let app = world.app();
    let failed = statuses(50, |number| async move {
        redeem(app, SERVER, &format!("wxc_{number}")).await
    });
    assert_eq!(failed.await, [(400, 50)]);
    let form = encoded(&[("client_id", "app"), ("response_type", "token")]);
    let failed = statuses(50, |_| send(&world, "/par", SERVER, None, form.clone())).await;
    assert_eq!(failed, [(400, 10), (429, 40)]);
}

/// The names that strangers make up share one limit: they are no keys.
#[tokio::test]
async fn unknown_clients_of_one_address_are_one() {
    let world = World::start().await;
    let failed = statuses(100, |number| {
        let form = encoded(&[("client_id", &format!("x{number}"))]);
        let world = &world;
        async move { send(world, "/token", SERVER, None, form).await }
    });
    assert_eq!(failed.await, [(401, LIMIT), (429, 100 - LIMIT)]);
    let web = world
        .web()
        .with_secret("wrongwrongwrongwrongwrongwrongwrong");
    assert_eq!(redeem(web, SERVER, "wxc_AQ").await.status, 401);
}

#[tokio::test]
async fn the_addresses_of_one_ipv6_site_have_four_shares() {
    let world = World::start().await;
    let wrong = world
        .web()
        .with_secret("wrongwrongwrongwrongwrongwrongwrong");
    let network = statuses(100, |number| async move {
        redeem(wrong, &format!("2001:db8:1:1::{number:x}"), "wxc_AQ").await
    });
    assert_eq!(network.await, [(401, LIMIT), (429, 100 - LIMIT)]);
    let site = statuses(300, |number| async move {
        redeem(wrong, &format!("2001:db8:1:{:x}::1", number + 2), "wxc_AQ").await
    });
    assert_eq!(site.await, [(401, 3 * LIMIT), (429, 300 - 3 * LIMIT)]);
}

/// Whatever is wrong with a request, it counts: a body that is no form, and what a known client sends.
#[tokio::test]
async fn each_kind_of_failed_request_is_limited() {
    let world = World::start().await;
    let peer = |number| SocketAddr::new([192, 0, 2, number].into(), 1234);
    for (number, path) in (10..).zip(["/token", "/par", "/revoke", "/introspect"]) {
        let failed = statuses(100, |_| {
            let request = Request::post(path).header("content-type", "text/plain");
            let request = request.extension(ConnectInfo(peer(number)));
            world.respond(request.body(Body::from("x")).unwrap())
        });
        assert_eq!(failed.await, [(400, LIMIT), (429, 100 - LIMIT)], "{path}");
    }
    // A public client has no secret: anyone can send this.
    for (path, status) in [("/revoke", 400), ("/introspect", 401)] {
        let address = if path == "/revoke" {
            SERVER
        } else {
            "192.0.2.3"
        };
        let form = || encoded(&[("client_id", "app")]);
        let failed = statuses(100, |_| send(&world, path, address, None, form()));
        let expected = [(status, LIMIT), (429, 100 - LIMIT)];
        assert_eq!(failed.await, expected, "{path}");
    }
}

/// 429 in its place would tell a client with an expired token to wait, and not to refresh it.
#[tokio::test]
async fn an_access_token_that_is_not_accepted_is_an_error_of_its_own_each_time() {
    let world = World::start().await;
    let failed = statuses(100, |_| {
        let form = encoded(&[("access_token", "expired")]);
        send(&world, "/userinfo", SERVER, None, form)
    });
    assert_eq!(failed.await, [(401, 100)]);
}
