//! Why a request was turned away or a login was not accepted, in the log.

use std::net::SocketAddr;

use axum::{
    body::Body,
    extract::ConnectInfo,
    http::{Request, StatusCode},
};
use serde_json::{Value, json};

use crate::world::{
    Browser, Log, Options, World,
    browser::{IN_WECHAT, param},
    devices::ENGLISH,
};

/// The lines with this message, without what differs from run to run.
fn told(log: &Log, message: &str) -> Vec<Value> {
    let lines = log.lines(message).into_iter();
    let lines = lines.map(|line| {
        let mut line: Value = serde_json::from_str(&line).unwrap();
        let fields = line.as_object_mut().unwrap();
        for name in ["timestamp", "level", "target", "span", "spans", "reference"] {
            fields.remove(name);
        }
        line
    });
    lines.collect()
}

async fn send(world: &World, method: &str, uri: &str, form: &'static str) -> StatusCode {
    let request = Request::builder().method(method).uri(uri);
    let request = request
        .header("content-type", "application/x-www-form-urlencoded")
        .extension(ConnectInfo(SocketAddr::from(([192, 0, 2, 1], 1))));
    let request = request.body(Body::from(form)).unwrap();
    world.respond(request).await.status
}

#[tokio::test]
async fn a_request_that_is_turned_away_is_logged_with_the_limit_and_the_client() {
    let limits = "[limits]\nlogins_per_minute = 1\nfailures_per_minute = 1\n";
    let world = World::with(Options {
        more: limits.to_owned(),
        ..Options::default()
    })
    .await;
    let (log, _guard) = Log::begin();
    let url = world.web().authorize_url(&[]);
    send(&world, "GET", &url, "").await;
    let status = send(&world, "GET", &url, "").await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    let turned_away = "a request was turned away";
    let logins = json!({
        "message": turned_away,
        "error": "too many logins from one address",
        "setting": "limits.logins_per_minute",
    });
    assert_eq!(told(&log, turned_away), [logins]);
    // Of another address, since the log says little of one.
    world.clock.advance(std::time::Duration::from_mins(2));
    let form = "client_id=app&grant_type=authorization_code&code=wrong";
    let (log, _guard) = Log::begin();
    for _ in 0..2 {
        send(&world, "POST", "/token", form).await;
    }
    let failures = json!({
        "message": turned_away,
        "error": "too many failed requests of one client from one address",
        "setting": "limits.failures_per_minute",
        "client": "app",
    });
    assert_eq!(told(&log, turned_away), [failures]);
}

#[tokio::test]
async fn a_user_whom_the_gateway_does_not_accept_is_logged_with_the_reason() {
    let world = World::start().await;
    let web = world.web();
    web.log_in(&mut Browser::default(), &[]).await;
    // The user of another UnionID than the account's.
    world
        .execute("update identities set identity = identity || 'x' where identity like 'union%'")
        .await;
    web.log_in(&mut Browser::with(IN_WECHAT), &[]).await;
    let (log, _guard) = Log::begin();
    let mut browser = Browser::with(&[ENGLISH]);
    let callback = web.wechat_callback(&mut browser, &[]).await;
    let page = browser.open(&world, &callback).await;
    assert_eq!(page.status, StatusCode::CONFLICT);
    let failed = |kind: &str| json!({ "message": "a login failed", "client": "web", "kind": kind });
    assert_eq!(told(&log, "a login failed"), [failed("conflict")]);
    world.execute("update users set disabled_at = 1").await;
    let (log, _guard) = Log::begin();
    let mut browser = Browser::with(IN_WECHAT);
    let callback = web.wechat_callback(&mut browser, &[]).await;
    let page = browser.open(&world, &callback).await;
    assert_eq!(param(page.location(), "error"), "access_denied");
    assert_eq!(told(&log, "a login failed"), [failed("disabled")]);
}

/// The lines about an authorization request that is not this one: with what names its client.
async fn logged_for(world: &World, changes: &[(&str, &str)]) -> Vec<Value> {
    let (log, _guard) = Log::begin();
    let page = Browser::with(&[ENGLISH])
        .open(world, &world.web().authorize_url(changes))
        .await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST, "{}", page.body);
    let text = log.text();
    for secret in ["hunter2", "\u{1b}"] {
        assert!(!text.contains(secret), "{text}");
    }
    told(&log, "an error page was shown")
}

fn error_page(error: &str) -> Value {
    json!({
        "message": "an error page was shown",
        "page": "This login link does not work",
        "error": error,
    })
}

#[tokio::test]
async fn an_invalid_authorization_request_is_logged_with_its_client_if_it_is_known() {
    let world = World::start().await;
    let unregistered = "invalid_request: the redirect_uri is not registered for this client";
    for (uri, expected) in [
        (
            "https://wiki.example/callback/?code=hunter2",
            json!("https://wiki.example/callback/"),
        ),
        (
            "https://wiki.example/\r\n\u{1b}[31m\"",
            json!("https://wiki.example/\\r\\n\\u{1b}[31m\\\""),
        ),
        ("https://u:hunter2@wiki.example/", Value::Null),
    ] {
        let mut line = error_page(unregistered);
        line["client"] = json!("web");
        if !expected.is_null() {
            line["redirect_uri"] = expected;
        }
        assert_eq!(logged_for(&world, &[("redirect_uri", uri)]).await, [line]);
    }
    let long = format!("https://wiki.example/{}", "x".repeat(4000));
    let lines = logged_for(&world, &[("redirect_uri", &long)]).await;
    let shown = lines[0]["redirect_uri"].as_str().unwrap();
    assert_eq!(shown.len(), 203);
    // What is not the ID of a client may be a secret.
    assert_eq!(
        logged_for(&world, &[("client_id", "hunter2")]).await,
        [error_page("invalid_request: the client is unknown")]
    );
}

#[tokio::test]
async fn an_invalid_logout_is_logged_with_its_client_and_the_uri() {
    let world = World::start().await;
    let mut browser = Browser::with(&[ENGLISH]);
    let tokens = world.web().log_in(&mut browser, &[]).await;
    let error = "invalid_request: the post_logout_redirect_uri is not registered";
    let params = [
        ("id_token_hint", &*tokens.id_token),
        (
            "post_logout_redirect_uri",
            "https://wiki.example/out?token=hunter2",
        ),
    ];
    let (log, _guard) = Log::begin();
    let page = world.web().log_out(&mut browser, &params).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    assert!(!log.text().contains("hunter2"));
    let line = json!({
        "message": "an error page was shown",
        "page": "This logout link does not work",
        "error": error,
        "client": "web",
        "post_logout_redirect_uri": "https://wiki.example/out",
    });
    assert_eq!(told(&log, "an error page was shown"), [line]);
}
