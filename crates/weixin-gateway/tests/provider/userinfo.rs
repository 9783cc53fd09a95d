//! The three ways to send an access token to userinfo, and the errors (RFC 6750 §2, §3).

use std::time::Duration;

use axum::{
    body::Body,
    http::{Request, StatusCode, request::Builder},
};
use serde_json::{Value, json};

use crate::world::{Browser, Page, Tokens, World, browser::encoded};

const UNKNOWN: &str = "the access token is unknown, or its session has ended";

async fn logged_in(scope: &str) -> (World, Tokens) {
    let world = World::start().await;
    let tokens = world
        .web()
        .log_in(&mut Browser::default(), &[("scope", scope)])
        .await;
    (world, tokens)
}

async fn send(world: &World, request: Builder, form: &[(&str, &str)]) -> Page {
    world
        .respond(request.body(Body::from(encoded(form))).unwrap())
        .await
}

fn bearer(request: Builder, token: &str) -> Builder {
    request.header("authorization", format!("Bearer {token}"))
}

fn form(request: Builder) -> Builder {
    request.header("content-type", "application/x-www-form-urlencoded")
}

/// A response without a token: no error code (RFC 6750 §3.1).
fn assert_asks_for_a_token(page: &Page) {
    assert_eq!(page.status, StatusCode::UNAUTHORIZED, "{}", page.body);
    assert_eq!(
        (page.header("www-authenticate"), &*page.body),
        ("Bearer realm=\"userinfo\"", "")
    );
}

fn assert_error(page: &Page, status: StatusCode, error: &str, description: &str) {
    let challenge = format!("Bearer error=\"{error}\", error_description=\"{description}\"");
    assert_eq!(
        (page.status, page.header("www-authenticate")),
        (status, &*challenge)
    );
    assert_eq!(
        page.json(),
        json!({ "error": error, "error_description": description })
    );
}

#[tokio::test]
async fn a_token_is_sent_in_three_ways() {
    let (world, tokens) = logged_in("openid profile email").await;
    let token = &*tokens.access_token;
    let get = send(&world, bearer(Request::get("/userinfo"), token), &[]).await;
    let mut claims = tokens.claims.clone();
    for of_token in [
        "iss",
        "aud",
        "exp",
        "iat",
        "auth_time",
        "nonce",
        "at_hash",
        "sid",
        "amr",
    ] {
        claims.remove(of_token).unwrap();
    }
    assert_eq!(get.json(), Value::Object(claims));
    let by_header = bearer(Request::post("/userinfo"), token);
    let lower_case = Request::get("/userinfo").header("authorization", format!("bearer {token}"));
    for page in [
        send(&world, by_header, &[]).await,
        send(&world, form(bearer(Request::post("/userinfo"), token)), &[]).await,
        send(
            &world,
            form(Request::post("/userinfo")),
            &[("access_token", token)],
        )
        .await,
        send(&world, lower_case, &[]).await,
    ] {
        assert_eq!(
            (page.status, page.header("content-type")),
            (StatusCode::OK, "application/json")
        );
        assert_eq!(page.json(), get.json());
    }
}

#[tokio::test]
async fn without_a_token_there_is_no_error_code() {
    let (world, tokens) = logged_in("openid").await;
    let token = &*tokens.access_token;
    let in_query = format!("/userinfo?access_token={token}");
    let json = Request::post("/userinfo").header("content-type", "application/json");
    for request in [
        Request::get("/userinfo"),
        Request::get(in_query),
        Request::get("/userinfo").header("authorization", "Basic d2ViOng="),
        Request::post("/userinfo"),
        form(Request::post("/userinfo")),
        json,
    ] {
        assert_asks_for_a_token(&send(&world, request, &[]).await);
    }
}

#[tokio::test]
async fn two_tokens_are_an_invalid_request() {
    let (world, tokens) = logged_in("openid").await;
    let token = &*tokens.access_token;
    let both = form(bearer(Request::post("/userinfo"), token));
    let page = send(&world, both, &[("access_token", token)]).await;
    let description = "the access token is in the header and in the body";
    assert_error(
        &page,
        StatusCode::BAD_REQUEST,
        "invalid_request",
        description,
    );

    let twice = [("access_token", token), ("access_token", token)];
    let page = send(&world, form(Request::post("/userinfo")), &twice).await;
    let description = "the parameter access_token is repeated";
    assert_error(
        &page,
        StatusCode::BAD_REQUEST,
        "invalid_request",
        description,
    );

    let page = send(
        &world,
        bearer(bearer(Request::get("/userinfo"), token), token),
        &[],
    )
    .await;
    let description = "the Authorization header is repeated, or no ASCII text";
    assert_error(
        &page,
        StatusCode::BAD_REQUEST,
        "invalid_request",
        description,
    );
}

#[tokio::test]
async fn a_token_that_is_not_ours_is_invalid() {
    let (world, tokens) = logged_in("openid").await;
    let id_token = &*tokens.id_token;
    for token in ["", "x", "wxa_", "wxa_AAAA", id_token] {
        let page = world.web().userinfo(token).await;
        assert_error(&page, StatusCode::UNAUTHORIZED, "invalid_token", UNKNOWN);
    }
}

#[tokio::test]
async fn a_token_is_valid_for_an_hour() {
    let (world, tokens) = logged_in("openid").await;
    world.clock.advance(Duration::from_secs(3599));
    assert_eq!(
        world.web().userinfo(&tokens.access_token).await.status,
        StatusCode::OK
    );
    world.clock.advance(Duration::from_secs(1));
    let page = world.web().userinfo(&tokens.access_token).await;
    let description = "the access token has expired";
    assert_error(
        &page,
        StatusCode::UNAUTHORIZED,
        "invalid_token",
        description,
    );
}

#[tokio::test]
async fn a_token_without_openid_is_insufficient() {
    let (world, tokens) = logged_in("profile").await;
    assert_eq!(
        (&*tokens.id_token, &tokens.response["scope"]),
        ("", &json!("profile"))
    );
    let page = world.web().userinfo(&tokens.access_token).await;
    let description = "the access token does not have the scope openid";
    assert_error(
        &page,
        StatusCode::FORBIDDEN,
        "insufficient_scope",
        description,
    );
}
