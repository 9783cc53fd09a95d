//! Requests that wait for WeChat: a limited number, for ten minutes.

use std::time::Duration;

use axum::http::StatusCode;

use crate::world::{Browser, Options, World, browser::param};

const LIMIT: &str = "[limits]\nwaiting_requests = 2\n";

async fn limited() -> World {
    World::with(Options {
        more: LIMIT.to_owned(),
        ..Options::default()
    })
    .await
}

#[tokio::test]
async fn beyond_the_limit_a_new_login_gets_503_and_all_else_goes_on() {
    let world = limited().await;
    let mut logged_in = Browser::default();
    let tokens = world.web().log_in(&mut logged_in, &[]).await;
    let mut waits = Browser::default();
    let waiting = waits.open(&world, &world.web().authorize_url(&[])).await;

    let get = world.get(&world.web().authorize_url(&[])).await;
    let post = world.web().post(&mut Browser::default(), &[]).await;
    for page in [get, post] {
        assert_eq!(
            (page.status, page.header("retry-after")),
            (StatusCode::SERVICE_UNAVAILABLE, "60")
        );
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
        assert!(
            page.body.contains("登录人数过多") || page.body.contains("Too many logins at once"),
            "{}",
            page.body
        );
    }

    world
        .other()
        .log_in(&mut logged_in, &[("prompt", "none")])
        .await;
    assert_eq!(
        world.web().userinfo(&tokens.access_token).await.status,
        StatusCode::OK
    );
    let callback = waits.visit_wechat(waiting.location()).await;
    let page = waits.open(&world, &callback).await;
    world.web().tokens(&param(page.location(), "code")).await;
}

#[tokio::test]
async fn a_place_is_free_again_when_a_request_has_expired() {
    let world = limited().await;
    let url = world.web().authorize_url(&[]);
    for expected in [
        StatusCode::SEE_OTHER,
        StatusCode::SEE_OTHER,
        StatusCode::SERVICE_UNAVAILABLE,
    ] {
        assert_eq!(world.get(&url).await.status, expected);
    }
    let free = async {
        world.clock.advance(Duration::from_mins(10));
        while world.get(&url).await.status != StatusCode::SEE_OTHER {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        biased;
        () = world.gateway.maintain() => panic!("the store has stopped"),
        () = free => {}
    }
}

#[tokio::test]
async fn a_request_waits_for_ten_minutes() {
    let world = World::start().await;
    let mut browser = Browser::default();
    let path = world.web().post(&mut browser, &[]).await;
    let path = path.location().to_owned();
    world.clock.advance(Duration::from_secs(599));
    let wechat = browser.open(&world, &path).await;
    let callback = browser.visit_wechat(wechat.location()).await;
    world.clock.advance(Duration::from_secs(1));
    // WeChat's code leaves the URL.
    let left = browser.open(&world, &callback).await.location().to_owned();
    assert_eq!(left, "/callback?login_error=expired");
    for url in [path, left] {
        let page = browser.open(&world, &url).await;
        assert_eq!(page.status, StatusCode::GONE, "{}", page.body);
    }
    assert_eq!(browser.session(), None);
}
