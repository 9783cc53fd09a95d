//! Unlinking WeChat, and deleting an account.

use std::time::Duration;

use crate::{
    running::{Browser, location, text},
    world::{EMAIL, LOGGED_OUT, World},
};

const PASSWORD: &str = "password=correct+horse";

#[tokio::test]
async fn wechat_is_unlinked_and_the_password_goes_on_to_log_in() {
    let world = World::new().await;
    let mut browser = world.registered(EMAIL).await;
    world.link(&mut browser, "xiaoming").await;
    let mut other_device = Browser::default();
    world.log_in(&mut other_device, "xiaoming").await;
    let done = world.post(&mut browser, "/unlink", PASSWORD).await;
    assert_eq!(
        (done.status().as_u16(), location(&done)),
        (303, "/".to_owned())
    );
    let home = world.home(&browser).await;
    assert!(
        home.contains("joe@shop.example") && home.contains("未绑定"),
        "{home}"
    );
    assert!(world.home(&other_device).await.contains(LOGGED_OUT));
    world.post(&mut other_device, "/password", EMAIL).await;
    assert!(world.home(&other_device).await.contains("joe@shop.example"));
    // The WeChat user is a stranger now, who may be linked again or have an account.
    let mut stranger = Browser::default();
    world.log_in(&mut stranger, "xiaoming").await;
    assert!(!world.home(&stranger).await.contains("joe@shop.example"));
}

#[tokio::test]
async fn wechat_is_not_unlinked_where_it_is_the_only_way_to_log_in() {
    let world = World::new().await;
    let mut browser = Browser::default();
    world.log_in(&mut browser, "xiaoming").await;
    let before = world.stored().await;
    let refused = world.post(&mut browser, "/unlink", "").await;
    assert_eq!(refused.status(), 409);
    assert!(text(&refused).contains("唯一方式"), "{}", text(&refused));
    assert_eq!(world.stored().await, before);
    assert!(world.home(&browser).await.contains("已绑定"));
}

/// Whether anything of any account is left.
async fn is_empty(world: &World) -> bool {
    let sessions = world.count("SELECT COUNT(*) FROM sessions").await;
    let attempts = world.count("SELECT COUNT(*) FROM attempts").await;
    world.stored().await.is_empty() && sessions == 0 && attempts == 0
}

#[tokio::test]
async fn an_account_with_a_password_is_deleted_by_it_with_everything_on_all_devices() {
    let world = World::new().await;
    let mut browser = world.registered(EMAIL).await;
    world.link(&mut browser, "xiaoming").await;
    let mut other_device = Browser::default();
    world.log_in(&mut other_device, "xiaoming").await;
    let before = world.stored().await;
    for wrong in ["", "password=", "password=wrong+horse"] {
        // A fresh login by WeChat is not the password.
        for browser in [&mut browser, &mut other_device] {
            let refused = world.post(browser, "/delete", wrong).await;
            assert_eq!(refused.status(), 400, "{wrong}");
            assert!(text(&refused).contains("密码不正确"), "{wrong}");
        }
    }
    assert_eq!(world.stored().await, before);
    let done = world.post(&mut browser, "/delete", PASSWORD).await;
    assert_eq!(
        (done.status().as_u16(), location(&done)),
        (303, "/deleted".to_owned())
    );
    let page = world.get(&mut browser, "/deleted").await;
    assert!(text(&page).contains("账号已注销"), "{}", text(&page));
    assert!(is_empty(&world).await);
    for browser in [&browser, &other_device] {
        assert!(world.home(browser).await.contains(LOGGED_OUT));
    }
}

#[tokio::test]
async fn an_account_without_a_password_is_deleted_only_just_after_a_login_with_wechat() {
    let world = World::new().await;
    let mut browser = Browser::default();
    world.log_in(&mut browser, "xiaoming").await;
    let before = world.stored().await;
    world.clock.advance(Duration::from_secs(5 * 60 + 1));
    let refused = world.post(&mut browser, "/delete", "").await;
    assert_eq!(refused.status(), 403);
    assert!(
        text(&refused).contains("href=\"/confirm\""),
        "{}",
        text(&refused)
    );
    assert_eq!(world.stored().await, before);
    let started = world.get(&mut browser, "/confirm").await;
    let callback = world.scan(&started, "xiaoming").await;
    assert_eq!(location(&browser.get(&callback).await), "/delete");
    let page = world.get(&mut browser, "/delete").await;
    assert!(text(&page).contains("id=\"delete\""), "{}", text(&page));
    assert_eq!(world.stored().await, before, "a visit deletes nothing");
    world.post(&mut browser, "/delete", "").await;
    assert!(is_empty(&world).await);
    assert!(world.home(&browser).await.contains(LOGGED_OUT));
}

#[tokio::test]
async fn a_login_of_another_wechat_user_confirms_nothing() {
    let world = World::new().await;
    let mut browser = Browser::default();
    world.log_in(&mut browser, "xiaoming").await;
    let before = world.stored().await;
    world.clock.advance(Duration::from_secs(5 * 60 + 1));
    let started = world.get(&mut browser, "/confirm").await;
    let callback = world.scan(&started, "layla").await;
    browser.get(&callback).await;
    world.post(&mut browser, "/delete", "").await;
    // Only the account that this login has made is gone again.
    assert_eq!(world.stored().await, before);
}

#[tokio::test]
async fn the_confirmation_cannot_be_guessed_more_often_than_the_login() {
    let world = World::new().await;
    let mut browser = world.registered(EMAIL).await;
    for _ in 0..10 {
        world
            .post(&mut browser, "/delete", "password=wrong+horse")
            .await;
    }
    let refused = world.post(&mut browser, "/delete", PASSWORD).await;
    assert_eq!(refused.status(), 429);
    assert_eq!(world.count("SELECT COUNT(*) FROM users").await, 1);
}

#[tokio::test]
async fn a_stranger_who_guesses_at_the_login_does_not_keep_the_owner_from_confirming() {
    let world = World::new().await;
    let mut browser = world.registered(EMAIL).await;
    let wrong = "email=joe%40shop.example&password=wrong+horse";
    for _ in 0..11 {
        world
            .post(&mut Browser::default(), "/password", wrong)
            .await;
    }
    world.link(&mut browser, "xiaoming").await;
    for path in ["/unlink", "/delete"] {
        let done = world.post(&mut browser, path, PASSWORD).await;
        assert_eq!(done.status(), 303, "{path}");
    }
    assert_eq!(world.count("SELECT COUNT(*) FROM users").await, 0);
    // What was confirmed does not make room for more guesses at the login.
    let refused = world
        .post(&mut Browser::default(), "/password", EMAIL)
        .await;
    assert_eq!(refused.status(), 429);
}

#[tokio::test]
async fn the_id_of_a_deleted_account_is_not_given_to_another() {
    let world = World::new().await;
    let mut browser = world.registered(EMAIL).await;
    world.post(&mut browser, "/delete", PASSWORD).await;
    world.registered(EMAIL).await;
    assert_eq!(
        world.rows("SELECT CAST(id AS TEXT) FROM users").await,
        ["2"]
    );
}
