//! Strangers who want to fill the log and the audit log.

use std::net::SocketAddr;

use axum::{
    body::Body,
    extract::ConnectInfo,
    http::{Method, Request, StatusCode},
};
use weixin_sim::{AutoAllow, Effect, Fault};

use crate::world::{
    Browser, Log, Options, Page, World,
    devices::{ENGLISH, WECHAT},
};

const LIMIT: usize = 3;
const MANY: usize = 100;

async fn limited() -> World {
    World::with(Options {
        more: format!("[limits]\nfailures_per_minute = {LIMIT}\nlogins_per_minute = 0\n"),
        ..Options::default()
    })
    .await
}

fn peer(number: u8) -> SocketAddr {
    ([192, 0, 2, number], 1).into()
}

async fn send(world: &World, method: &str, path: &str, address: u8, form: &str) -> Page {
    let request = Request::builder().uri(path);
    let request = request
        .method(Method::from_bytes(method.as_bytes()).unwrap())
        .header("content-type", "application/x-www-form-urlencoded")
        .extension(ConnectInfo(peer(address)));
    let request = request.body(Body::from(form.to_owned())).unwrap();
    world.respond(request).await
}

#[tokio::test]
async fn programs_that_are_turned_away_do_not_fill_the_log() {
    let world = limited().await;
    let paths = ["/token", "/introspect", "/revoke", "/par"];
    for (number, path) in (1..).zip(paths) {
        let (log, _guard) = Log::begin();
        for _ in 0..MANY {
            send(&world, "POST", path, number, "client_id=unknown").await;
        }
        // Two for each that fails, and for each of the first that are turned away.
        assert_eq!(log.lines("").len(), 4 * LIMIT, "{path}");
        // Others are not affected.
        let page = send(&world, "POST", path, 100 + number, "client_id=unknown").await;
        assert_eq!(page.status, StatusCode::UNAUTHORIZED);
        assert_eq!(log.lines("").len(), 4 * LIMIT + 2, "{path}");
    }
}

#[tokio::test]
async fn wrong_access_tokens_do_not_fill_the_log() {
    let world = limited().await;
    for (number, form) in (1..).zip(["access_token=x", ""]) {
        let (log, _guard) = Log::begin();
        for _ in 0..MANY {
            let page = send(&world, "POST", "/userinfo", number, form).await;
            assert_eq!(page.status, StatusCode::UNAUTHORIZED);
        }
        assert_eq!(log.lines("").len(), LIMIT, "{form}");
    }
}

#[tokio::test]
async fn a_method_that_is_unknown_is_not_copied_into_the_log() {
    let world = World::start().await;
    let (log, _guard) = Log::begin();
    let endless = "X".repeat(60_000);
    for method in [&*endless, "get", "FORGED", "PURGE"] {
        send(&world, method, "/jwks", 1, "").await;
    }
    send(&world, "OPTIONS", "/jwks", 1, "").await;
    let lines = log.lines("\"message\":\"request\"");
    let methods = lines.iter().map(|line| {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        line["method"].as_str().unwrap().to_owned()
    });
    let methods: Vec<_> = methods.collect();
    assert_eq!(methods, ["other", "other", "other", "other", "OPTIONS"]);
}

/// Each request fails while the store is away.
#[tokio::test]
async fn a_store_that_is_away_does_not_fill_the_log_which_names_the_cause() {
    let world = limited().await;
    let web = world.web();
    let token = web.log_in(&mut Browser::default(), &[]).await.access_token;
    world.execute("drop table grants").await;
    world.execute("drop table requests").await;
    let token = format!("access_token={token}");
    let cases: &[(&str, &str, String)] = &[
        ("GET", "/login/aaaaaaaaaaaaaaaaaaaaaaaaaa", String::new()),
        ("POST", "/userinfo", token),
    ];
    for (number, (method, path, form)) in (1..).zip(cases) {
        let (log, _guard) = Log::begin();
        let mut shown = 0;
        for _ in 0..MANY {
            let page = send(&world, method, path, number, form).await;
            assert_ne!(page.status, StatusCode::OK, "{path}");
            shown +=
                usize::from(page.body.contains("this reference") || page.body.contains("编号"));
        }
        let errors = log.lines("a request failed");
        assert_eq!(errors.len(), LIMIT, "{path}: {errors:?}");
        assert_eq!(log.lines("").len(), 2 * LIMIT, "{path}");
        let cause = "the database failed: error returned from database: ";
        assert!(errors[0].contains(cause), "{errors:?}");
        assert!(errors[0].contains("no such table"), "{errors:?}");
        // A reference that the log does not have is of no use.
        assert_eq!(shown, if *method == "GET" { LIMIT } else { 0 }, "{path}");
    }
}

/// One address without an account begins logins, and fails at each.
#[tokio::test]
async fn an_address_that_fails_at_many_logins_does_not_fill_the_audit_log() {
    let world = limited().await;
    let web = world.web();
    world.sim.auto_allow(AutoAllow::deny()).unwrap();
    let stranger = |headers| Browser {
        address: Some(peer(1)),
        ..Browser::with(headers)
    };
    for _ in 0..MANY / 10 {
        let mut browser = stranger(&[WECHAT]);
        let callback = web.wechat_callback(&mut browser, &[]).await;
        browser.open(&world, &callback).await;
    }
    assert_eq!(world.events().await, i64::try_from(LIMIT).unwrap());
    // The user at another address has an event, and the page its reference.
    world.sim.auto_allow(AutoAllow::allow()).unwrap();
    let fault = Fault::new(Effect::Errcode(40029)).percent(100);
    world.sim.fault(fault.path("/sns/oauth2/access_token"));
    for (address, events) in [(2, 1), (1, 0)] {
        let before = world.events().await;
        let (log, _guard) = Log::begin();
        let mut browser = Browser {
            address: Some(peer(address)),
            ..Browser::with(&[ENGLISH])
        };
        let callback = web.wechat_callback(&mut browser, &[]).await;
        let page = browser.open(&world, &callback).await;
        let own = page.location().to_owned();
        let mut noted = 0;
        for _ in 0..MANY / 10 {
            let page = browser.open(&world, &own).await;
            noted += usize::from(page.body.contains("Reference for the operator: "));
        }
        assert_eq!(world.events().await - before, events, "{address}");
        // Without an event, each reference is one of the log.
        let expected = if events == 1 { MANY / 10 } else { LIMIT };
        assert_eq!(noted, expected, "{address}");
        assert_eq!(log.lines("a login failed").len(), LIMIT + 1);
    }
}
