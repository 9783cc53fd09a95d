//! A restart of the gateway is not noticed by its clients and users.

use axum::http::StatusCode;

use crate::world::{Browser, Options, RelyingParty, World, browser::param, id_token::header};

#[tokio::test]
async fn sessions_keys_codes_and_tokens_survive() {
    let mut world = World::start().await;
    let mut browser = Browser::default();
    let before = world.web().log_in(&mut browser, &[]).await;
    let code = world.web().code(&mut browser, &[]).await;
    let keys = world.get("/jwks").await.json();
    world.restart().await;
    assert_eq!(world.get("/jwks").await.json(), keys);
    assert_eq!(
        world.web().userinfo(&before.access_token).await.status,
        StatusCode::OK
    );
    let of_code = world.web().tokens(&code).await;
    let hint = [("prompt", "none"), ("id_token_hint", &*before.id_token)];
    let after = world.web().log_in(&mut browser, &hint).await;
    for tokens in [of_code, after] {
        assert_eq!(
            (before.sub(), &before.claims["sid"]),
            (tokens.sub(), &tokens.claims["sid"])
        );
        assert_eq!(before.claims["auth_time"], tokens.claims["auth_time"]);
    }
}

#[tokio::test]
async fn a_login_that_waits_for_wechat_goes_on() {
    let mut world = World::start().await;
    let mut browser = Browser::default();
    let page = browser.open(&world, &world.web().authorize_url(&[])).await;
    world.restart().await;
    let callback = browser.visit_wechat(page.location()).await;
    let page = browser.open(&world, &callback).await;
    world.web().tokens(&param(page.location(), "code")).await;
}

/// The code that was redeemed before is remembered.
#[tokio::test]
async fn a_code_is_single_use_all_the_same() {
    let mut world = World::start().await;
    let code = world.web().code(&mut Browser::default(), &[]).await;
    world.web().tokens(&code).await;
    world.restart().await;
    let page = world.web().redeem(&code, &[]).await;
    assert_eq!(
        (page.status, page.json()["error"].as_str()),
        (StatusCode::BAD_REQUEST, Some("invalid_grant"))
    );
}

/// A key that a client newly needs is made. Those that were there sign on, and ID tokens of before are hints.
#[tokio::test]
async fn another_algorithm_adds_a_key() {
    let mut world = World::start().await;
    let mut browser = Browser::default();
    let before = world.web().log_in(&mut browser, &[]).await;
    let [old] = &world.web().jwks().await.keys[..] else {
        panic!("one key");
    };
    let web = "id_token_alg = \"ES256\"".to_owned();
    world
        .restart_with(Options {
            web,
            ..Options::default()
        })
        .await;
    let keys = world.web().jwks().await.keys;
    assert!(keys.len() == 2 && keys.contains(old), "{keys:?}");
    let hint = [("prompt", "none"), ("id_token_hint", &*before.id_token)];
    let after = world.web().log_in(&mut browser, &hint).await;
    assert_eq!(header(&after.id_token).alg, jsonwebtoken::Algorithm::ES256);
    let other = world.other().log_in(&mut browser, &[]).await;
    assert_eq!(header(&other.id_token).kid, old.common.key_id);
}

const REMOVED: &str = r#"
[[client]]
id = "removed"
secret = "0123456789abcdefghijABCDEFGHIJ_-"
redirect_uris = ["https://removed.example/callback"]
"#;

fn removed(world: &World) -> RelyingParty<'_> {
    RelyingParty::confidential(world, "removed", "https://removed.example/callback")
}

#[tokio::test]
async fn a_client_that_was_removed_loses_its_requests_codes_and_tokens() {
    let more = REMOVED.to_owned();
    let mut world = World::with(Options {
        more,
        ..Options::default()
    })
    .await;
    let mut browser = Browser::default();
    let request = removed(&world).post(&mut browser, &[]).await;
    let tokens = removed(&world).log_in(&mut browser, &[]).await;
    let code = removed(&world).code(&mut browser, &[]).await;
    world.restart_with(Options::default()).await;
    assert_eq!(world.get(request.location()).await.status, StatusCode::GONE);
    let page = removed(&world).userinfo(&tokens.access_token).await;
    assert_eq!(page.status, StatusCode::UNAUTHORIZED);
    let page = removed(&world).redeem(&code, &[]).await;
    assert_eq!(
        (page.status, page.json()["error"].as_str()),
        (StatusCode::UNAUTHORIZED, Some("invalid_client"))
    );
}
