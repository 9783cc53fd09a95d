//! Codes in the wrong hands (RFC 9700 §4.5; RFC 6749 §10.5).

use std::time::Duration;

use axum::http::StatusCode;
use futures_util::future::join_all;

use crate::world::{Browser, Page, RelyingParty, World, database::Rows};

const OTHER_VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXl";

fn assert_invalid_grant(page: &Page) {
    assert_eq!(page.status, StatusCode::BAD_REQUEST, "{}", page.body);
    assert_eq!(page.json()["error"], "invalid_grant");
    assert!(!page.body.contains("wxa_") && !page.body.contains("wxc_"));
}

/// RFC 9700 §4.5: the code is bound to client, redirect URI and challenge. A failed attempt does not use it up.
#[tokio::test]
async fn a_stolen_code_is_worth_nothing_to_another_client() {
    let world = World::start().await;
    let (web, other, app) = (world.web(), world.other(), world.app());
    for (victim, attackers) in [(web, [other, app]), (app, [web, other])] {
        let code = victim.code(&mut Browser::default(), &[]).await;
        for attacker in attackers {
            assert_invalid_grant(&attacker.redeem(&code, &[]).await);
            // With the redirect URI of the victim, and with its ID beside credentials of its own.
            let stolen = attacker.with_redirect_uri(victim.redirect_uri);
            assert_invalid_grant(&stolen.redeem(&code, &[]).await);
        }
        for redirect_uri in [
            "https://evil.example/",
            "https://rp.example/callback/",
            "http://127.0.0.1:80/callback",
        ] {
            assert_invalid_grant(
                &victim
                    .redeem(&code, &[("redirect_uri", redirect_uri)])
                    .await,
            );
        }
        let page = victim.redeem(&code, &[("redirect_uri", "")]).await;
        assert_eq!(page.json()["error"], "invalid_request");
        assert_invalid_grant(
            &victim
                .redeem(&code, &[("code_verifier", OTHER_VERIFIER)])
                .await,
        );
        victim.tokens(&code).await;
    }
    assert_eq!(world.count("grants").await, 2);
}

/// RFC 6749 §2.3.1, §5.2: the credentials of one client and the ID of another.
#[tokio::test]
async fn a_client_cannot_name_another_beside_its_own_credentials() {
    let world = World::start().await;
    let code = world.web().code(&mut Browser::default(), &[]).await;
    let page = world.other().redeem(&code, &[("client_id", "web")]).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    assert_eq!(page.json()["error"], "invalid_request");
    let page = world
        .web()
        .redeem(&code, &[("client_secret", crate::world::SECRET)])
        .await;
    assert_eq!(page.json()["error"], "invalid_request");
    world.web().tokens(&code).await;
}

/// RFC 6749 §4.1.2: 60 seconds.
#[tokio::test]
async fn a_code_expires_after_a_minute() {
    let world = World::start().await;
    let mut browser = Browser::default();
    let web = world.web();
    let (early, late) = (
        web.code(&mut browser, &[]).await,
        web.code(&mut browser, &[]).await,
    );
    world.clock.advance(Duration::from_secs(59));
    web.tokens(&early).await;
    world.clock.advance(Duration::from_secs(1));
    assert_invalid_grant(&web.redeem(&late, &[]).await);
    assert_eq!(world.count("grants").await, 1);
}

/// RFC 6749 §4.1.2, §10.5: of a hundred at once, one is granted.
#[tokio::test(flavor = "multi_thread")]
async fn of_a_hundred_redemptions_at_once_one_gets_tokens() {
    let world = World::start().await;
    let web = world.web();
    let code = web.code(&mut Browser::default(), &[]).await;
    let pages = join_all((0..100).map(|_| web.redeem(&code, &[]))).await;
    let (granted, rejected): (Vec<_>, Vec<_>) =
        pages.iter().partition(|page| page.status == StatusCode::OK);
    assert_eq!((granted.len(), rejected.len()), (1, 99));
    rejected.into_iter().for_each(assert_invalid_grant);
    assert_eq!(
        world.rows().await,
        Rows {
            users: 1,
            identities: 2,
            sessions: 1,
            grants: 1
        }
    );
}

