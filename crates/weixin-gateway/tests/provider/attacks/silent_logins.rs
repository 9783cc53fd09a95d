//! Silent logins that are repeated, or not wanted any more (Core §3.1.2.1).

use crate::world::{Browser, Options, World, browser::param, devices::WECHAT};

const NONE: &[(&str, &str)] = &[("prompt", "none")];

/// A gateway whose client `web` wants silent logins, and which has seen the user.
async fn world(limits: &str) -> World {
    let world = World::with(Options {
        web: "silent_login = true".into(),
        more: limits.into(),
        ..Options::default()
    })
    .await;
    world.next_user("known");
    world.web().log_in(&mut inside(), &[]).await;
    world
}

/// A window of WeChat's browser without a session.
fn inside() -> Browser {
    Browser::with(&[WECHAT, ("sec-fetch-dest", "document")])
}

/// The operator turns silent logins off while one is at WeChat.
#[tokio::test]
async fn a_client_that_may_not_log_in_silently_any_more_does_not() {
    let mut world = world("").await;
    world.web().log_in(&mut inside(), NONE).await;
    let mut browser = inside();
    let callback = world.web().wechat_callback(&mut browser, NONE).await;
    let rows = world.rows().await;
    world.reload(Options::default()).await.unwrap();
    let url = browser.follow(&world, &callback).await;
    assert_eq!(param(&url, "error"), "login_required");
    assert_eq!((browser.session(), world.rows().await), (None, rows));
}

/// WeChat's callback gets the same login for a minute. Each repeat begins a session: it counts as a login of its address, and
/// is one event with the first.
#[tokio::test]
async fn a_repeated_silent_callback_is_one_event_and_counts_for_its_address() {
    let world = world("[limits]\nlogins_per_minute = 5\n").await;
    let web = world.web();
    let mut browser = Browser {
        address: Some(([192, 0, 2, 1], 1234).into()),
        ..inside()
    };
    let callback = web.wechat_callback(&mut browser, NONE).await;
    for _ in 0..3 {
        let page = browser.clone().open(&world, &web.authorize_url(NONE)).await;
        assert!(page.location().starts_with(world.sim.url()));
    }
    let mut errors = Vec::new();
    for _ in 0..3 {
        let page = browser.clone().open(&world, &callback).await;
        errors.push(param(page.location(), "error"));
    }
    assert_eq!(errors, ["", "", "login_required"]);
    let events = "audit where event = 'login.silent'";
    assert_eq!(world.count(events).await, 1);
}
