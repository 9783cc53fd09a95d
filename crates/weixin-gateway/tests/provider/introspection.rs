//! Introspection (RFC 7662).

use std::time::Duration;

use axum::http::StatusCode;
use serde_json::json;

use crate::world::{Browser, Options, SECRET, World};

const INACTIVE: &str = r#"{"active":false}"#;

/// `other` is an API of `web`'s.
async fn with_api() -> World {
    let edit =
        |text: String| text.replace("id = \"other\"", "id = \"other\"\nintrospects = ['web']");
    World::with(Options {
        edit: Some(edit),
        ..Options::default()
    })
    .await
}

#[tokio::test]
async fn a_client_learns_what_its_token_is_good_for() {
    let world = World::start().await;
    let tokens = world.web().log_in_offline(&mut Browser::default()).await;
    let now = world.clock.seconds();
    let page = world.web().introspect(&tokens.access_token).await;
    let expected = json!({
        "active": true,
        "iss": world.issuer(),
        "sub": tokens.sub(),
        "aud": "web",
        "client_id": "web",
        "scope": "openid profile offline_access",
        "exp": now + 3600,
        "token_type": "Bearer",
    });
    assert_eq!((page.status, page.json()), (StatusCode::OK, expected));
    assert_eq!(page.header("cache-control"), "no-store");
    // Meant for the issuer, and not for an API.
    let page = world.web().introspect(tokens.refresh_token()).await;
    let expected = json!({
        "active": true,
        "iss": world.issuer(),
        "sub": tokens.sub(),
        "aud": world.issuer(),
        "client_id": "web",
        "scope": "openid profile offline_access",
        "exp": now + 30 * 24 * 3600,
    });
    assert_eq!((page.status, page.json()), (StatusCode::OK, expected));
    let narrow = [("scope", "openid")];
    let page = world.web().refresh(tokens.refresh_token(), &narrow).await;
    let access_token = page.json()["access_token"].as_str().unwrap().to_owned();
    let page = world.web().introspect(&access_token).await;
    assert_eq!(page.json()["scope"], "openid");
}

/// RFC 9700 §2.3: a token made for one client is not accepted by every API.
#[tokio::test]
async fn a_client_learns_nothing_about_the_tokens_of_others() {
    let world = with_api().await;
    let (web, api) = (world.web(), world.other());
    let of_web = web.log_in_offline(&mut Browser::default()).await;
    let of_api = api.log_in_offline(&mut Browser::default()).await;
    let page = api.introspect(&of_web.access_token).await;
    assert_eq!(page.json()["client_id"], "web");
    // An API must not take a refresh token for an access token.
    for (client, token) in [
        (api, of_web.refresh_token()),
        (web, &of_api.access_token),
        (web, of_api.refresh_token()),
    ] {
        assert_eq!(client.introspect(token).await.body, INACTIVE, "{token}");
    }
}

#[tokio::test]
async fn a_token_that_gives_no_access_is_inactive_and_nothing_else_is_told() {
    let world = World::start().await;
    let (web, mut browser) = (world.web(), Browser::default());
    let of_session = web.log_in(&mut browser, &[]).await.access_token;
    let offline = web.log_in_offline(&mut browser).await;
    let code = web.code(&mut browser, &[]).await;
    for text in [
        "x",
        "wxa_",
        &code,
        &offline.id_token,
        &format!("wxa_{}", &offline.refresh_token()[4..]),
        &format!("wxr_{}", &of_session[4..]),
        &format!("{of_session}A"),
    ] {
        let page = web.introspect(text).await;
        assert_eq!((page.status, &*page.body), (StatusCode::OK, INACTIVE));
    }
    let all = [&*of_session, &offline.access_token, offline.refresh_token()];
    for (change, undo, expected) in [
        (
            "update sessions set ended_at = 1",
            "update sessions set ended_at = null",
            [false, true, true],
        ),
        (
            "update users set disabled_at = 1",
            "update users set disabled_at = null",
            [false; 3],
        ),
        (
            "update grants set revoked_at = 1",
            "update grants set revoked_at = null",
            [false; 3],
        ),
    ] {
        for (sql, expected) in [(change, expected), (undo, [true; 3])] {
            world.execute(sql).await;
            for (token, expected) in all.iter().zip(expected) {
                assert_eq!(web.is_active(token).await, expected, "{sql}: {token}");
            }
        }
    }
    world.clock.advance(Duration::from_hours(1));
    assert!(!web.is_active(&offline.access_token).await);
    assert!(web.is_active(offline.refresh_token()).await);
    world.clock.advance(Duration::from_hours(30 * 24));
    assert!(!web.is_active(offline.refresh_token()).await);
}

/// A question about a token that was replaced is no use of it.
#[tokio::test]
async fn a_replaced_refresh_token_is_active_within_the_grace_period() {
    let world = World::with(Options {
        web: "rotate_refresh_tokens = true".to_owned(),
        ..Options::default()
    })
    .await;
    let web = world.web();
    let first = web.log_in_offline(&mut Browser::default()).await;
    let second = web.refreshed(first.refresh_token()).await;
    for (seconds, expected) in [(59, true), (1, false)] {
        world.clock.advance(Duration::from_secs(seconds));
        assert_eq!(web.is_active(first.refresh_token()).await, expected);
        assert!(web.is_active(second.refresh_token()).await);
    }
    web.refreshed(second.refresh_token()).await;
}

/// RFC 7662 §2.1: an attacker could try tokens out.
#[tokio::test]
async fn only_a_client_with_a_secret_may_ask() {
    let world = World::start().await;
    let token = world.app().log_in(&mut Browser::default(), &[]).await;
    let wrong = world
        .web()
        .with_secret("wrongwrongwrongwrongwrongwrongwrong");
    for (client, challenge) in [
        (world.app(), ""),
        (world.web().without_secret(), ""),
        (wrong, "Basic realm=\"token\""),
    ] {
        let page = client.introspect(&token.access_token).await;
        assert_eq!(
            (page.status, &page.json()["error"]),
            (StatusCode::UNAUTHORIZED, &json!("invalid_client"))
        );
        assert_eq!(page.header("www-authenticate"), challenge);
    }
    let page = world.web().introspect("").await;
    let expected = json!({
        "error": "invalid_request",
        "error_description": "the parameter token is missing",
    });
    assert_eq!(
        (page.status, page.json()),
        (StatusCode::BAD_REQUEST, expected)
    );
    let form = [
        ("client_id", "web"),
        ("client_secret", SECRET),
        ("token", "x"),
        ("token_type_hint", "access_token"),
    ];
    let page = Browser::default().post(&world, "/introspect", &form).await;
    assert_eq!((page.status, &*page.body), (StatusCode::OK, INACTIVE));
}

#[tokio::test]
async fn a_store_that_fails_is_not_an_inactive_token() {
    let world = World::start().await;
    let tokens = world.web().log_in(&mut Browser::default(), &[]).await;
    world.execute("alter table grants rename to gone").await;
    let page = world.web().introspect(&tokens.access_token).await;
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(page.json()["error"], "temporarily_unavailable");
}
