//! The client that a rejected request of a browser names, for the log.

use super::{provider::Provider, visitor::Visitor};
use crate::{oidc::client_of_hint, params::Params};

/// Longest part of a redirect URI in the log.
const MAX_SHOWN: usize = 200;

/// The client that a rejected request names. Only a known one is logged: whatever else is sent is no text for the log.
#[derive(Debug, Default)]
pub(super) struct ClaimedClient {
    pub(super) id: Option<String>,
    /// Without what may be a secret, escaped, and cut.
    pub(super) redirect_uri: Option<String>,
    /// The same.
    pub(super) post_logout_redirect_uri: Option<String>,
}

impl Visitor {
    /// That of an authorization request.
    pub(super) fn claimed_client(&self, params: &Params) -> ClaimedClient {
        let id = one(params, "client_id").and_then(|id| known(&self.provider, id));
        ClaimedClient {
            redirect_uri: shown_of(id.as_ref(), one(params, "redirect_uri")),
            id,
            ..ClaimedClient::default()
        }
    }

    /// That of a logout, whose ID token names it as well.
    pub(super) fn claimed_client_of_logout(&self, params: &Params) -> ClaimedClient {
        let (issuer, keys) = (&self.provider.issuer, &self.provider.shared.keys);
        let hint = one(params, "id_token_hint");
        let hinted = hint.and_then(|jwt| client_of_hint(jwt, issuer, keys));
        let id = hinted.as_deref().or_else(|| one(params, "client_id"));
        let id = id.and_then(|id| known(&self.provider, id));
        let sent = one(params, "post_logout_redirect_uri");
        ClaimedClient {
            post_logout_redirect_uri: shown_of(id.as_ref(), sent),
            id,
            ..ClaimedClient::default()
        }
    }
}

/// That of a known client.
fn shown_of(client: Option<&String>, uri: Option<&str>) -> Option<String> {
    client.and(uri).and_then(shown)
}

fn one<'a>(params: &'a Params, name: &str) -> Option<&'a str> {
    params.get(name).ok().flatten()
}

/// The ID of a client of this issuer, served or disabled.
fn known(provider: &Provider, id: &str) -> Option<String> {
    let (clients, issuer) = (&provider.shared.clients, provider.issuer.id());
    let served = clients.find(issuer, id).map(|client| &client.id);
    let id = served.or_else(|| clients.find_disabled(issuer, id));
    id.map(ToString::to_string)
}

/// Enough of a redirect URI to correct a setting, in visible ASCII characters.
fn shown(uri: &str) -> Option<String> {
    // What stands before it may be a password, in which each other character may stand as well, encoded once or twice.
    let host = uri.split_once("://").map_or("", |(_, rest)| rest);
    let host = host.split('/').next()?;
    if uri.contains('@') || uri.contains("%40") || host.contains('%') || !host.is_ascii() {
        return None;
    }
    // Of what follows, some may be a token: also of what a client has encoded.
    let uri = uri.split(['?', '#', ';', '&', '%']).next()?;
    let mut escaped = uri.chars().flat_map(char::escape_default);
    let mut text: String = escaped.by_ref().take(MAX_SHOWN).collect();
    if escaped.next().is_some() {
        text.push_str("...");
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_uri_is_shown_without_secrets_and_control_characters_and_not_in_full_length() {
        let long = format!("https://a.example/{}", "\u{10ffff}".repeat(100));
        let cut = shown(&long).unwrap();
        assert_eq!(cut.len(), MAX_SHOWN + 3);
        assert!(
            cut.starts_with("https://a.example/\\u{10ffff}\\u{10"),
            "{cut}"
        );
        for (uri, expected) in [
            ("https://a.example/cb", Some("https://a.example/cb")),
            (
                "https://a.example/cb?code=x#y",
                Some("https://a.example/cb"),
            ),
            ("https://a.example;token=x", Some("https://a.example")),
            (
                "https://a.example/cb%23token=x",
                Some("https://a.example/cb"),
            ),
            ("https://u:hunter2@a.example/", None),
            ("https://u:hun%74er2@a.example/", None),
            ("https://u:hun?ter2@a.example/", None),
            ("https://u:hunter2%40a.example/", None),
            ("https://u:hunter2%2540a.example/", None),
            ("https://u:hunter2\u{ff20}a.example/", None),
            ("https://a.example/cb&code=x", Some("https://a.example/cb")),
            ("a\r\n\u{1b}[31m微", Some("a\\r\\n\\u{1b}[31m\\u{5fae}")),
            ("", Some("")),
        ] {
            assert_eq!(shown(uri).as_deref(), expected, "{uri:?}");
        }
    }
}
