//! Sessions of browsers: until when they log the user in without WeChat.

use std::time::Duration;

use axum::http::StatusCode;

use crate::world::{Browser, Options, World, browser::param};

const HOUR: Duration = Duration::from_hours(1);

/// The error of a request that must show nothing; empty for a login.
async fn silent_error(world: &World, browser: &mut Browser) -> String {
    let callback = world.web().callback(browser, &[("prompt", "none")]).await;
    param(&callback, "error")
}

async fn with(lifetimes: &str) -> World {
    let more = format!("[lifetimes]\n{lifetimes}\n");
    World::with(Options {
        more,
        ..Options::default()
    })
    .await
}

#[tokio::test]
async fn a_session_ends_after_twelve_hours_without_use() {
    let world = World::start().await;
    let mut browser = Browser::default();
    world.web().log_in(&mut browser, &[]).await;
    for _ in 0..3 {
        world.clock.advance(Duration::from_secs(12 * 3600 - 1));
        assert_eq!(silent_error(&world, &mut browser).await, "");
    }
    world.clock.advance(12 * HOUR);
    assert_eq!(silent_error(&world, &mut browser).await, "login_required");
}

#[tokio::test]
async fn a_session_ends_after_seven_days_however_often_it_is_used() {
    let world = World::start().await;
    let mut browser = Browser::default();
    world.web().log_in(&mut browser, &[]).await;
    for _ in 0..20 {
        world.clock.advance(8 * HOUR);
        assert_eq!(silent_error(&world, &mut browser).await, "");
    }
    world.clock.advance(Duration::from_secs(8 * 3600 - 1));
    assert_eq!(silent_error(&world, &mut browser).await, "");
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(silent_error(&world, &mut browser).await, "login_required");
}

#[tokio::test]
async fn the_lifetimes_are_those_of_the_configuration() {
    let world = with("session_idle = \"10m\"\nsession = \"25m\"").await;
    let mut browser = Browser::default();
    world.web().log_in(&mut browser, &[]).await;
    for (minutes, expected) in [(9, ""), (9, ""), (7, "login_required")] {
        world.clock.advance(Duration::from_mins(minutes));
        assert_eq!(silent_error(&world, &mut browser).await, expected);
    }
    world.web().log_in(&mut browser, &[]).await;
    world.clock.advance(Duration::from_mins(10));
    assert_eq!(silent_error(&world, &mut browser).await, "login_required");
}

/// For shared devices: each request logs in, and its code and tokens are as good as any.
#[tokio::test]
async fn without_an_idle_time_there_is_no_single_sign_on() {
    let world = with("session_idle = \"0s\"").await;
    let mut browser = Browser::default();
    for client in [world.web(), world.other(), world.web()] {
        let before = world.sim.request_count();
        let code = client.code(&mut browser, &[("max_age", "10000")]).await;
        assert!(world.sim.request_count() > before);
        assert_eq!(silent_error(&world, &mut browser).await, "login_required");
        world.clock.advance(Duration::from_secs(59));
        let tokens = client.tokens(&code).await;
        world.clock.advance(Duration::from_secs(3599));
        assert_eq!(
            client.userinfo(&tokens.access_token).await.status,
            StatusCode::OK
        );
    }
}

#[tokio::test]
async fn access_tokens_end_with_their_session() {
    let world = with("session = \"2h\"\nsession_idle = \"1h\"\naccess_token = \"24h\"").await;
    let tokens = world.web().log_in(&mut Browser::default(), &[]).await;
    for (seconds, expected) in [(7199, StatusCode::OK), (1, StatusCode::UNAUTHORIZED)] {
        world.clock.advance(Duration::from_secs(seconds));
        assert_eq!(
            world.web().userinfo(&tokens.access_token).await.status,
            expected
        );
    }
}

/// A code is valid for a minute.
#[tokio::test]
async fn a_code_expires_after_a_minute() {
    let world = World::start().await;
    let code = world.web().code(&mut Browser::default(), &[]).await;
    world.clock.advance(Duration::from_mins(1));
    let page = world.web().redeem(&code, &[]).await;
    assert_eq!(
        (page.status, page.json()["error"].as_str()),
        (StatusCode::BAD_REQUEST, Some("invalid_grant"))
    );
}

/// Another user in the same browser: the session of the first ends, with its tokens and its cookie.
#[tokio::test]
async fn another_user_gets_a_session_of_their_own() {
    let world = World::start().await;
    let mut browser = Browser::default();
    world.next_user("Alice");
    let alice = world.web().log_in(&mut browser, &[]).await;
    let mut copy = browser.clone();
    world.next_user("Bob");
    let bob = world
        .web()
        .log_in(&mut browser, &[("prompt", "select_account")])
        .await;
    assert_ne!(
        (alice.sub(), &alice.claims["sid"]),
        (bob.sub(), &bob.claims["sid"])
    );
    assert_ne!(copy.session(), browser.session());
    assert_eq!(
        world.web().userinfo(&alice.access_token).await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        world.web().userinfo(&bob.access_token).await.status,
        StatusCode::OK
    );
    assert_eq!(silent_error(&world, &mut copy).await, "login_required");
    assert_eq!(silent_error(&world, &mut browser).await, "");
}

#[tokio::test]
async fn each_login_gives_the_cookie_a_new_secret() {
    let world = World::start().await;
    let mut browser = Browser::default();
    world.web().log_in(&mut browser, &[]).await;
    let mut before = browser.clone();
    world
        .web()
        .log_in(&mut browser, &[("prompt", "login")])
        .await;
    assert_ne!(before.session(), browser.session());
    assert_eq!(silent_error(&world, &mut before).await, "login_required");
}

#[tokio::test]
async fn the_cookie_is_protected() {
    let world = World::start().await;
    let url = world.web().authorize_url(&[]);
    let page = Browser::default().through_wechat(&world, &url).await;
    let cookies = page
        .headers
        .get_all("set-cookie")
        .iter()
        .map(|it| it.to_str().unwrap());
    let cookies: Vec<_> = cookies
        .filter(|it| it.contains("gateway-session-"))
        .collect();
    let [cookie] = cookies[..] else {
        panic!("{cookies:?}")
    };
    let (pair, attributes) = cookie.split_once(';').unwrap();
    let (name, value) = pair.split_once('=').unwrap();
    assert!(
        name.starts_with("__Host-gateway-session-") && name.len() == 31,
        "{name}"
    );
    assert_eq!(value.len(), 43); // 256 bits
    assert_eq!(
        attributes,
        " Path=/; Max-Age=604800; HttpOnly; SameSite=Lax; Secure"
    );
}
