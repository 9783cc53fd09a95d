//! Refresh tokens: who receives them, and how long they are valid.

use std::time::Duration;

use axum::http::StatusCode;
use serde_json::json;

use crate::world::{Browser, OFFLINE, Options, Page, World};

const DAY: Duration = Duration::from_hours(24);
const END: &str = "update sessions set ended_at = 1, ended_reason = 'test'";

fn with_web(web: &str) -> Options {
    Options {
        web: web.to_owned(),
        ..Options::default()
    }
}

fn assert_error(page: &Page, error: &str, description: &str) {
    let expected = json!({ "error": error, "error_description": description });
    assert_eq!(
        (page.status, page.json()),
        (StatusCode::BAD_REQUEST, expected)
    );
}

const ENDED: &str = "the refresh token is unknown, was revoked, or its session has ended";
const EXPIRED: &str = "the refresh token has expired";

#[tokio::test]
async fn a_refresh_token_comes_with_offline_access_and_only_then() {
    let world = World::start().await;
    for client in [world.web(), world.app()] {
        let without = client.log_in(&mut Browser::default(), &[]).await;
        assert_eq!(without.refresh_token(), "");
        client.log_in_offline(&mut Browser::default()).await;
    }
    // By the session too, without a question.
    let mut browser = Browser::default();
    world.web().log_in(&mut browser, &[]).await;
    let silent = [OFFLINE[0], ("prompt", "none")];
    let tokens = world.web().log_in(&mut browser, &silent).await;
    assert!(tokens.refresh_token().starts_with("wxr_"));
}

