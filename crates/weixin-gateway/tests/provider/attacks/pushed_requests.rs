//! Pushed requests that take places, time or a way which is not theirs (RFC 9126).

use std::time::Duration;

use axum::http::StatusCode;

use crate::world::{Browser, Options, World, browser::param, devices::ENGLISH};

const PREFIX: &str = "urn:ietf:params:oauth:request_uri:";

fn limits(lines: &str) -> Options {
    Options {
        more: format!("[limits]\n{lines}\n"),
        ..Options::default()
    }
}

fn at(address: [u8; 4]) -> Browser {
    Browser {
        address: Some((address, 1234).into()),
        ..Browser::with(&[ENGLISH])
    }
}

/// A client that is compromised, or broken, pushes and never sends a browser.
#[tokio::test]
async fn a_client_that_pushes_without_end_leaves_the_places_of_others() {
    let world = World::with(limits("waiting_requests = 8")).await;
    let (web, other) = (world.web(), world.other());
    let mut statuses = Vec::new();
    for client in [web, web, web, web, other, other, other, world.app()] {
        statuses.push(client.push(&[]).await.status.as_u16());
    }
    assert_eq!(statuses, [201, 201, 503, 503, 201, 201, 503, 201]);
    // Browsers begin logins as before, those of the same client, too.
    for client in [web, other] {
        client.log_in(&mut Browser::default(), &[]).await;
    }
    // The share is free again after 90 seconds.
    world.clock.advance(Duration::from_secs(90));
    world
        .execute("delete from requests where expires_at <= 0")
        .await;
    assert_eq!(web.push(&[]).await.status, StatusCode::SERVICE_UNAVAILABLE);
}

/// Each request would wait ten minutes in place of 90 seconds, at no cost, if opening it once were enough.
#[tokio::test]
async fn who_opens_pushed_requests_pays_for_them_as_for_logins() {
    let world = World::with(limits("logins_per_minute = 2")).await;
    let web = world.web();
    let mut urls = Vec::new();
    for _ in 0..4 {
        urls.push(web.reference_url(&web.pushed(&[]).await));
    }
    let (mut attacker, mut user) = (at([192, 0, 2, 1]), at([192, 0, 2, 2]));
    let mut statuses = Vec::new();
    // Loading a page again costs nothing.
    for url in [&urls[0], &urls[0], &urls[0], &urls[1], &urls[2], &urls[0]] {
        statuses.push(attacker.open(&world, url).await.status.as_u16());
    }
    assert_eq!(statuses, [303, 303, 303, 303, 429, 303]);
    let form = [
        ("client_id", "web"),
        ("request_uri", &*param(&urls[3], "request_uri")),
    ];
    let page = attacker.post(&world, "/authorize", &form).await;
    assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS);
    // What was not opened expires as if it had never been tried.
    world.clock.advance(Duration::from_secs(90));
    let mut statuses = Vec::new();
    for url in &urls {
        statuses.push(user.open(&world, url).await.status.as_u16());
    }
    assert_eq!(statuses, [303, 303, 410, 410]);
}

/// Whose user is logged in already waits for nothing: a response is no reason to keep the request.
#[tokio::test]
async fn a_response_does_not_prolong_a_request() {
    let world = World::start().await;
    let web = world.web();
    let mut browser = Browser::with(&[ENGLISH]);
    web.log_in(&mut browser, &[]).await;
    let url = web.reference_url(&web.pushed(&[]).await);
    for seconds in [0, 89] {
        world.clock.advance(Duration::from_secs(seconds));
        let response = browser.follow(&world, &url).await;
        web.tokens(&param(&response, "code")).await;
    }
    world.clock.advance(Duration::from_secs(1));
    let page = browser.open(&world, &url).await;
    assert_eq!(page.status, StatusCode::GONE);
}

/// RFC 9126 §2.2, §4: the reference is bound to its client, which the browser must name. The ID in it is no way around.
#[tokio::test]
async fn the_id_of_a_pushed_request_is_no_url_of_a_login() {
    let world = World::start().await;
    let (web, other) = (world.web(), world.other());
    let reference = web.pushed(&[("prompt", "consent")]).await;
    let id = reference.strip_prefix(PREFIX).unwrap();
    let mut user = Browser::with(&[ENGLISH]);
    other.log_in(&mut user, &[]).await;
    let form = [("token", "x"), ("decision", "allow")];
    for browser in [&mut user, &mut Browser::with(&[ENGLISH])] {
        for path in [format!("/login/{id}"), format!("/consent/{id}")] {
            let page = browser.open(&world, &path).await;
            assert_eq!(page.status, StatusCode::GONE, "{path}");
        }
        let page = browser.post(&world, &format!("/consent/{id}"), &form).await;
        assert_eq!(page.status, StatusCode::GONE);
        // Another client does not open it.
        let page = browser.open(&world, &other.reference_url(&reference)).await;
        assert_eq!(page.status, StatusCode::GONE);
        let page = browser.open(&world, &format!("/login/{id}")).await;
        assert_eq!(page.status, StatusCode::GONE);
    }
    // Opened with its client, it waits there as any other.
    let asked = user.asked(&world, &web.reference_url(&reference)).await;
    assert_eq!(asked.action(), format!("/consent/{id}"));
    let page = user.open(&world, &format!("/login/{id}")).await;
    assert_eq!(page.location(), format!("/consent/{id}"));
}