/// RFC 6749 §4.1.2: a second use revokes what the first gave, unless it comes at once, as from a browser that loads a
/// callback twice. Another client cannot cause that.
#[tokio::test]
async fn a_code_that_is_used_again_revokes_its_tokens() {
    let world = World::start().await;
    let (web, other) = (world.web(), world.other());
    let code = web.code(&mut Browser::default(), &[]).await;
    let tokens = web.tokens(&code).await;
    world.clock.advance(Duration::from_secs(9));
    assert_invalid_grant(&web.redeem(&code, &[]).await);
    assert_eq!(
        web.userinfo(&tokens.access_token).await.status,
        StatusCode::OK
    );
    world.clock.advance(Duration::from_secs(2));
    assert_invalid_grant(&other.redeem(&code, &[]).await);
    // Without the verifier, it is not the client that sends it.
    assert_invalid_grant(
        &web.redeem(&code, &[("code_verifier", OTHER_VERIFIER)])
            .await,
    );
    assert_eq!(
        web.userinfo(&tokens.access_token).await.status,
        StatusCode::OK
    );
    assert_invalid_grant(&web.redeem(&code, &[]).await);
    let page = web.userinfo(&tokens.access_token).await;
    assert_eq!(page.json()["error"], "invalid_token");
    let events = world
        .texts("select event from audit where event = 'code.reused'")
        .await;
    assert_eq!(events, ["code.reused"]);
}

/// RFC 9700 §2.5: who the client is, is checked before the code is looked at; and an unknown client is not told from a
/// wrong secret.
#[tokio::test]
async fn the_client_is_authenticated_before_the_code_is_looked_at() {
    let world = World::start().await;
    let web = world.web();
    let code = web.code(&mut Browser::default(), &[]).await;
    let wrong = "wrongwrongwrongwrongwrongwrongwrong";
    let clients = [
        RelyingParty::confidential(&world, "web", web.redirect_uri).with_secret(wrong),
        RelyingParty::confidential(&world, "unknown", web.redirect_uri).with_secret(wrong),
        RelyingParty::public(&world, "web", web.redirect_uri),
    ];
    let mut bodies = Vec::new();
    for client in clients {
        for code in [&code, "wxc_AQ", "x"] {
            let page = client.redeem(code, &[]).await;
            assert_eq!(page.status, StatusCode::UNAUTHORIZED, "{}", page.body);
            bodies.push(page.json()["error_description"].clone());
        }
    }
    bodies.dedup();
    assert_eq!(
        bodies,
        ["the client is unknown, or its credentials are wrong"]
    );
    web.tokens(&code).await;
}

/// RFC 9700 §2.4 (no passwords), §2.1.2; hydra CVE-2020-5300, which is GHSA-3p3g-vpw6-4w66, and fosite CVE-2020-15222
/// (assertions that are replayed: none is accepted); casdoor CVE-2026-9094 (a token of one organization exchanged at another);
/// keycloak CVE-2023-2585 (the client of a device code): neither exchange nor device flow is there to be abused.
#[tokio::test]
async fn only_codes_and_refresh_tokens_lead_to_tokens() {
    let world = World::start().await;
    let web = world.web();
    let code = web.code(&mut Browser::default(), &[]).await;
    for grant_type in [
        "password",
        "client_credentials",
        "implicit",
        "AUTHORIZATION_CODE",
        "authorization_code refresh_token",
        "urn:ietf:params:oauth:grant-type:device_code",
        "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "urn:ietf:params:oauth:grant-type:token-exchange",
    ] {
        let login = [
            ("username", "admin"),
            ("password", "admin"),
            ("refresh_token", "wxr_AQ"),
        ];
        let changes = [&[("grant_type", grant_type)][..], &login].concat();
        let page = web.redeem(&code, &changes).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST);
        assert_eq!(
            page.json()["error"],
            "unsupported_grant_type",
            "{grant_type}"
        );
    }
    let assertion = [
        (
            "client_assertion_type",
            "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        ),
        (
            "client_assertion",
            "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ3ZWIifQ.",
        ),
    ];
    for client in [web, world.app()] {
        let page = client.redeem(&code, &assertion).await;
        assert_eq!(page.status, StatusCode::UNAUTHORIZED);
        assert_eq!(page.json()["error"], "invalid_client");
    }
    assert_eq!(world.count("grants").await, 0);
    web.tokens(&code).await;
}
