//! Two issuers of one gateway: what belongs to one is unknown at the other.

use axum::http::StatusCode;

use crate::world::{Browser, Options, RelyingParty, World, browser::param};

const SECOND: &str = r#"
[[issuer]]
url = "https://localhost/second"
apps = ["website"]
[[client]]
id = "second"
issuer = "https://localhost/second"
secret = "0123456789abcdefghijABCDEFGHIJ_-"
redirect_uris = ["https://second.example/callback"]
"#;

async fn two_issuers() -> World {
    let more = SECOND.to_owned();
    World::with(Options {
        more,
        ..Options::default()
    })
    .await
}

fn second(world: &World) -> RelyingParty<'_> {
    RelyingParty::confidential(world, "second", "https://second.example/callback").at("/second")
}

/// The error of a request that must show nothing.
async fn silent_error(
    browser: &mut Browser,
    client: RelyingParty<'_>,
    changes: &[(&str, &str)],
) -> String {
    let changes = [&[("prompt", "none")], changes].concat();
    param(&client.callback(browser, &changes).await, "error")
}

#[tokio::test]
async fn a_user_has_one_sub_at_both() {
    let world = two_issuers().await;
    let one = world.web().log_in(&mut Browser::default(), &[]).await;
    let other = second(&world).log_in(&mut Browser::default(), &[]).await;
    assert_eq!(one.sub(), other.sub());
    assert_eq!(other.claims["iss"], "https://localhost/second");
}

#[tokio::test]
async fn a_client_is_unknown_at_the_other() {
    let world = two_issuers().await;
    for (client, url) in [
        (world.web().at("/second"), "/second"),
        (second(&world).at(""), ""),
    ] {
        let page = world.get(&client.authorize_url(&[])).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{url}");
        assert!(
            page.body.contains("invalid_request: the client is unknown"),
            "{}",
            page.body
        );
        let page = client.redeem("wxc_x", &[]).await;
        assert_eq!(
            (page.status, page.json()["error"].as_str()),
            (StatusCode::UNAUTHORIZED, Some("invalid_client"))
        );
    }
}

#[tokio::test]
async fn a_waiting_request_is_unknown_at_the_other() {
    let world = two_issuers().await;
    let page = world.web().post(&mut Browser::default(), &[]).await;
    let path = page.location();
    assert_eq!(
        world.get(&format!("/second{path}")).await.status,
        StatusCode::GONE
    );
    assert_eq!(world.get(path).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_session_is_unknown_at_the_other_also_under_the_name_of_its_cookie() {
    let world = two_issuers().await;
    let mut browser = Browser::default();
    world.web().log_in(&mut browser, &[]).await;
    assert_eq!(
        silent_error(&mut browser, second(&world), &[]).await,
        "login_required"
    );

    let mut other = Browser::default();
    second(&world).log_in(&mut other, &[]).await;
    let session = |browser: &Browser| {
        let mut cookies = browser.cookies.iter();
        cookies
            .find(|(name, _)| name.starts_with("__Host-gateway-session-"))
            .unwrap()
            .clone()
    };
    let ((one_name, value), (other_name, _)) = (session(&browser), session(&other));
    assert_ne!(one_name, other_name);
    let mut mixed = Browser {
        cookies: vec![(other_name, value)],
        ..Browser::default()
    };
    assert_eq!(
        silent_error(&mut mixed, second(&world), &[]).await,
        "login_required"
    );
}

#[tokio::test]
async fn a_browser_has_a_session_at_each() {
    let world = two_issuers().await;
    let mut browser = Browser::default();
    world.web().log_in(&mut browser, &[]).await;
    second(&world).log_in(&mut browser, &[]).await;
    assert_eq!(silent_error(&mut browser, world.web(), &[]).await, "");
    assert_eq!(silent_error(&mut browser, second(&world), &[]).await, "");
}

#[tokio::test]
async fn a_code_is_unknown_at_the_other_and_stays_valid() {
    let world = two_issuers().await;
    let code = world.web().code(&mut Browser::default(), &[]).await;
    let page = second(&world).redeem(&code, &[]).await;
    assert_eq!(
        (page.status, page.json()["error"].as_str()),
        (StatusCode::BAD_REQUEST, Some("invalid_grant"))
    );
    world.web().tokens(&code).await;
}

#[tokio::test]
async fn an_access_token_is_unknown_at_the_other() {
    let world = two_issuers().await;
    let tokens = world.web().log_in(&mut Browser::default(), &[]).await;
    let page = second(&world).userinfo(&tokens.access_token).await;
    assert_eq!(
        (page.status, page.json()["error"].as_str()),
        (StatusCode::UNAUTHORIZED, Some("invalid_token"))
    );
}

/// An ID token of another issuer names no user here, although the user is the same.
#[tokio::test]
async fn an_id_token_is_no_hint_at_the_other() {
    let world = two_issuers().await;
    let mut browser = Browser::default();
    let first = world.web().log_in(&mut browser, &[]).await;
    let own = second(&world).log_in(&mut browser, &[]).await;
    let hint = [("id_token_hint", &*first.id_token)];
    assert_eq!(
        silent_error(&mut browser, second(&world), &hint).await,
        "login_required"
    );
    let hint = [("id_token_hint", &*own.id_token)];
    assert_eq!(silent_error(&mut browser, second(&world), &hint).await, "");
}
