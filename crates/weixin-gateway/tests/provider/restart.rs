//! A restart of the gateway is not noticed by its clients and users.

use axum::http::StatusCode;

use crate::world::{Browser, World, browser::param};

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
