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

/// The browser has its cookie, which may have taken the place of another one.
#[tokio::test]
async fn a_profile_that_cannot_be_stored_is_missing_and_the_user_is_logged_in() {
    let world = World::start().await;
    let full = "create trigger full before update of nickname on users
        begin select raise(abort, 'the disk is full'); end";
    world.execute(full).await;
    let mut browser = Browser::default();
    let tokens = world.web().log_in(&mut browser, &[]).await;
    assert_eq!(tokens.claims.get("name"), None);
    assert!(world.web().is_logged_in(&mut browser).await);
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
