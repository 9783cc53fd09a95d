//! Userinfo, and the claims of scopes.

use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use serde_json::{Value, json};

use crate::{
    conformance::names,
    world::{Browser, Page, RelyingParty, Tokens, World, browser::encoded},
};

/// The response of userinfo to a request, and the `sub` of the ID token.
async fn userinfo(request: impl FnOnce(&str) -> Request<Body>) -> (Page, String) {
    let world = World::start().await;
    let tokens = world.web().log_in(&mut Browser::default(), &[]).await;
    let page = world.respond(request(&tokens.access_token)).await;
    (page, tokens.sub().to_owned())
}

fn assert_is_userinfo((page, sub): &(Page, String)) {
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    assert_eq!(page.header("content-type"), "application/json");
    assert_eq!(page.json()["sub"], **sub);
}

#[tokio::test]
async fn oidcc_userinfo_get() {
    let request =
        |token: &str| Request::get("/userinfo").header("authorization", format!("Bearer {token}"));
    assert_is_userinfo(&userinfo(|token| request(token).body(Body::empty()).unwrap()).await);
}

#[tokio::test]
async fn oidcc_userinfo_post_header() {
    let request =
        |token: &str| Request::post("/userinfo").header("authorization", format!("Bearer {token}"));
    assert_is_userinfo(&userinfo(|token| request(token).body(Body::empty()).unwrap()).await);
}

#[tokio::test]
async fn oidcc_userinfo_post_body() {
    let request =
        Request::post("/userinfo").header("content-type", "application/x-www-form-urlencoded");
    let body = |token: &str| Body::from(encoded(&[("access_token", token)]));
    assert_is_userinfo(&userinfo(|token| request.body(body(token)).unwrap()).await);
}

/// A login of a client for these parameters, and its userinfo.
async fn login_and_userinfo(client: RelyingParty<'_>, changes: &[(&str, &str)]) -> (Tokens, Value) {
    let tokens = client.log_in(&mut Browser::default(), changes).await;
    let userinfo = client.userinfo(&tokens.access_token).await.json();
    assert_eq!(userinfo["sub"], tokens.sub());
    (tokens, userinfo)
}

// The picture is absent: that of the simulator is not at an https URL.
const OF_PROFILE: [&str; 5] = [
    "name",
    "nickname",
    "preferred_username",
    "sub",
    "updated_at",
];

const OF_ALL: [&str; 7] = [
    "email",
    "email_verified",
    "name",
    "nickname",
    "preferred_username",
    "sub",
    "updated_at",
];

#[tokio::test]
async fn oidcc_scope_profile() {
    let world = World::start().await;
    let (tokens, userinfo) = login_and_userinfo(world.web(), &[("scope", "openid profile")]).await;
    assert_eq!(names(&userinfo), OF_PROFILE);
    // The suite warns: libraries that read nothing but the ID token find them there, too.
    assert_eq!(
        userinfo
            .as_object()
            .unwrap()
            .iter()
            .find(|(name, value)| tokens.claims[*name] != **value),
        None
    );
}

#[tokio::test]
async fn oidcc_scope_email() {
    let world = World::start().await;
    let (tokens, userinfo) = login_and_userinfo(world.web(), &[("scope", "openid email")]).await;
    let email = format!("{}@wechat.invalid", tokens.sub());
    assert_eq!(
        userinfo,
        json!({ "sub": tokens.sub(), "email": email, "email_verified": false })
    );
}

/// There is no address: no error, and no claim.
#[tokio::test]
async fn oidcc_scope_address() {
    let world = World::start().await;
    let (tokens, userinfo) = login_and_userinfo(world.web(), &[("scope", "openid address")]).await;
    assert_eq!(userinfo, json!({ "sub": tokens.sub() }));
    assert_eq!(tokens.response["scope"], "openid");
}

/// There is no phone number: no error, and no claim.
#[tokio::test]
async fn oidcc_scope_phone() {
    let world = World::start().await;
    let (tokens, userinfo) = login_and_userinfo(world.web(), &[("scope", "openid phone")]).await;
    assert_eq!(userinfo, json!({ "sub": tokens.sub() }));
    assert_eq!(tokens.response["scope"], "openid");
}

#[tokio::test]
async fn oidcc_scope_all() {
    let world = World::start().await;
    let scope = [("scope", "openid profile email address phone")];
    let (tokens, userinfo) = login_and_userinfo(world.web(), &scope).await;
    assert_eq!(names(&userinfo), OF_ALL);
    assert_eq!(tokens.response["scope"], "openid profile email");
}

#[tokio::test]
async fn oidcc_claims_essential() {
    let world = World::start().await;
    world.next_user("Alice");
    let claims = json!({ "userinfo": { "name": { "essential": true } } }).to_string();
    let changes = [("scope", "openid"), ("claims", &*claims)];
    let (tokens, userinfo) = login_and_userinfo(world.web(), &changes).await;
    assert_eq!(userinfo, json!({ "sub": tokens.sub(), "name": "Alice" }));
}
