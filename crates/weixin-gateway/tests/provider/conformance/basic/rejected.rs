//! Requests that are rejected.

use axum::http::StatusCode;
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};

use crate::{
    conformance::pairs,
    world::{Page, World, browser::query},
};

/// A page tells the user, and nothing goes to the URI.
fn assert_is_error_page(page: &Page) {
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(page.header("location"), "");
    assert!(
        page.body
            .contains("the redirect_uri is not registered for this client"),
        "{}",
        page.body
    );
    assert!(
        !page.body.contains("href=") && !page.body.contains("evil.example"),
        "{}",
        page.body
    );
}

#[tokio::test]
async fn oidcc_ensure_registered_redirect_uri() {
    let world = World::start().await;
    let url = world
        .web()
        .authorize_url(&[("redirect_uri", "https://evil.example/callback")]);
    assert_is_error_page(&world.get(&url).await);
}

/// That the error of a request goes to the client, with state and issuer, and without a code.
async fn assert_rejected(changes: &[(&str, &str)], error: &str, description: &str) {
    let world = World::start().await;
    let page = world.get(&world.web().authorize_url(changes)).await;
    let expected = pairs(&[
        ("error", error),
        ("error_description", description),
        ("state", "a state"),
        ("iss", "https://localhost"),
    ]);
    let (uri, _) = page.location().split_once('?').unwrap();
    assert_eq!(uri, world.web().redirect_uri);
    assert_eq!(query(page.location()), expected);
}

/// A request object without a signature.
fn unsigned(claims: &Value) -> String {
    let part = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
    format!("{}.{}.", part(&json!({ "alg": "none" })), part(claims))
}

#[tokio::test]
async fn oidcc_response_type_missing() {
    let description = "the parameter response_type is missing";
    assert_rejected(&[("response_type", "")], "invalid_request", description).await;
}

#[tokio::test]
async fn oidcc_request_uri_unsigned_supported_correctly_or_rejected_as_unsupported() {
    let description = "the parameter request_uri is not supported";
    let request_uri = [("request_uri", "https://rp.example/request.jwt")];
    assert_rejected(&request_uri, "request_uri_not_supported", description).await;
}

#[tokio::test]
async fn oidcc_unsigned_request_object_supported_correctly_or_rejected_as_unsupported() {
    let description = "the parameter request is not supported";
    let object = unsigned(&json!({ "client_id": "web", "state": "another state" }));
    assert_rejected(
        &[("request", &object)],
        "request_not_supported",
        description,
    )
    .await;
}

#[tokio::test]
async fn oidcc_ensure_request_object_with_redirect_uri() {
    let description = "the parameter request is not supported";
    let object = unsigned(&json!({ "redirect_uri": "https://evil.example/callback" }));
    assert_rejected(
        &[("request", &object)],
        "request_not_supported",
        description,
    )
    .await;
    // The other way round, the one that counts is not registered.
    let world = World::start().await;
    let object = unsigned(&json!({ "redirect_uri": world.web().redirect_uri }));
    let changes = [
        ("request", &*object),
        ("redirect_uri", "https://evil.example/callback"),
    ];
    assert_is_error_page(&world.get(&world.web().authorize_url(&changes)).await);
}
