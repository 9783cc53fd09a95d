//! A device that several people use, one after another: a session that no new login may use, since it has been idle or
//! `session_idle` is zero, still ends with the next login in that browser.

use std::time::Duration;

use axum::http::StatusCode;

use crate::world::{
    Browser, Options, World,
    browser::param,
    devices::{ENGLISH, WECHAT},
};

const OPEN: &str = "sessions where ended_at is null";
const REASONS: &str = "select coalesce(ended_reason, '') from sessions order by created_at";

/// The idle time, and the time after which the next user comes.
const IDLE: [(&str, u64); 3] = [("0s", 1), ("0s", 3600), ("12h", 12 * 3600)];

async fn with(idle: &str) -> World {
    World::with(Options {
        web: "silent_login = true\nrefresh = \"session\"".into(),
        more: format!("[lifetimes]\nsession_idle = \"{idle}\"\naccess_token = \"24h\"\n"),
        ..Options::default()
    })
    .await
}

#[tokio::test]
async fn the_next_user_ends_a_session_that_was_idle() {
    for (idle, seconds) in IDLE {
        let world = with(idle).await;
        let (web, other) = (world.web(), world.other());
        let mut browser = Browser::with(&[ENGLISH]);
        world.next_user("Alice");
        let callback = web.wechat_callback(&mut browser, &[]).await;
        let alice = browser.follow(&world, &callback).await;
        let alice = web.tokens(&param(&alice, "code")).await;
        world.clock.advance(Duration::from_secs(seconds));
        world.next_user("Bob");
        let bob = other.log_in(&mut browser, &[]).await;
        assert_ne!(alice.sub(), bob.sub());
        assert_eq!(world.texts(REASONS).await, ["other_user", ""], "{idle}");
        let userinfo = web.userinfo(&alice.access_token).await;
        assert_eq!(userinfo.status, StatusCode::UNAUTHORIZED, "{idle}");
        let refreshed = web.refresh(alice.refresh_token(), &[]).await;
        assert_eq!(refreshed.status, StatusCode::BAD_REQUEST, "{idle}");
        // The back button gives the second user nothing of the first.
        let page = browser.open(&world, &callback).await;
        assert!(param(page.location(), "code").is_empty(), "{idle}");
        let hint = [("id_token_hint", &*bob.id_token)];
        other.log_out(&mut browser, &hint).await;
        assert_eq!(world.count(OPEN).await, 0, "{idle}");
    }
}

#[tokio::test]
async fn the_same_user_has_one_session_that_a_logout_ends() {
    for (idle, seconds) in IDLE {
        let world = with(idle).await;
        let (web, other) = (world.web(), world.other());
        let mut browser = Browser::with(&[ENGLISH]);
        let first = web.log_in(&mut browser, &[]).await;
        world.clock.advance(Duration::from_secs(seconds));
        let second = other.log_in(&mut browser, &[]).await;
        assert_eq!(first.claims["sid"], second.claims["sid"], "{idle}");
        assert_eq!(world.count("sessions").await, 1, "{idle}");
        let page = web.log_out(&mut browser, &[]).await;
        web.confirm_logout(&mut browser, &page).await;
        assert_eq!(world.count(OPEN).await, 0, "{idle}");
        let userinfo = web.userinfo(&first.access_token).await;
        assert_eq!(userinfo.status, StatusCode::UNAUTHORIZED, "{idle}");
    }
}

/// A silent login is one of the user of this WeChat, who is not always the one of the session.
#[tokio::test]
async fn a_silent_login_ends_an_idle_session_of_another_user() {
    for (idle, seconds) in IDLE {
        let world = with(idle).await;
        let web = world.web();
        let inside = || Browser::with(&[WECHAT, ("sec-fetch-dest", "document")]);
        world.next_user("Bob");
        let bob = web.log_in(&mut inside(), &[]).await;
        world.next_user("Alice");
        let mut browser = inside();
        let alice = web.log_in(&mut browser, &[]).await;
        world.clock.advance(Duration::from_secs(seconds));
        world.next_user("Bob");
        let silent = web.log_in(&mut browser, &[("prompt", "none")]).await;
        assert_eq!(silent.sub(), bob.sub(), "{idle}");
        let reasons = ["", "other_user", ""];
        assert_eq!(world.texts(REASONS).await, reasons, "{idle}");
        let userinfo = web.userinfo(&alice.access_token).await;
        assert_eq!(userinfo.status, StatusCode::UNAUTHORIZED, "{idle}");
    }
}

/// The operator may enable the user again: what the page has called ended must not come back then.
#[tokio::test]
async fn a_logout_of_a_disabled_user_and_the_next_login_end_the_session() {
    for logs_out in [true, false] {
        let world = World::start().await;
        let web = world.web();
        let mut browser = Browser::with(&[ENGLISH]);
        world.next_user("Alice");
        let alice = web.log_in(&mut browser, &[]).await;
        let admin = crate::admin::admin(&world).await;
        admin.set_disabled(alice.sub(), true).await.unwrap();
        if logs_out {
            let page = web.log_out(&mut browser, &[]).await;
            web.confirm_logout(&mut browser, &page).await;
            assert_eq!(world.texts(REASONS).await, ["logged_out"]);
        } else {
            world.next_user("Bob");
            web.log_in(&mut browser, &[]).await;
            assert_eq!(world.texts(REASONS).await, ["other_user", ""]);
        }
        admin.set_disabled(alice.sub(), false).await.unwrap();
        let userinfo = web.userinfo(&alice.access_token).await;
        assert_eq!(userinfo.status, StatusCode::UNAUTHORIZED);
    }
}
