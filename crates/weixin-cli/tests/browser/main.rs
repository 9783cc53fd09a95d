//! The demo in a real browser: Debian's Chromium, driven through its WebDriver.
//!
//! `./scripts/test` installs both. Pictures of every page go to `target/screenshots`.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test"
)]

mod dashboard;
mod demo;
mod desktop;
mod embedded;
mod exec;
mod faults;
mod gateway;
mod gateway_demo;
mod gateway_logout;
mod manual;
mod official_account;
mod phone;
mod polls;
mod web_login;
mod website;
mod window;

use self::{demo::Demo, window::Window};

#[tokio::test]
async fn two_users_log_in_one_after_the_other() {
    let demo = Demo::start();
    let site = Window::open(&[]).await;
    site.goto(&demo.site).await;
    site.picture("welcome").await;
    let mut openids = Vec::new();
    for (person, name) in [("xiaoming", "小明🐼é"), ("layla", "ليلى بنت أحمد (layla)")]
    {
        site.goto(&demo.site).await;
        site.click("#login").await;
        site.wait_for("#sim_phone").await;
        site.picture("qr").await;

        let phone = site.second_window("#sim_phone").await;
        phone
            .reads(
                "#me",
                if openids.is_empty() {
                    "林小雨"
                } else {
                    "小明🐼é"
                },
            )
            .await;
        phone.picture("phone").await;
        site.shows("#wx_after_scan").await;
        site.picture("qr-scanned").await;
        phone.hold_as(person).await;
        phone.click("button.allow").await;
        phone.wait_for("#allowed").await;
        phone.picture("phone-allowed").await;

        site.wait_for("#nickname").await;
        site.reads("#nickname", name).await;
        site.reads("#scope", "snsapi_login").await;
        assert!(site.text("#unionid").await.starts_with('o'));
        assert!(site.number("#expires").await > 7190);
        site.picture(&format!("profile-{person}")).await;
        openids.push(site.text("#openid").await);
        site.click("#logout").await;
        site.wait_for("#login").await;
    }
    assert_ne!(openids[0], openids[1]);
}

#[tokio::test]
async fn names_of_every_kind_are_shown_as_text() {
    let demo = Demo::start();
    let site = Window::open(&[]).await;
    for person in ["long", "noname", "control"] {
        site.goto(&demo.site).await;
        site.click("#login").await;
        site.wait_for("#sim_phone").await;
        demo.allow(person).await;
        site.wait_for("#nickname").await;
        site.picture(&format!("profile-{person}")).await;
        let name = site.text("#nickname").await;
        match person {
            "long" => assert!(name.ends_with("<of her name>"), "{name}"),
            "noname" => assert_eq!(name, "（无昵称）"),
            _ => assert!(name.starts_with("bell"), "{name}"),
        }
        site.click("#logout").await;
    }
}

#[tokio::test]
async fn a_canceled_qr_code_can_be_scanned_again() {
    let demo = Demo::start();
    let site = Window::open(&[]).await;
    site.goto(&demo.site).await;
    site.click("#login").await;
    site.wait_for("#sim_phone").await;
    let phone = site.second_window("#sim_phone").await;
    phone.click("button.cancel").await;
    phone.wait_for("#canceled").await;
    phone.picture("phone-cancelled").await;
    site.shows("#wx_after_cancel").await;
    site.picture("qr-cancelled").await;

    phone.click("a.scan").await;
    phone.wait_for("button.allow").await;
    site.shows("#wx_after_scan").await;
    phone.click("button.allow").await;
    site.wait_for("#nickname").await;
}

#[tokio::test]
async fn an_expired_qr_code_is_replaced_by_a_new_one() {
    let demo = Demo::start();
    let site = Window::open(&[]).await;
    site.goto(&demo.site).await;
    site.click("#login").await;
    site.wait_for("#sim_phone").await;
    let old = demo.pending().await.remove(0);
    demo.control(&format!("logins/{old}/expire"), "").await;
    site.wait_for(&format!("body:not([data-uuid='{old}'])"))
        .await;
    let new = demo.pending().await;
    assert_eq!(new.len(), 1);
    assert_ne!(new[0], old);

    let phone = site.second_window("#sim_phone").await;
    phone
        .goto(&format!("{}/connect/confirm?uuid={old}", demo.simulator))
        .await;
    phone.wait_for("#problem").await;
    phone.picture("phone-expired").await;
    demo.allow("xiaoming").await;
    site.wait_for("#nickname").await;
}

#[tokio::test]
async fn two_tabs_log_in_at_once_as_two_users() {
    let demo = Demo::start();
    let one = Window::open(&[]).await;
    one.goto(&format!("{}login", demo.site)).await;
    one.wait_for("#sim_phone").await;
    let first = demo.pending().await.remove(0);
    let two = one.tab().await;
    two.goto(&format!("{}login", demo.site)).await;
    two.wait_for("#sim_phone").await;
    let second = demo
        .pending()
        .await
        .into_iter()
        .find(|uuid| *uuid != first)
        .unwrap();

    // The tab that was opened last is confirmed first.
    demo.allow_as(&second, "layla").await;
    two.wait_for("#nickname").await;
    two.reads("#nickname", "ليلى بنت أحمد (layla)").await;
    demo.allow_as(&first, "xiaoming").await;
    one.wait_for("#nickname").await;
    one.reads("#nickname", "小明🐼é").await;
}

