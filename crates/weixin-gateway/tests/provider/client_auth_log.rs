//! What the log says of a client that was not authenticated: which one, and why, and never a secret.

use std::{net::SocketAddr, time::Duration};

use axum::{body::Body, extract::ConnectInfo, http::Request};
use serde_json::{Map, Value, json};

use crate::world::{Log, Options, Page, SECRET, World, browser::encoded};

const WRONG: &str = "wrong-secret-of-a-client-0123456789ab";
const UNKNOWN: &str = "unknown client";
const OTHER_ISSUER: &str = "https://localhost/two";

/// A gateway with a disabled client, and with one of another issuer.
async fn world() -> World {
    let more = format!(
        "[[issuer]]\nurl = \"{OTHER_ISSUER}\"\napps = [\"website\"]\n[[client]]\nid = \"two\"\nissuer = \"{OTHER_ISSUER}\"\n\
         secret = \"{SECRET}\"\nredirect_uris = [\"https://two.example/\"]\n"
    );
    let world = World::with(Options {
        more,
        path: "/one",
        ..Options::default()
    })
    .await;
    let (admin, config) = world.admin().await;
    let settings = json!({
        "id": "stopped",
        "issuer": world.issuer(),
        "redirect_uris": ["https://stopped.example/"],
    });
    let settings: Map<String, Value> = settings.as_object().unwrap().clone();
    admin.add_client(&config, settings).await.unwrap();
    let disabled = admin.set_client_disabled(&config, "stopped", true).await;
    disabled.unwrap();
    admin.close().await;
    world.clock.advance(Duration::from_secs(1));
    world.gateway.refresh().await.unwrap();
    world
}

async fn send(world: &World, path: &str, header: Option<&str>, form: &[(&str, &str)]) -> Page {
    let peer: SocketAddr = "192.0.2.1:1234".parse().unwrap();
    let mut request = Request::post(format!("/one{path}"))
        .header("content-type", "application/x-www-form-urlencoded")
        .extension(ConnectInfo(peer));
    if let Some(header) = header {
        request = request.header("authorization", header);
    }
    let form = Body::from(encoded(form));
    world.respond(request.body(form).unwrap()).await
}

/// The client and the reason of each line.
fn told(log: &Log) -> Vec<(String, String)> {
    let lines = log.lines("a client was not authenticated");
    let line = |line: &String| {
        let line: Value = serde_json::from_str(line).unwrap();
        let text = |name: &str| line[name].as_str().unwrap().to_owned();
        (text("client"), text("reason"))
    };
    lines.iter().map(line).collect()
}

/// ID and secret of a form; the client and the reason in the log.
const WRONG_CREDENTIALS: [(&str, &str, &str, &str); 7] = [
    ("web", WRONG, "web", "the secret is wrong"),
    ("stopped", WRONG, "stopped", "the client is disabled"),
    (
        "app",
        WRONG,
        "app",
        "wrong method: the client is public, and sends a secret",
    ),
    (
        "web",
        "",
        "web",
        "wrong method: the client has a secret, and sends none (or an empty one)",
    ),
    ("two", SECRET, UNKNOWN, NOT_KNOWN),
    (WRONG, SECRET, UNKNOWN, NOT_KNOWN),
    ("web\n{}", SECRET, UNKNOWN, NOT_KNOWN),
];
const NOT_KNOWN: &str = "no client of this issuer has this ID";

#[tokio::test]
async fn the_log_names_the_known_client_and_the_rule_that_failed() {
    let world = world().await;
    let (log, _guard) = Log::begin();
    let mut expected = Vec::new();
    for (id, secret, client, reason) in WRONG_CREDENTIALS {
        for path in ["/token", "/introspect", "/revoke", "/par"] {
            let form = [("client_id", id), ("client_secret", secret)];
            let page = send(&world, path, None, &form).await;
            assert_eq!(page.status, 401, "{path} {id}");
            // The response does not tell one from another.
            assert_eq!(
                page.json()["error_description"],
                "the client is unknown, or its credentials are wrong"
            );
            expected.push((client.to_owned(), reason.to_owned()));
        }
    }
    assert_eq!(told(&log), expected);
    for secret in [WRONG, SECRET] {
        assert_eq!(log.lines(secret), [""; 0]);
    }
}

#[tokio::test]
async fn the_log_tells_what_is_wrong_with_credentials_that_cannot_be_read() {
    let world = world().await;
    let (log, _guard) = Log::begin();
    let mut expected = Vec::new();
    for (header, form, client, reason) in [
        (None, &[][..], UNKNOWN, "no credentials of a client"),
        (
            Some("Bearer abc"),
            &[("client_id", "web")],
            "web",
            "the Authorization header is not Basic",
        ),
        (
            None,
            &[("client_id", "web"), ("client_assertion", WRONG)],
            "web",
            "client_assertion is not supported",
        ),
    ] {
        assert_eq!(send(&world, "/token", header, form).await.status, 401);
        expected.push((client.to_owned(), reason.to_owned()));
    }
    assert_eq!(told(&log), expected);
    assert_eq!(log.lines(WRONG), [""; 0]);
}

/// As many lines a minute as requests of one client from one address may fail.
#[tokio::test]
async fn lines_about_one_client_and_address_are_limited() {
    let world = world().await;
    let (log, _guard) = Log::begin();
    let form = [("client_id", "web"), ("client_secret", WRONG)];
    for _ in 0..100 {
        send(&world, "/token", None, &form).await;
    }
    assert_eq!(told(&log).len(), 60);
}
