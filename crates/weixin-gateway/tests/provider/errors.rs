//! Errors that go to the client, each with the state of its request and the issuer (RFC 6749 §4.1.2.1; RFC 9207 §2).

use weixin_sim::AutoAllow;

use crate::world::{
    Browser, Options, World,
    browser::{IN_WECHAT, query},
};

type Changes = &'static [(&'static str, &'static str)];

/// Changes of a request, the error and its description.
const REJECTED: &[(Changes, &str, &str)] = &[
    (
        &[("prompt", "none")],
        "login_required",
        "the user must log in",
    ),
    (
        &[("prompt", "none login")],
        "invalid_request",
        "prompt is neither none alone nor a list of login, consent and select_account",
    ),
    (
        &[("response_type", "")],
        "invalid_request",
        "the parameter response_type is missing",
    ),
    (
        &[("response_type", "token")],
        "unsupported_response_type",
        "response_type is not code",
    ),
    (
        &[("response_type", "code id_token")],
        "unsupported_response_type",
        "response_type is not code",
    ),
    (
        &[("response_mode", "fragment")],
        "invalid_request",
        "response_mode is neither query nor form_post",
    ),
    (
        &[("scope", "")],
        "invalid_scope",
        "scope has none of the scopes of this client, such as openid",
    ),
    (
        &[("nonce", "x"), ("nonce", "x")],
        "invalid_request",
        "the parameter nonce is repeated",
    ),
    (
        &[("max_age", "-1")],
        "invalid_request",
        "max_age is not a number of seconds",
    ),
    (
        &[("code_challenge_method", "plain")],
        "invalid_request",
        "code_challenge_method is not S256",
    ),
    (
        &[("code_challenge_method", "")],
        "invalid_request",
        "code_challenge_method is not S256",
    ),
    (
        &[("claims", "[]")],
        "invalid_request",
        "claims is not a JSON object as in section 5.5 of OpenID Connect Core",
    ),
];

fn expected(error: &str, description: &str, issuer: &str) -> Vec<(String, String)> {
    let pairs = [
        ("error", error),
        ("error_description", description),
        ("state", "a state"),
        ("iss", issuer),
    ];
    pairs
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}

#[tokio::test]
async fn a_rejected_request_returns_state_and_iss() {
    for path in ["", "/tenant"] {
        let world = World::with(Options {
            path,
            ..Options::default()
        })
        .await;
        for (changes, error, description) in REJECTED {
            let page = world.get(&world.web().authorize_url(changes)).await;
            let expected = expected(error, description, &world.issuer());
            assert_eq!(query(page.location()), expected, "{changes:?}");
        }
    }
}

#[tokio::test]
async fn a_public_client_must_use_pkce() {
    let world = World::start().await;
    let changes = [("code_challenge", ""), ("code_challenge_method", "")];
    let page = world.get(&world.app().authorize_url(&changes)).await;
    let description = "code_challenge is required for this client";
    assert_eq!(
        query(page.location()),
        expected("invalid_request", description, "https://localhost")
    );
}

#[tokio::test]
async fn a_user_who_declines_in_wechat_is_an_error_of_the_client() {
    for path in ["", "/tenant"] {
        let world = World::with(Options {
            path,
            ..Options::default()
        })
        .await;
        world.sim.auto_allow(AutoAllow::deny()).unwrap();
        let url = world
            .web()
            .callback(&mut Browser::with(IN_WECHAT), &[])
            .await;
        let description = "the user declined in WeChat";
        assert_eq!(
            query(&url),
            expected("access_denied", description, &world.issuer())
        );
    }
}
