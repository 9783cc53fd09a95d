//! Revocation (RFC 7009).

use std::time::Duration;

use axum::http::StatusCode;
use serde_json::json;

use crate::world::{Browser, Page, RelyingParty, SECRET, Tokens, World};

fn assert_revoked(page: &Page) {
    assert_eq!((page.status, &*page.body), (StatusCode::OK, ""));
}

/// Whether the access token and the refresh token work.
async fn work(client: RelyingParty<'_>, tokens: &Tokens) -> [bool; 2] {
    let userinfo = client.userinfo(&tokens.access_token).await;
    let refresh = client.refresh(tokens.refresh_token(), &[]).await;
    [userinfo, refresh].map(|page| page.status == StatusCode::OK)
}

#[tokio::test]
async fn an_access_or_refresh_token_revokes_its_grant() {
    let world = World::start().await;
    for client in [world.web(), world.app()] {
        let mut browser = Browser::default();
        let kept = client.log_in_offline(&mut browser).await;
        for by_access_token in [true, false] {
            let tokens = client.log_in_offline(&mut browser).await;
            let token = if by_access_token {
                &tokens.access_token
            } else {
                tokens.refresh_token()
            };
            assert_revoked(&client.revoke(token).await);
            assert_eq!(work(client, &tokens).await, [false; 2]);
            // Once more: what the client wants is so already (§2.2).
            assert_revoked(&client.revoke(token).await);
        }
        assert_eq!(work(client, &kept).await, [true; 2]);
        // The session of the browser goes on.
        client.log_in(&mut browser, &[("prompt", "none")]).await;
    }
    let events = ["web", "web", "app", "app"].map(|client| format!("grant.revoked {client}"));
    assert_eq!(world.token_events().await, events);
}

#[tokio::test]
async fn a_token_that_has_expired_or_was_replaced_revokes_its_grant() {
    let world = World::start().await;
    let app = world.app();
    for is_replaced in [true, false] {
        let tokens = app.log_in_offline(&mut Browser::default()).await;
        let next = app.refreshed(tokens.refresh_token()).await;
        world.clock.advance(Duration::from_hours(2));
        let token = if is_replaced {
            tokens.refresh_token()
        } else {
            &tokens.access_token
        };
        assert_revoked(&app.revoke(token).await);
        assert_eq!(work(app, &next).await, [false; 2]);
    }
}

#[tokio::test]
async fn an_unknown_token_is_no_error() {
    let world = World::start().await;
    let tokens = world.web().log_in_offline(&mut Browser::default()).await;
    for text in [
        "x",
        "wxa_",
        &tokens.id_token,
        &format!("wxr_{}", &tokens.access_token[4..]),
        &format!("{}A", tokens.access_token),
    ] {
        assert_revoked(&world.web().revoke(text).await);
    }
    assert_eq!(work(world.web(), &tokens).await, [true; 2]);
    world.execute("delete from grants").await;
    assert_revoked(&world.web().revoke(&tokens.access_token).await);
}

#[tokio::test]
async fn the_token_of_another_client_stays_valid() {
    let world = World::start().await;
    let tokens = world.web().log_in_offline(&mut Browser::default()).await;
    for client in [world.other(), world.app()] {
        for token in [&tokens.access_token, tokens.refresh_token()] {
            let page = client.revoke(token).await;
            let expected = json!({
                "error": "unauthorized_client",
                "error_description": "the token was issued to another client",
            });
            assert_eq!(
                (page.status, page.json()),
                (StatusCode::BAD_REQUEST, expected)
            );
        }
    }
    assert_eq!(work(world.web(), &tokens).await, [true; 2]);
}

#[tokio::test]
async fn a_client_must_authenticate() {
    let world = World::start().await;
    let tokens = world.web().log_in_offline(&mut Browser::default()).await;
    let wrong = world
        .web()
        .with_secret("wrongwrongwrongwrongwrongwrongwrong");
    for client in [wrong, world.web().without_secret()] {
        let page = client.revoke(&tokens.access_token).await;
        assert_eq!(
            (page.status, &page.json()["error"]),
            (StatusCode::UNAUTHORIZED, &json!("invalid_client"))
        );
    }
    let page = world.web().revoke("").await;
    let expected = json!({
        "error": "invalid_request",
        "error_description": "the parameter token is missing",
    });
    assert_eq!(
        (page.status, page.json()),
        (StatusCode::BAD_REQUEST, expected)
    );
    assert_eq!(work(world.web(), &tokens).await, [true; 2]);
    let form = [
        ("client_id", "web"),
        ("client_secret", SECRET),
        ("token", &tokens.access_token),
        ("token_type_hint", "refresh_token"),
    ];
    assert_revoked(&Browser::default().post(&world, "/revoke", &form).await);
    assert_eq!(work(world.web(), &tokens).await, [false; 2]);
}

/// The grant of a user who is disabled is revoked too, and not there again when the user is enabled.
#[tokio::test]
async fn the_grant_of_a_disabled_user_is_revoked() {
    let world = World::start().await;
    let tokens = world.web().log_in_offline(&mut Browser::default()).await;
    world.execute("update users set disabled_at = 1").await;
    assert_revoked(&world.web().revoke(&tokens.access_token).await);
    world.execute("update users set disabled_at = null").await;
    assert_eq!(work(world.web(), &tokens).await, [false; 2]);
}
