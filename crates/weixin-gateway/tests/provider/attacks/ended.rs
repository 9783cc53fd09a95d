//! A user who is disabled, a session that ends, and a client that is removed, between every two steps of a login.

use axum::http::StatusCode;

use crate::world::{Browser, Options, Page, World, browser::param, devices::ENGLISH};

const DISABLE: &str = "update users set disabled_at = 1";
const ENABLE: &str = "update users set disabled_at = null";
const END: &str = "update sessions set ended_at = 1, ended_reason = 'test' where ended_at is null";

fn assert_error(page: &Page, status: StatusCode, error: &str) {
    assert_eq!(
        (page.status, &page.json()["error"]),
        (status, &error.into()),
        "{}",
        page.body
    );
}

fn is_at_wechat(world: &World, page: &Page) -> bool {
    page.location().starts_with(world.sim.url())
}

#[tokio::test]
async fn a_user_who_is_disabled_between_two_steps_gets_no_further() {
    let world = World::start().await;
    let web = world.web();
    let mut browser = Browser::default();
    web.log_in(&mut browser, &[]).await;
    // Between WeChat and the callback.
    let mut other = Browser::default();
    let callback = web.wechat_callback(&mut other, &[]).await;
    let rows = world.rows().await;
    world.execute(DISABLE).await;
    let url = other.follow(&world, &callback).await;
    assert_eq!(param(&url, "error"), "access_denied");
    assert_eq!(
        (param(&url, "state"), param(&url, "iss")),
        ("a state".to_owned(), world.issuer())
    );
    assert_eq!((other.session(), world.rows().await), (None, rows));
    // With a session.
    let url = web.callback(&mut browser, &[("prompt", "none")]).await;
    assert_eq!(param(&url, "error"), "login_required");
    assert!(is_at_wechat(
        &world,
        &browser.open(&world, &web.authorize_url(&[])).await
    ));
    let url = web.callback(&mut browser, &[]).await;
    assert_eq!(param(&url, "error"), "access_denied");
    // Between the callback and the token.
    world.execute(ENABLE).await;
    let code = web.code(&mut browser, &[]).await;
    world.execute(DISABLE).await;
    assert_error(
        &web.redeem(&code, &[]).await,
        StatusCode::BAD_REQUEST,
        "invalid_grant",
    );
    // Between the token and userinfo.
    world.execute(ENABLE).await;
    let tokens = web.tokens(&code).await;
    world.execute(DISABLE).await;
    assert_error(
        &web.userinfo(&tokens.access_token).await,
        StatusCode::UNAUTHORIZED,
        "invalid_token",
    );
    let events = world
        .texts("select event from audit where event = 'login.rejected'")
        .await;
    assert_eq!(events.len(), 2);
}

#[tokio::test]
async fn a_session_that_ends_between_two_steps_ends_what_depends_on_it() {
    let world = World::start().await;
    let web = world.web();
    let mut browser = Browser::default();
    let tokens = web.log_in(&mut browser, &[]).await;
    let code = web.code(&mut browser, &[]).await;
    let callback = web
        .wechat_callback(&mut browser, &[("prompt", "login")])
        .await;
    let waiting = param(&callback, "return_to");
    world.execute(END).await;
    assert_error(
        &web.redeem(&code, &[]).await,
        StatusCode::BAD_REQUEST,
        "invalid_grant",
    );
    assert_error(
        &web.userinfo(&tokens.access_token).await,
        StatusCode::UNAUTHORIZED,
        "invalid_token",
    );
    let url = web.callback(&mut browser, &[("prompt", "none")]).await;
    assert_eq!(param(&url, "error"), "login_required");
    assert!(is_at_wechat(&world, &browser.open(&world, &waiting).await));
    // The login in progress begins another session, which revives nothing.
    let url = browser.follow(&world, &callback).await;
    let again = web.tokens(&param(&url, "code")).await;
    assert_eq!(again.sub(), tokens.sub());
    assert_ne!(again.claims["sid"], tokens.claims["sid"]);
    assert_error(
        &web.redeem(&code, &[]).await,
        StatusCode::BAD_REQUEST,
        "invalid_grant",
    );
    assert_error(
        &web.userinfo(&tokens.access_token).await,
        StatusCode::UNAUTHORIZED,
        "invalid_token",
    );
    assert_eq!(
        web.userinfo(&again.access_token).await.status,
        StatusCode::OK
    );
}

