//! Proof keys that are missing, weaker, or another's (RFC 9700 §2.1.1, §4.8).

use axum::http::StatusCode;

use crate::world::{
    Browser, Page, RelyingParty, World,
    browser::param,
    relying_party::{CHALLENGE, VERIFIER},
};

const OTHER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXl";

fn assert_invalid_grant(page: &Page) {
    assert_eq!(page.status, StatusCode::BAD_REQUEST, "{}", page.body);
    assert_eq!(page.json()["error"], "invalid_grant");
}

/// The error that a request gets, at the client.
async fn error(world: &World, client: RelyingParty<'_>, changes: &[(&str, &str)]) -> String {
    let url = client.authorize_url(changes);
    let page = Browser::default().open(world, &url).await;
    let location = page.location();
    assert!(location.starts_with(client.redirect_uri), "{location}");
    assert_eq!(param(location, "state"), "a state");
    assert_eq!(param(location, "iss"), world.issuer());
    param(location, "error")
}

/// RFC 7636 §4.4.1; RFC 9700 §2.1.1.
#[tokio::test]
async fn a_public_client_cannot_leave_the_challenge_out() {
    let world = World::start().await;
    let removed = [("code_challenge", ""), ("code_challenge_method", "")];
    assert_eq!(
        error(&world, world.app(), &removed).await,
        "invalid_request"
    );
    let removed = [("code_challenge", "")];
    for client in [world.app(), world.web()] {
        assert_eq!(error(&world, client, &removed).await, "invalid_request");
    }
    assert_eq!(world.count("requests").await, 0);
}

/// RFC 7636 §4.2: with `plain`, the challenge is the verifier, and stands in every log of URLs.
#[tokio::test]
async fn no_method_but_s256_is_accepted() {
    let world = World::start().await;
    for method in ["", "plain", "PLAIN", "s256", "S256 ", "S512", "none"] {
        for client in [world.app(), world.web()] {
            let changes = [("code_challenge_method", method)];
            assert_eq!(error(&world, client, &changes).await, "invalid_request");
        }
    }
    for challenge in [
        VERIFIER,
        "short",
        &CHALLENGE.repeat(2),
        &format!("{CHALLENGE}="),
    ] {
        // The verifier itself has the length of a hash: it is accepted, and no verifier belongs to it.
        if challenge != VERIFIER {
            let changes = [("code_challenge", challenge)];
            assert_eq!(
                error(&world, world.app(), &changes).await,
                "invalid_request"
            );
        }
    }
    let changes = [("code_challenge", VERIFIER)];
    let app = world.app();
    let code = app.code(&mut Browser::default(), &changes).await;
    assert_invalid_grant(&app.redeem(&code, &[]).await);
}

/// RFC 9700 §4.8: an attacker has removed the challenge from the request of a client that uses PKCE.
#[tokio::test]
async fn a_verifier_without_a_challenge_in_the_request_is_an_error() {
    let world = World::start().await;
    let web = world.web();
    let removed = [("code_challenge", ""), ("code_challenge_method", "")];
    let code = web.code(&mut Browser::default(), &removed).await;
    assert_invalid_grant(&web.redeem(&code, &[]).await);
    assert_eq!(world.count("grants").await, 0);
}

/// authentik CVE-2023-48228: the verifier was left out, and not asked for.
#[tokio::test]
async fn a_code_with_a_challenge_needs_its_verifier() {
    let world = World::start().await;
    for client in [world.app(), world.web()] {
        let code = client.code(&mut Browser::default(), &[]).await;
        for verifier in [
            "",
            " ",
            OTHER,
            CHALLENGE,
            "plain",
            &VERIFIER[..42],
            &format!("{VERIFIER} "),
        ] {
            let page = client.redeem(&code, &[("code_verifier", verifier)]).await;
            assert_invalid_grant(&page);
        }
        client.tokens(&code).await;
    }
    assert_eq!(world.count("grants").await, 2);
}