#[tokio::test]
async fn the_token_is_checked_and_refreshed() {
    let demo = Demo::start();
    let site = Window::open(&[]).await;
    site.goto(&format!("{}login", demo.site)).await;
    site.wait_for("#sim_phone").await;
    demo.allow("xiaoming").await;
    site.wait_for("#check").await;

    site.click("#check").await;
    site.reads("#notice", "微信返回：access_token 有效。").await;
    site.click("#refresh").await;
    site.reads("#notice", "已续期：access_token 不变，有效期延长。")
        .await;

    demo.control("clock", r#"{"advance_seconds":7200}"#).await;
    site.click("#check").await;
    site.reads(
        "#notice",
        "微信返回：access_token 无效 (42001 access_token expired)",
    )
    .await;
    site.picture("profile-token-expired").await;
    site.click("#refresh").await;
    site.reads("#notice", "已刷新：获得了新的 access_token。")
        .await;
    site.click("#check").await;
    site.reads("#notice", "微信返回：access_token 有效。").await;

    demo.control("clock", r#"{"advance_seconds":2592000}"#)
        .await;
    site.click("#refresh").await;
    site.wait_for("#problem").await;
    site.reads("h1", "登录已过期").await;
}

#[tokio::test]
async fn a_callback_that_was_used_is_rejected_in_another_browser() {
    let demo = Demo::start();
    let site = Window::open(&[]).await;
    site.goto(&format!("{}login", demo.site)).await;
    site.wait_for("#sim_phone").await;
    let uuid = demo.pending().await.remove(0);
    let callback = demo.allow_as(&uuid, "xiaoming").await;
    site.wait_for("#nickname").await;

    let other = Window::open(&[]).await;
    other.goto(&callback).await;
    other.wait_for("#problem").await;
    other.reads("h1", "此次登录已被使用").await;
    other.picture("problem-used").await;
    other.goto(&demo.site).await;
    other.wait_for("#login").await;

    // The same browser may come back to it, as a back button does.
    site.goto(&callback).await;
    site.wait_for("#nickname").await;
}

#[tokio::test]
async fn every_problem_has_a_page_that_says_what_to_do() {
    let demo = Demo::start();
    let site = Window::open(&["--accept-lang=en"]).await;
    let callback = format!("{}callback", demo.site);
    site.goto(&format!("{}login", demo.site)).await;
    site.wait_for("#sim_phone").await;
    site.reads(".title", "WeChat Login").await;
    site.picture("qr-english").await;
    let state = site.attribute("body", "data-state").await;

    let problems = [
        (
            format!("{callback}?code=071x&state=another"),
            "This login is no longer valid",
            "csrf-mismatch",
        ),
        (
            format!("{callback}?error=access_denied"),
            "This URL is incomplete",
            "malformed",
        ),
        (
            format!("{callback}?code=071bogus&state={state}"),
            "The login has expired",
            "expired",
        ),
        (
            format!("{callback}?code=071other&state={state}"),
            "This login has already been used",
            "other-code",
        ),
        (
            format!("{}nothing", demo.site),
            "Page not found",
            "not-found",
        ),
    ];
    for (url, title, name) in problems {
        site.goto(&url).await;
        site.reads("h1", title).await;
        site.picture(&format!("problem-{name}")).await;
    }

    site.goto(&format!("{}login", demo.site)).await;
    let state = site.attribute("body", "data-state").await;
    site.goto(&format!("{callback}?state={state}")).await;
    site.reads("h1", "You declined the login").await;
    site.picture("problem-declined").await;

    site.click("#again").await;
    site.wait_for("#sim_phone").await;
    let uuid = demo.pending().await.pop().unwrap();
    let state = site.attribute("body", "data-state").await;
    site.goto(&demo.site).await;
    let code = demo.code_of(&uuid).await;
    demo.exchange(&code).await;
    site.goto(&format!("{callback}?code={code}&state={state}"))
        .await;
    site.reads("h1", "This login has already been used").await;
}

#[tokio::test]
async fn a_login_needs_no_mouse() {
    let demo = Demo::start();
    let site = Window::open(&["--accept-lang=en"]).await;
    site.goto(&demo.site).await;
    site.press_until_focused("#login").await;
    site.picture("welcome-focus").await;
    site.press_enter().await;
    site.wait_for("#sim_phone").await;
    let phone = site.second_window("#sim_phone").await;
    phone.press_until_focused("button.allow").await;
    phone.press_enter().await;
    phone.wait_for("#allowed").await;
    site.wait_for("#nickname").await;
    site.press_until_focused("#logout").await;
    site.press_enter().await;
    site.wait_for("#login").await;
}

#[tokio::test]
async fn a_phone_in_the_dark_shows_it_all_without_scrolling_sideways() {
    let demo = Demo::start();
    let site = Window::small_and_dark().await;
    site.goto(&demo.site).await;
    site.fits().await;
    site.picture("small-dark-welcome").await;
    site.click("#login").await;
    site.wait_for("#sim_phone").await;
    site.fits().await;
    site.picture("small-dark-qr").await;
    let phone = site.second_window("#sim_phone").await;
    phone.fits().await;
    phone.picture("small-dark-phone").await;
    phone.hold_as("long").await;
    phone.click("button.allow").await;
    site.wait_for("#nickname").await;
    site.fits().await;
    site.picture("small-dark-profile").await;
    site.goto(&format!("{}callback", demo.site)).await;
    site.fits().await;
    site.picture("small-dark-problem").await;
    site.click("header .quiet").await;
    site.wait_for("html[lang=en] #nickname").await;
}