/// Another user in the same browser ends the session of the first, with its codes and tokens.
#[tokio::test]
async fn another_user_in_the_browser_ends_the_session_of_the_first() {
    let world = World::start().await;
    let web = world.web();
    let mut browser = Browser::default();
    world.next_user("first");
    let tokens = web.log_in(&mut browser, &[]).await;
    let code = web.code(&mut browser, &[]).await;
    world.next_user("second");
    let again = web.log_in(&mut browser, &[("prompt", "login")]).await;
    assert_ne!(again.sub(), tokens.sub());
    assert_error(
        &web.redeem(&code, &[]).await,
        StatusCode::BAD_REQUEST,
        "invalid_grant",
    );
    assert_error(
        &web.userinfo(&tokens.access_token).await,
        StatusCode::UNAUTHORIZED,
        "invalid_token",
    );
}

fn without_web() -> Options {
    let edit = |text: String| text.replace("id = \"web\"", "id = \"renamed\"");
    Options {
        edit: Some(edit),
        ..Options::default()
    }
}

#[tokio::test]
async fn a_client_that_is_removed_between_two_steps_gets_nothing() {
    let mut world = World::start().await;
    let mut browser = Browser::with(&[ENGLISH]);
    let mut other = Browser::with(&[ENGLISH]);
    let callback = world.web().wechat_callback(&mut other, &[]).await;
    let tokens = world.web().log_in(&mut browser, &[]).await;
    let code = world.web().code(&mut browser, &[]).await;
    let (rows, count) = (world.rows().await, world.sim.request_count());
    world.restart_with(without_web()).await;
    // Between WeChat and the callback: the user is not even looked up.
    let page = other.open(&world, &callback).await;
    assert_eq!(page.location(), "/callback?login_error=expired");
    assert_eq!(other.session(), None);
    // With a session, at the request itself and at one that waits.
    let page = browser.open(&world, &world.web().authorize_url(&[])).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    let page = browser.open(&world, &param(&callback, "return_to")).await;
    assert_eq!(page.status, StatusCode::GONE);
    assert_error(
        &world.web().redeem(&code, &[]).await,
        StatusCode::UNAUTHORIZED,
        "invalid_client",
    );
    assert_error(
        &world.web().userinfo(&tokens.access_token).await,
        StatusCode::UNAUTHORIZED,
        "invalid_token",
    );
    assert_eq!(
        (world.rows().await, world.sim.request_count()),
        (rows, count)
    );
    // Its code is not the renamed one's.
    let renamed =
        crate::world::RelyingParty::confidential(&world, "renamed", crate::world::CALLBACK);
    assert_error(
        &renamed.redeem(&code, &[]).await,
        StatusCode::BAD_REQUEST,
        "invalid_grant",
    );
}

#[tokio::test]
async fn a_redirect_uri_that_is_removed_gets_no_code() {
    let mut world = World::start().await;
    let mut browser = Browser::with(&[ENGLISH]);
    let callback = world.web().wechat_callback(&mut browser, &[]).await;
    let edit = |text: String| text.replace("https://rp.example/callback", "https://rp.example/new");
    world
        .restart_with(Options {
            edit: Some(edit),
            ..Options::default()
        })
        .await;
    let page = browser.open(&world, &callback).await;
    assert_eq!(page.location(), "/callback?login_error=expired");
    let page = browser.open(&world, &param(&callback, "return_to")).await;
    assert_eq!(page.status, StatusCode::GONE);
    assert_eq!(world.count("users").await, 0);
}
