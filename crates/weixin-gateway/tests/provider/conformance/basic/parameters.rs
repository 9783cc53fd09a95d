//! Parameters that change nothing, and the order and the method of requests.

use crate::{
    conformance::{PATHS, fields, pairs},
    world::{
        Browser, Options, World,
        browser::{encoded, param},
    },
};

/// That a request with these parameters succeeds, as if they were not there.
async fn assert_without_effect(changes: &[(&str, &str)]) {
    let world = World::start().await;
    let callback = world.web().callback(&mut Browser::default(), changes).await;
    let expected = pairs(&[("state", "a state"), ("iss", "https://localhost")]);
    assert_eq!(fields(&callback), expected, "{changes:?}");
}

#[tokio::test]
async fn oidcc_display_page() {
    assert_without_effect(&[("display", "page")]).await;
}

#[tokio::test]
async fn oidcc_display_popup() {
    assert_without_effect(&[("display", "popup")]).await;
}

#[tokio::test]
async fn oidcc_ensure_request_with_unknown_parameter_succeeds() {
    assert_without_effect(&[("extra", "foobar"), ("extra", "foobar")]).await;
}

#[tokio::test]
async fn oidcc_login_hint() {
    assert_without_effect(&[("login_hint", "buffy@example.com")]).await;
}

/// Languages that are not spoken here are no error; `ui_locales.rs` tests the others.
#[tokio::test]
async fn oidcc_ui_locales() {
    assert_without_effect(&[("ui_locales", "se")]).await;
}

#[tokio::test]
async fn oidcc_claims_locales() {
    assert_without_effect(&[("claims_locales", "se")]).await;
}

#[tokio::test]
async fn oidcc_ensure_request_with_acr_values_succeeds() {
    assert_without_effect(&[("acr_values", "1 2")]).await;
}

/// The order of scopes and parameters does not matter.
#[tokio::test]
async fn oidcc_alternate_happy_flow() {
    let world = World::start().await;
    let mut params = world.web().params(&[("scope", "email openid profile")]);
    params.reverse();
    let params: Vec<_> = params
        .iter()
        .map(|(name, value)| (&**name, &**value))
        .collect();
    let url = format!("/authorize?{}", encoded(&params));
    let callback = Browser::default().follow(&world, &url).await;
    let tokens = world.web().tokens(&param(&callback, "code")).await;
    assert_eq!(tokens.response["scope"], "openid profile email");
}

/// It may come from a page of the client, so without the session's cookie.
#[tokio::test]
async fn oidcc_ensure_post_request_succeeds() {
    for path in PATHS {
        let world = World::with(Options {
            path,
            ..Options::default()
        })
        .await;
        let mut browser = Browser::default();
        let first = world.web().log_in(&mut browser, &[]).await;
        let params = world.web().params(&[]);
        let form: Vec<_> = params
            .iter()
            .map(|(name, value)| (&**name, &**value))
            .collect();
        let page = browser
            .post_from_elsewhere(&world, &format!("{path}/authorize"), &form)
            .await;
        let callback = browser.open(&world, page.location()).await;
        assert_eq!(
            fields(callback.location()),
            pairs(&[("state", "a state"), ("iss", &world.issuer())])
        );
        let second = world
            .web()
            .tokens(&param(callback.location(), "code"))
            .await;
        assert_eq!(
            (first.sub(), &first.claims["sid"]),
            (second.sub(), &second.claims["sid"])
        );
    }
}
