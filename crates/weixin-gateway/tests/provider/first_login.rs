//! Logins from the first redirect to userinfo.

use super::world::{Browser, World, browser::param};

#[tokio::test]
async fn a_user_logs_in_through_wechat_and_the_client_gets_claims() {
    let world = World::start().await;
    world.next_user("Alice");
    let mut browser = Browser::default();
    let web = world.web();
    let url = web.callback(&mut browser, &[]).await;
    assert_eq!(param(&url, "state"), "a state");
    assert_eq!(param(&url, "iss"), "https://localhost");
    let tokens = web.tokens(&param(&url, "code")).await;
    assert_eq!(tokens.response["token_type"], "Bearer");
    assert_eq!(tokens.response["expires_in"], 3600);
    assert_eq!(tokens.response["scope"], "openid profile");
    assert_eq!(tokens.claims["nonce"], "a nonce");
    assert_eq!(tokens.claims["name"], "Alice");
    let userinfo = web.userinfo(&tokens.access_token).await.json();
    assert_eq!(userinfo["sub"], tokens.sub());
    assert_eq!(userinfo["nickname"], "Alice");
}

#[tokio::test]
async fn a_second_login_needs_no_wechat() {
    let world = World::start().await;
    let mut browser = Browser::default();
    let first = world.web().log_in(&mut browser, &[]).await;
    let before = world.sim.request_count();
    let second = world.other().log_in(&mut browser, &[]).await;
    assert_eq!(world.sim.request_count(), before);
    assert_eq!(first.sub(), second.sub());
    assert_eq!(first.claims["auth_time"], second.claims["auth_time"]);
}
