//! Refresh tokens that are forged, revoked, or whose user, client or session has ended.

use std::time::Duration;

use axum::http::StatusCode;
use serde_json::json;

use crate::world::{Browser, OFFLINE, Options, Page, RelyingParty, Tokens, World};

fn assert_error(page: &Page, status: StatusCode, error: &str) {
    assert_eq!(
        (page.status, &page.json()["error"]),
        (status, &json!(error)),
        "{}",
        page.body
    );
}

async fn assert_gives_no_access(client: RelyingParty<'_>, tokens: &Tokens) {
    let page = client.refresh(tokens.refresh_token(), &[]).await;
    assert_error(&page, StatusCode::BAD_REQUEST, "invalid_grant");
    let page = client.userinfo(&tokens.access_token).await;
    assert_error(&page, StatusCode::UNAUTHORIZED, "invalid_token");
    for token in [&tokens.access_token, tokens.refresh_token()] {
        assert!(!client.is_active(token).await);
    }
}

async fn assert_gives_access(client: RelyingParty<'_>, tokens: &Tokens) {
    client.refreshed(tokens.refresh_token()).await;
    let page = client.userinfo(&tokens.access_token).await;
    assert_eq!(page.status, StatusCode::OK);
}

/// fosite CVE-2020-15223: errors of the store were ignored, and the client took the token for revoked.
#[tokio::test]
async fn a_store_that_fails_never_confirms_a_revocation() {
    let world = World::start().await;
    let web = world.web();
    let tokens = web.log_in_offline(&mut Browser::default()).await;
    for (breaks, repairs) in [
        (
            "alter table grants rename to gone",
            "alter table gone rename to grants",
        ),
        (
            "create trigger readonly before update on grants
             begin select raise(rollback, 'disk full'); end",
            "drop trigger readonly",
        ),
        (
            "create trigger readonly before update on grants
             begin select raise(abort, 'constraint'); end",
            "drop trigger readonly",
        ),
    ] {
        world.execute(breaks).await;
        for token in [&tokens.access_token, tokens.refresh_token()] {
            let page = web.revoke(token).await;
            let unavailable = StatusCode::SERVICE_UNAVAILABLE;
            assert_error(&page, unavailable, "temporarily_unavailable");
            assert_eq!(page.header("retry-after"), "5");
        }
        world.execute(repairs).await;
        assert_gives_access(web, &tokens).await;
    }
    assert_eq!(
        web.revoke(&tokens.access_token).await.status,
        StatusCode::OK
    );
    assert_gives_no_access(web, &tokens).await;
}

/// The same for a rotation: a client must not receive a successor that was not stored.
#[tokio::test]
async fn a_store_that_fails_gives_no_successor_and_takes_no_token() {
    let world = World::start().await;
    let app = world.app();
    let tokens = app.log_in_offline(&mut Browser::default()).await;
    world
        .execute(
            "create trigger readonly before update on grants
             begin select raise(rollback, 'disk full'); end",
        )
        .await;
    let page = app.refresh(tokens.refresh_token(), &[]).await;
    let unavailable = StatusCode::SERVICE_UNAVAILABLE;
    assert_error(&page, unavailable, "temporarily_unavailable");
    world.execute("drop trigger readonly").await;
    world.clock.advance(Duration::from_mins(2));
    app.refreshed(tokens.refresh_token()).await;
}

/// casdoor CVE-2026-9097: a revoked token was accepted at another endpoint.
#[tokio::test]
async fn a_revoked_token_is_accepted_by_no_endpoint() {
    let world = World::start().await;
    let web = world.web();
    let first = web.log_in_offline(&mut Browser::default()).await;
    world.clock.advance(Duration::from_secs(1));
    let second = web.refreshed(first.refresh_token()).await;
    assert_eq!(
        web.revoke(&second.access_token).await.status,
        StatusCode::OK
    );
    for tokens in [&first, &second] {
        assert_gives_no_access(web, tokens).await;
        for grant_type in [
            "urn:ietf:params:oauth:grant-type:token-exchange",
            "authorization_code",
        ] {
            let changes = [
                ("grant_type", grant_type),
                ("subject_token", &tokens.access_token),
            ];
            let page = web.redeem(tokens.refresh_token(), &changes).await;
            assert_eq!(page.status, StatusCode::BAD_REQUEST);
        }
    }
}

