//! Refresh tokens.

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::{
    conformance::PATHS,
    world::{Browser, OFFLINE, Options, RelyingParty, World, browser::param},
};

/// The claims that a new ID token must repeat (Core §12.2).
fn repeated(claims: &Map<String, Value>) -> [&Value; 5] {
    ["iss", "sub", "aud", "auth_time", "sid"].map(|name| &claims[name])
}

/// Logs in and refreshes twice: the refresh tokens.
async fn refreshes(client: RelyingParty<'_>) -> Vec<String> {
    let consent = [OFFLINE[0], ("prompt", "consent")];
    let (world, mut browser) = (client.world, Browser::default());
    let asked = browser.asked(world, &client.authorize_url(&consent)).await;
    let allowed = browser.answer(world, &asked, "allow").await;
    let first = client.tokens(&param(allowed.location(), "code")).await;
    let (mut last, mut texts) = (first.refresh_token().to_owned(), Vec::new());
    let mut access_token = first.access_token.clone();
    for _ in 0..2 {
        client.world.clock.advance(Duration::from_secs(10));
        let next = client.refreshed(&last).await;
        assert_ne!(next.access_token, access_token);
        assert_eq!(repeated(&next.claims), repeated(&first.claims));
        let iat = |claims: &Map<String, Value>| claims["iat"].as_u64().unwrap();
        assert!(iat(&next.claims) > iat(&first.claims));
        assert_eq!(next.claims.get("nonce"), None);
        let expected = json!({
            "access_token": next.access_token,
            "token_type": "Bearer",
            "expires_in": 3600,
            "scope": "openid profile offline_access",
            "id_token": next.id_token,
            "refresh_token": next.refresh_token(),
        });
        assert_eq!(Value::from(next.response.clone()), expected);
        let userinfo = client.userinfo(&next.access_token).await.json();
        assert_eq!(userinfo["sub"], *first.sub());
        texts.push(last);
        (last, access_token) = (next.refresh_token().to_owned(), next.access_token.clone());
    }
    texts.push(last);
    texts
}

/// The token belongs to its client: a second one gets nothing for it, and uses nothing up.
#[tokio::test]
async fn oidcc_refresh_token() {
    for path in PATHS {
        let world = World::with(Options {
            path,
            ..Options::default()
        })
        .await;
        for (client, second) in [
            (world.web(), world.other()),
            (world.other(), world.web()),
            (world.app(), world.web()),
        ] {
            let tokens = refreshes(client).await;
            let last = tokens.last().unwrap();
            for token in &tokens {
                let page = second.refresh(token, &[]).await;
                let expected = json!({
                    "error": "invalid_grant",
                    "error_description": "the refresh token was issued to another client",
                });
                assert_eq!((page.status.as_u16(), page.json()), (400, expected));
            }
            client.refreshed(last).await;
            // A confidential client keeps its token, a public one gets another each time.
            let is_kept = tokens.iter().all(|token| token == last);
            assert_eq!(is_kept, client.secret.is_some(), "{tokens:?}");
        }
    }
}
