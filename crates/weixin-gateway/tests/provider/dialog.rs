//! A login that the client wants is not satisfied by WeChat's memory of an earlier one: the page of WeChat shows its dialog
//! (`fast_login=0` on the QR page, `forcePopup=true` inside WeChat).

use crate::world::{
    Browser, World,
    browser::{IN_WECHAT, param},
};

/// Each of these wants an action of the user (Core §3.1.2.1).
const FORCED: [(&str, &str); 5] = [
    ("prompt", "login"),
    ("prompt", "select_account"),
    ("prompt", "select_account login"),
    ("max_age", "0"),
    ("max_age", "1"),
];

/// A browser, and the parameter that forces the dialog of its page.
fn browsers() -> [(Browser, &'static str, &'static str); 2] {
    let in_wechat = Browser::with(IN_WECHAT);
    [
        (Browser::default(), "fast_login", "0"),
        (in_wechat, "forcePopup", "true"),
    ]
}

#[tokio::test]
async fn a_request_that_wants_a_login_forces_the_dialog_with_a_session_and_without() {
    let world = World::start().await;
    for (fresh, name, value) in browsers() {
        let mut logged_in = fresh.clone();
        world.web().log_in(&mut logged_in, &[]).await;
        world.clock.advance(std::time::Duration::from_secs(2));
        for change in FORCED {
            for browser in [&fresh, &logged_in] {
                let page = browser
                    .clone()
                    .open(&world, &world.web().authorize_url(&[change]))
                    .await;
                assert_eq!(
                    param(page.location(), name),
                    value,
                    "{change:?} {}",
                    page.location()
                );
            }
        }
        let page = fresh
            .clone()
            .open(&world, &world.web().authorize_url(&[]))
            .await;
        assert_eq!(param(page.location(), name), "");
    }
}

#[tokio::test]
async fn a_login_that_starts_again_without_its_cookie_forces_the_dialog_again() {
    let world = World::start().await;
    for (fresh, name, value) in browsers() {
        for (change, value) in FORCED
            .map(|change| (change, value))
            .into_iter()
            .chain([(("display", "page"), "")])
        {
            let mut browser = fresh.clone();
            let page = browser
                .open(&world, &world.web().authorize_url(&[change]))
                .await;
            let callback = browser.visit_wechat(page.location()).await;
            browser.lose_state();
            let page = browser.open(&world, &callback).await;
            assert!(
                page.location().starts_with(world.sim.url()),
                "{}",
                page.location()
            );
            assert_eq!(
                param(page.location(), name),
                value,
                "{change:?} {}",
                page.location()
            );
            // And this time it ends at the client.
            let callback = browser.visit_wechat(page.location()).await;
            let page = browser.open(&world, &callback).await;
            world.web().tokens(&param(page.location(), "code")).await;
        }
    }
}

/// A request that was posted waits before it is decided.
#[tokio::test]
async fn a_posted_request_forces_the_dialog_too() {
    let world = World::start().await;
    for (mut browser, name, value) in browsers() {
        world.web().log_in(&mut browser, &[]).await;
        let change = [("prompt", "login")];
        let page = world.web().post(&mut browser, &change).await;
        let page = browser.open(&world, page.location()).await;
        assert_eq!(param(page.location(), name), value, "{}", page.location());
    }
}