#[tokio::test]
async fn a_client_whose_scopes_leave_it_out_receives_none() {
    let edit = |text: String| text.replace(r#"["offline_access", "#, "[");
    let world = World::with(Options {
        edit: Some(edit),
        ..Options::default()
    })
    .await;
    let tokens = world.web().log_in(&mut Browser::default(), &OFFLINE).await;
    assert_eq!(tokens.refresh_token(), "");
    assert_eq!(tokens.response["scope"], "openid profile");
}

#[tokio::test]
async fn an_offline_grant_outlives_its_session() {
    let world = World::start().await;
    let mut browser = Browser::default();
    let tokens = world.web().log_in_offline(&mut browser).await;
    assert_eq!(tokens.claims["amr"], json!(["wechat", "qr"]));
    world.execute(END).await;
    let next = world.web().refreshed(tokens.refresh_token()).await;
    assert_eq!(next.claims["sid"], tokens.claims["sid"]);
    // How the user logged in is no longer known when the session is gone.
    assert_eq!(next.claims["amr"], json!(["wechat", "qr"]));
    world.execute("delete from sessions").await;
    let next = world.web().refreshed(tokens.refresh_token()).await;
    assert_eq!(next.claims.get("amr"), None);
    let userinfo = world.web().userinfo(&next.access_token).await;
    assert_eq!(userinfo.status, StatusCode::OK);
}

#[tokio::test]
async fn a_client_may_receive_tokens_that_end_with_the_session() {
    let world = World::with(with_web("refresh = \"session\"")).await;
    let mut browser = Browser::default();
    let of_session = world.web().log_in(&mut browser, &[]).await;
    let offline = world.web().log_in_offline(&mut browser).await;
    world.clock.advance(Duration::from_hours(2));
    let next = world.web().refreshed(of_session.refresh_token()).await;
    assert_eq!(next.response["scope"], "openid profile");
    // A login of the same user renews the session.
    world
        .web()
        .log_in(&mut browser, &[("prompt", "login")])
        .await;
    let next = world.web().refreshed(of_session.refresh_token()).await;
    assert_eq!(next.claims["auth_time"], of_session.claims["auth_time"]);
    world.execute(END).await;
    let page = world.web().refresh(of_session.refresh_token(), &[]).await;
    assert_error(&page, "invalid_grant", ENDED);
    world.web().refreshed(offline.refresh_token()).await;
}

#[tokio::test]
async fn tokens_of_a_session_expire_with_it() {
    let world = World::with(with_web("refresh = \"session\"")).await;
    let tokens = world.web().log_in(&mut Browser::default(), &[]).await;
    world.clock.advance(Duration::from_secs(7 * 24 * 3600 - 1));
    world.web().refreshed(tokens.refresh_token()).await;
    world.clock.advance(Duration::from_secs(1));
    let page = world.web().refresh(tokens.refresh_token(), &[]).await;
    assert_error(&page, "invalid_grant", ENDED);
}

#[tokio::test]
async fn a_token_expires_after_30_days_without_use_and_after_180_in_any_case() {
    let world = World::start().await;
    for client in [world.web(), world.app()] {
        let unused = client.log_in_offline(&mut Browser::default()).await;
        let used = client.log_in_offline(&mut Browser::default()).await;
        let mut token = used.refresh_token().to_owned();
        for days in [29, 1, 28, 29, 29, 29, 29] {
            world.clock.advance(days * DAY);
            token = client.refreshed(&token).await.refresh_token().to_owned();
            if days == 1 {
                let page = client.refresh(unused.refresh_token(), &[]).await;
                assert_error(&page, "invalid_grant", EXPIRED);
            }
        }
        // After 174 days, an access token lasts an hour; before the end, as long as its grant.
        world.clock.advance(Duration::from_mins(6 * 24 * 60 - 10));
        let last = client.refreshed(&token).await;
        assert_eq!(last.response["expires_in"], 600);
        world.clock.advance(Duration::from_mins(10));
        let page = client.refresh(last.refresh_token(), &[]).await;
        assert_error(&page, "invalid_grant", EXPIRED);
        let userinfo = client.userinfo(&last.access_token).await;
        assert_eq!(userinfo.status, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(world.token_events().await, [""; 0]);
}

#[tokio::test]
async fn lifetimes_and_rotation_can_be_configured() {
    let more =
        "[lifetimes]\nrefresh_token_idle = '2h'\nrefresh_token = '3h'\nrefresh_token_grace = '10m'";
    let world = World::with(Options {
        more: more.to_owned(),
        ..with_web("rotate_refresh_tokens = true")
    })
    .await;
    let first = world.web().log_in_offline(&mut Browser::default()).await;
    let second = world.web().refreshed(first.refresh_token()).await;
    assert_ne!(second.refresh_token(), first.refresh_token());
    world.clock.advance(Duration::from_secs(599));
    let again = world.web().refreshed(first.refresh_token()).await;
    assert_eq!(again.refresh_token(), second.refresh_token());
    world.clock.advance(Duration::from_secs(7199));
    let third = world.web().refreshed(second.refresh_token()).await;
    world.clock.advance(Duration::from_hours(1));
    let page = world.web().refresh(third.refresh_token(), &[]).await;
    assert_error(&page, "invalid_grant", EXPIRED);
}

/// RFC 6749 §6: for one access token, and never more than was granted.
#[tokio::test]
async fn an_access_token_may_have_fewer_scopes_than_its_grant() {
    let world = World::start().await;
    let web = world.web();
    let scopes = [("scope", "openid profile email offline_access")];
    let first = web.log_in(&mut Browser::default(), &scopes).await;
    let token = first.refresh_token();
    let claims = async |access_token: &str| {
        let page = web.userinfo(access_token).await;
        let claims = page.json().as_object().unwrap().clone();
        claims.keys().cloned().collect::<Vec<_>>().join(" ")
    };
    for (scope, granted, expected) in [
        ("openid email", "openid email", "email email_verified sub"),
        ("openid phone", "openid", "sub"),
        (
            "",
            "openid profile email offline_access",
            "email email_verified name nickname preferred_username sub updated_at",
        ),
    ] {
        let page = web.refresh(token, &[("scope", scope)]).await.json();
        assert_eq!(page["scope"], granted, "{scope}");
        assert_eq!(page["refresh_token"], *token, "{scope}");
        let access_token = page["access_token"].as_str().unwrap();
        assert_eq!(claims(access_token).await, expected, "{scope}");
        let id_token = page["id_token"].as_str().unwrap();
        let in_id_token = web.verified_claims(id_token).await;
        let has_email = granted.contains("email");
        assert_eq!(in_id_token.contains_key("email"), has_email, "{scope}");
    }
    // Without openid, there is neither an ID token nor userinfo.
    let page = web.refresh(token, &[("scope", "profile")]).await.json();
    assert_eq!(
        (&page["scope"], page.get("id_token")),
        (&json!("profile"), None)
    );
    let access_token = page["access_token"].as_str().unwrap();
    let userinfo = web.userinfo(access_token).await;
    assert_eq!(userinfo.status, StatusCode::FORBIDDEN);
    let page = web.refresh(token, &[("scope", "openid wechat")]).await;
    let description = "scope has a scope that was not granted";
    assert_error(&page, "invalid_scope", description);
    web.refreshed(token).await;
}

#[tokio::test]
async fn a_refresh_token_survives_a_restart_and_obeys_the_new_configuration() {
    let mut world = World::start().await;
    let tokens = world.web().log_in_offline(&mut Browser::default()).await;
    let token = tokens.refresh_token();
    world.restart().await;
    assert_eq!(world.web().refreshed(token).await.refresh_token(), token);
    let edit = |text: String| text.replace(r#"["offline_access", "#, "[");
    world
        .restart_with(Options {
            edit: Some(edit),
            ..Options::default()
        })
        .await;
    let description = "the client may not use refresh tokens any more";
    let page = world.web().refresh(token, &[]).await;
    assert_error(&page, "invalid_grant", description);
    world.restart_with(Options::default()).await;
    world.web().refreshed(token).await;
}

#[tokio::test]
async fn the_profile_of_a_new_id_token_is_the_current_one() {
    let world = World::start().await;
    world.next_user("Alice");
    let tokens = world.web().log_in_offline(&mut Browser::default()).await;
    world.execute("update users set nickname = 'Bob'").await;
    let next = world.web().refreshed(tokens.refresh_token()).await;
    assert_eq!(
        (&tokens.claims["name"], &next.claims["name"]),
        (&json!("Alice"), &json!("Bob"))
    );
}
