//! When the user is asked, and when not.

use std::time::Duration;

use axum::http::StatusCode;

use crate::{
    conformance::pairs,
    world::{
        Browser, World,
        browser::{param, query},
    },
};

/// The user is asked again. The session stays the same, and with it the tokens of other clients.
#[tokio::test]
async fn oidcc_prompt_login() {
    let world = World::start().await;
    let mut browser = Browser::default();
    let first = world.web().log_in(&mut browser, &[]).await;
    let other = world.other().log_in(&mut browser, &[]).await;
    world.clock.advance(Duration::from_secs(2));
    let before = world.sim.request_count();
    let second = world
        .web()
        .log_in(&mut browser, &[("prompt", "login")])
        .await;
    assert!(world.sim.request_count() > before);
    assert_eq!(second.claims["auth_time"], world.clock.seconds());
    assert_eq!(first.claims["auth_time"], world.clock.seconds() - 2);
    assert_eq!(
        (&first.claims["sid"], first.sub()),
        (&second.claims["sid"], second.sub())
    );
    for (client, tokens) in [
        (world.web(), first),
        (world.other(), other),
        (world.web(), second),
    ] {
        assert_eq!(
            client.userinfo(&tokens.access_token).await.status,
            StatusCode::OK
        );
    }
}

#[tokio::test]
async fn oidcc_prompt_none_not_logged_in() {
    let world = World::start().await;
    let before = world.sim.request_count();
    let url = world.web().authorize_url(&[("prompt", "none")]);
    let page = world.get(&url).await;
    let expected = pairs(&[
        ("error", "login_required"),
        ("error_description", "the user must log in"),
        ("state", "a state"),
        ("iss", "https://localhost"),
    ]);
    assert_eq!(query(page.location()), expected);
    assert_eq!(world.sim.request_count(), before);
}

/// A second login with these parameters, in the browser of a first one and two seconds later: it is silent, and it is the
/// login of the first.
async fn assert_silent(changes: impl FnOnce(&str) -> Vec<(&'static str, String)>) {
    let world = World::start().await;
    let mut browser = Browser::default();
    let first = world.web().log_in(&mut browser, &[]).await;
    world.clock.advance(Duration::from_secs(2));
    let changes = changes(&first.id_token);
    let changes: Vec<_> = changes
        .iter()
        .map(|(name, value)| (*name, &**value))
        .collect();
    let page = browser
        .open(&world, &world.web().authorize_url(&changes))
        .await;
    let second = world.web().tokens(&param(page.location(), "code")).await;
    assert_eq!(first.sub(), second.sub());
    assert_eq!(second.claims["auth_time"], world.clock.seconds() - 2);
    assert_eq!(second.claims["iat"], world.clock.seconds());
}

#[tokio::test]
async fn oidcc_prompt_none_logged_in() {
    assert_silent(|_| vec![("prompt", "none".into())]).await;
}

#[tokio::test]
async fn oidcc_id_token_hint() {
    assert_silent(|hint| vec![("prompt", "none".into()), ("id_token_hint", hint.into())]).await;
}

#[tokio::test]
async fn oidcc_max_age_1() {
    let world = World::start().await;
    let mut browser = Browser::default();
    let first = world.web().log_in(&mut browser, &[]).await;
    world.clock.advance(Duration::from_secs(2));
    let second = world.web().log_in(&mut browser, &[("max_age", "1")]).await;
    assert_eq!(first.sub(), second.sub());
    assert_eq!(second.claims["auth_time"], world.clock.seconds());
}

#[tokio::test]
async fn oidcc_max_age_10000() {
    assert_silent(|_| vec![("max_age", "10000".into())]).await;
}
