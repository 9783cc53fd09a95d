//! The modules of the OpenID Foundation's conformance suite, one test for each, under its name with `_` in place of `-`.
//! They are written from the descriptions of the modules: the suite itself needs a public host.

mod basic;
mod config;

use serde_json::Value;

use super::world::{Browser, RelyingParty, Tokens, World, browser::query};

/// Where the issuer may be: at the root of its host, and below a path.
const PATHS: [&str; 2] = ["", "/tenant"];

/// The fields of the response in a callback URL, without the code, which differs each time.
fn fields(callback: &str) -> Vec<(String, String)> {
    let mut fields = query(callback);
    fields.retain(|(name, _)| name != "code");
    fields
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    pairs.iter().map(pair).collect()
}

/// The names of an object's members, sorted.
fn names(object: &Value) -> Vec<&str> {
    object
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

/// A login of a client for these parameters, and its userinfo.
async fn login_and_userinfo(client: RelyingParty<'_>, changes: &[(&str, &str)]) -> (Tokens, Value) {
    let tokens = client.log_in(&mut Browser::default(), changes).await;
    let userinfo = client.userinfo(&tokens.access_token).await.json();
    assert_eq!(userinfo["sub"], tokens.sub());
    (tokens, userinfo)
}

/// That a request with these parameters succeeds, as if they were not there.
async fn assert_without_effect(changes: &[(&str, &str)]) {
    let world = World::start().await;
    let callback = world.web().callback(&mut Browser::default(), changes).await;
    let expected = pairs(&[("state", "a state"), ("iss", "https://localhost")]);
    assert_eq!(fields(&callback), expected, "{changes:?}");
}
