//! The modules of the OpenID Foundation's conformance suite, one test for each, under its name with `_` in place of `-`.
//! They are written from the descriptions of the modules: the suite itself needs a public host.

mod backchannel;
mod basic;
mod config;
mod logout;

use serde_json::Value;

use super::world::browser::query;

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
