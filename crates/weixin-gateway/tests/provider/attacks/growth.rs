//! Visitors who never log in, and want to fill the database.

use std::time::Duration;

use axum::http::StatusCode;

use crate::world::{
    Browser, Options, World,
    browser::param,
    database::Rows,
    devices::{ENGLISH, JSON},
};

async fn with_limit(limit: u32) -> World {
    let more = format!("[limits]\nwaiting_requests = {limit}\n");
    World::with(Options {
        more,
        ..Options::default()
    })
    .await
}

#[tokio::test]
async fn strangers_do_not_grow_the_database_beyond_its_limit() {
    let world = with_limit(5).await;
    let web = world.web();
    let mut user = Browser::default();
    let tokens = web.log_in(&mut user, &[]).await;
    let params = web.params(&[]);
    let form: Vec<_> = params
        .iter()
        .map(|(name, value)| (&**name, &**value))
        .collect();
    let before = (world.rows().await, world.count("audit").await);
    for number in 0..30 {
        let mut stranger = Browser::with(&[ENGLISH]);
        let state = number.to_string();
        stranger
            .open(&world, &web.authorize_url(&[("state", &state)]))
            .await;
        stranger.post(&world, "/authorize", &form).await;
        stranger
            .open(&world, &web.authorize_url(&[("prompt", "none")]))
            .await;
        stranger.open(&world, &format!("/login/{number:026}")).await;
        stranger
            .open(&world, "/callback?code=071&state=0123456789012345678901")
            .await;
        stranger
            .open(&world, "/callback?login_error=unreachable")
            .await;
        web.with_secret("wrongwrongwrongwrongwrongwrongwrong")
            .redeem("wxc_AQ", &[])
            .await;
        web.redeem(&format!("wxc_{number}"), &[]).await;
        web.userinfo(&format!("wxa_{number}")).await;
    }
    assert_eq!(world.count("requests").await, 5);
    assert_eq!((world.rows().await, world.count("audit").await), before);
    // A new login is told to wait.
    let page = Browser::with(&[ENGLISH])
        .open(&world, &web.authorize_url(&[]))
        .await;
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(page.header("retry-after"), "60");
    assert_eq!(page.header("set-cookie"), "");
    // Those who are logged in go on, and those who are at WeChat come back.
    web.log_in(&mut user, &[]).await;
    assert_eq!(
        web.userinfo(&tokens.access_token).await.status,
        StatusCode::OK
    );
}

/// A login in progress needs no second row, however often its page is loaded, its callback comes, or its cookie is lost.
#[tokio::test]
async fn a_login_in_progress_stays_one_row() {
    let world = with_limit(1).await;
    let web = world.web();
    let mut browser = Browser::with(&[ENGLISH]);
    let mut callback = web.wechat_callback(&mut browser, &[]).await;
    let path = param(&callback, "return_to");
    for _ in 0..10 {
        browser.open(&world, &path).await;
        browser.lose_state();
        let page = browser.open(&world, &callback).await;
        if page.location().starts_with(world.sim.url()) {
            callback = browser.visit_wechat(page.location()).await;
        }
        browser
            .open(&world, &format!("/callback?login_again=1&return_to={path}"))
            .await;
    }
    assert_eq!(world.count("requests").await, 1);
    assert_eq!(world.rows().await, Rows::default());
    let url = browser.follow(&world, &path).await;
    web.tokens(&param(&url, "code")).await;
}

/// Of many at once, no more than the limit are stored.
#[tokio::test(flavor = "multi_thread")]
async fn many_at_once_do_not_pass_the_limit() {
    let world = with_limit(10).await;
    let url = world.web().authorize_url(&[]);
    let open = || async { Browser::with(&[JSON]).open(&world, &url).await.status };
    let statuses = futures_util::future::join_all((0..100).map(|_| open())).await;
    let accepted = statuses
        .iter()
        .filter(|status| **status == StatusCode::OK)
        .count();
    assert_eq!(accepted, 10);
    assert_eq!(world.count("requests").await, 10);
}

/// A request expires after ten minutes, removed or not.
#[tokio::test]
async fn a_request_that_has_expired_is_unknown() {
    let world = World::start().await;
    let mut browser = Browser::with(&[ENGLISH]);
    let callback = world.web().wechat_callback(&mut browser, &[]).await;
    world.clock.advance(Duration::from_secs(599));
    let page = browser.open(&world, &param(&callback, "return_to")).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER);
    world.clock.advance(Duration::from_secs(1));
    let page = browser.open(&world, &param(&callback, "return_to")).await;
    assert_eq!(page.status, StatusCode::GONE);
    let page = browser.open(&world, &callback).await;
    assert_eq!(page.location(), "/callback?login_error=expired");
    assert_eq!(world.rows().await, Rows::default());
}

/// WeChat's callback gets the same login for a minute. Each repeat may begin a session, but it is one event, and counts as a
/// login of its address.
#[tokio::test]
async fn a_repeated_callback_is_one_event_and_counts_for_its_address() {
    let more = "[limits]\nlogins_per_minute = 3\n".to_owned();
    let world = World::with(Options {
        more,
        ..Options::default()
    })
    .await;
    let mut browser = Browser::with(&[ENGLISH]);
    browser.address = Some(([192, 0, 2, 1], 1234).into());
    let callback = world.web().wechat_callback(&mut browser, &[]).await;
    for (status, location) in [
        (StatusCode::SEE_OTHER, "https://rp.example/callback"),
        (StatusCode::SEE_OTHER, "https://rp.example/callback"),
        (StatusCode::SEE_OTHER, "https://rp.example/callback"),
        (StatusCode::TOO_MANY_REQUESTS, ""),
    ] {
        let page = browser.clone().open(&world, &callback).await;
        assert_eq!(page.status, status, "{}", page.body);
        let url = page.header("location").split('?').next().unwrap();
        assert_eq!(url, location);
    }
    assert_eq!(world.events().await, 1);
    let page = browser.open(&world, &world.web().authorize_url(&[])).await;
    assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(page.header("retry-after"), "60");
    let mut other = Browser::with(&[ENGLISH]);
    other.address = Some(([192, 0, 2, 2], 1234).into());
    world.web().code(&mut other, &[]).await;
}

/// A login that has begun can come back again and again: each code costs a call to WeChat.
#[tokio::test]
async fn a_login_that_has_begun_is_exchanged_so_often_a_minute() {
    let more = "[limits]\nlogins_per_minute = 3\n".to_owned();
    let world = World::with(Options {
        more,
        ..Options::default()
    })
    .await;
    let mut stranger = Browser::with(&[ENGLISH]);
    stranger.address = Some(([192, 0, 2, 1], 1234).into());
    let callback = world.web().wechat_callback(&mut stranger, &[]).await;
    let path = param(&callback, "return_to");
    let mut statuses = Vec::new();
    for _ in 0..5 {
        let page = stranger.open(&world, &path).await;
        let callback = stranger.visit_wechat(page.location()).await;
        let junk = callback.replace(&param(&callback, "code"), "junk");
        statuses.push(stranger.open(&world, &junk).await.status.as_u16());
    }
    assert_eq!(statuses, [303, 303, 303, 429, 429]);
    assert_eq!(world.rows().await, Rows::default());
}