#[tokio::test]
async fn a_user_who_is_disabled_between_two_refreshes_gets_nothing() {
    let world = World::start().await;
    for client in [world.web(), world.other()] {
        let tokens = client.log_in_offline(&mut Browser::default()).await;
        client.refreshed(tokens.refresh_token()).await;
        world.execute("update users set disabled_at = 1").await;
        assert_gives_no_access(client, &tokens).await;
        world.execute("update users set disabled_at = null").await;
        assert_gives_access(client, &tokens).await;
    }
    assert_eq!(world.token_events().await, [""; 0]);
}

/// Another user in the browser ends the session, and with it the refresh tokens that belong to it.
#[tokio::test]
async fn a_session_that_ends_takes_its_refresh_tokens_with_it() {
    let world = World::with(Options {
        web: "refresh = \"session\"".to_owned(),
        ..Options::default()
    })
    .await;
    let (web, mut browser) = (world.web(), Browser::default());
    world.next_user("first");
    let of_session = web.log_in(&mut browser, &[]).await;
    let offline = web.log_in(&mut browser, &OFFLINE).await;
    world.next_user("second");
    let second = web.log_in(&mut browser, &[("prompt", "login")]).await;
    assert_gives_no_access(web, &of_session).await;
    assert_gives_access(web, &offline).await;
    assert_gives_access(web, &second).await;
}

#[tokio::test]
async fn a_client_that_is_removed_between_two_refreshes_gets_nothing() {
    let mut world = World::start().await;
    let tokens = world.web().log_in_offline(&mut Browser::default()).await;
    let edit = |text: String| text.replace("id = \"web\"", "id = \"renamed\"");
    world
        .restart_with(Options {
            edit: Some(edit),
            ..Options::default()
        })
        .await;
    for page in [
        world.web().refresh(tokens.refresh_token(), &[]).await,
        world.web().introspect(&tokens.access_token).await,
        world.web().revoke(&tokens.access_token).await,
    ] {
        assert_error(&page, StatusCode::UNAUTHORIZED, "invalid_client");
    }
    // The renamed client is another one. For it, the token is unknown.
    let renamed = RelyingParty::confidential(&world, "renamed", crate::world::CALLBACK);
    let page = renamed.refresh(tokens.refresh_token(), &[]).await;
    assert_error(&page, StatusCode::BAD_REQUEST, "invalid_grant");
    assert!(!renamed.is_active(&tokens.access_token).await);
    let page = renamed.revoke(&tokens.access_token).await;
    assert_eq!(page.status, StatusCode::OK);
    world.restart_with(Options::default()).await;
    assert_gives_access(world.web(), &tokens).await;
}

/// A token of one issuer is unknown at another one.
#[tokio::test]
async fn a_token_is_carried_from_one_issuer_to_another_in_vain() {
    let more = r#"
[[issuer]]
url = "https://localhost/tenant"
apps = ["website"]
[[client]]
id = "tenant"
issuer = "https://localhost/tenant"
secret = "0123456789abcdefghijABCDEFGHIJ_-"
redirect_uris = ["https://rp.example/callback"]
introspects = ["web"]
"#;
    let world = World::with(Options {
        more: more.to_owned(),
        ..Options::default()
    })
    .await;
    let tenant = RelyingParty::confidential(&world, "tenant", crate::world::CALLBACK);
    let tenant = tenant.at("/tenant");
    let tokens = world.web().log_in_offline(&mut Browser::default()).await;
    let page = tenant.refresh(tokens.refresh_token(), &[]).await;
    assert_error(&page, StatusCode::BAD_REQUEST, "invalid_grant");
    for token in [&tokens.access_token, tokens.refresh_token()] {
        assert!(!tenant.is_active(token).await);
        assert_eq!(tenant.revoke(token).await.status, StatusCode::OK);
    }
    // Nor are its credentials good at the other issuer.
    let elsewhere = world.web().at("/tenant");
    let page = elsewhere.refresh(tokens.refresh_token(), &[]).await;
    assert_error(&page, StatusCode::UNAUTHORIZED, "invalid_client");
    assert_gives_access(world.web(), &tokens).await;
}

/// RFC 6749 §4.1.2: the refresh tokens of a code that is used again are revoked with its access token.
#[tokio::test]
async fn a_code_that_is_used_again_takes_the_refresh_token_with_it() {
    let world = World::start().await;
    let web = world.web();
    let code = web.code(&mut Browser::default(), &OFFLINE).await;
    let tokens = web.tokens(&code).await;
    world.clock.advance(Duration::from_secs(11));
    web.refreshed(tokens.refresh_token()).await;
    let page = web.redeem(&code, &[]).await;
    assert_error(&page, StatusCode::BAD_REQUEST, "invalid_grant");
    assert_gives_no_access(web, &tokens).await;
}
