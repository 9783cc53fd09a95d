//! Redirect URIs: exact match, the port of a native client's loopback URI apart (RFC 9700 §2.1, §4.1; RFC 8252 §7, §8).

use std::{fmt, net::Ipv6Addr};

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};
use url::{Host, Url};
use weixin::error::ParseError;

use crate::secret::half_sha256;

/// Longest redirect URI.
const MAX_LENGTH: usize = 2048;

/// A redirect URI that is registered for the client of a request. Only [`RegisteredUri::matches`] makes it, and the store,
/// which keeps those that it made.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(transparent)]
pub(crate) struct RedirectUri(String);

impl RedirectUri {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// What a code carries in place of the URI.
    pub(crate) fn hash(&self) -> UriHash {
        UriHash::of(&self.0)
    }
}

/// The first half of the SHA-256 of a redirect URI. A code carries it, since the URI itself may be long.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct UriHash([u8; 16]);

impl UriHash {
    pub(crate) fn of(uri: &str) -> Self {
        Self(half_sha256(uri.as_bytes()))
    }
}

impl TryFrom<String> for UriHash {
    type Error = ParseError;

    fn try_from(text: String) -> Result<Self, ParseError> {
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).ok();
        let hash = bytes.and_then(|bytes| bytes.try_into().ok()).map(Self);
        hash.ok_or(ParseError::new("hash of a URI", "16 bytes in base64url"))
    }
}

impl From<UriHash> for String {
    fn from(hash: UriHash) -> Self {
        BASE64URL_NOPAD.encode(&hash.0)
    }
}

/// Which URIs a client may register.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum UriPolicy {
    /// A confidential client: https, and http on this machine.
    Confidential,
    /// A confidential client in an intranet: also http anywhere.
    ConfidentialWithHttp,
    /// A public client: https, http on this machine, and private-use schemes; the port of a loopback URI may differ.
    Public,
}

/// A redirect URI that a client has registered.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct RegisteredUri {
    text: String,
    /// Where the port is, if another one matches too: the length of `http://127.0.0.1`, and where the path begins.
    any_port: Option<(usize, usize)>,
}

impl RegisteredUri {
    /// Parses a redirect URI of a client.
    ///
    /// # Errors
    ///
    /// [`ParseError`] names the rule that the URI breaks.
    pub(crate) fn parse(text: &str, policy: UriPolicy) -> Result<Self, ParseError> {
        let error = |rule| Err(ParseError::new("redirect URI", rule));
        // Browsers and URL libraries disagree on the rest, or repair it.
        let is_clean = |byte: u8| byte.is_ascii_graphic() && !b"\\\"<>^`{|}".contains(&byte);
        if text.len() > MAX_LENGTH || !text.bytes().all(is_clean) {
            return error("at most 2048 characters that a URL may contain");
        }
        if text
            .split(':')
            .next()
            .is_some_and(|scheme| scheme.bytes().any(|it| it.is_ascii_uppercase()))
        {
            return error("a scheme in lower case");
        }
        // RFC 3986 allows it in a path and in a query. There it would be compared as any character, which is not what is meant.
        if text.contains('*') {
            return error("no `*`: wildcards are not supported, so write each URI in full");
        }
        let Ok(url) = Url::parse(text) else {
            return error("an absolute URL");
        };
        if text.contains('#') {
            return error("no fragment");
        }
        if !url.username().is_empty() || url.password().is_some() || authority(text).contains('@') {
            return error("no user name");
        }
        match url.scheme() {
            // A URL library repairs `https:/host` and `https:///host`, and other programs repair them differently.
            "https" | "http" if authority(text).is_empty() => return error("scheme://host"),
            "https" => {}
            "http" if is_this_machine(&url) || policy == UriPolicy::ConfidentialWithHttp => {}
            "http" if policy == UriPolicy::Public => {
                return error("https, or http on localhost, 127.0.0.1 or [::1]");
            }
            "http" => {
                return error(
                    "https, or http on localhost, 127.0.0.1 or [::1], or on any host with allow_http = true",
                );
            }
            scheme if policy == UriPolicy::Public && scheme.contains('.') => {}
            _ => {
                return error(
                    "https, or for public clients a scheme with a dot, such as com.example.app:/callback",
                );
            }
        }
        let any_port = (policy == UriPolicy::Public)
            .then(|| loopback_port(text, &url))
            .flatten();
        Ok(Self {
            text: text.to_owned(),
            any_port,
        })
    }

    /// The redirect URI of a request, if it is this one: character by character. Only the port of a public client's
    /// loopback URI may differ (RFC 8252 §7.3).
    pub(crate) fn matches(&self, sent: &str) -> Option<RedirectUri> {
        let is_equal = sent == self.text || self.matches_but_for_the_port(sent);
        is_equal.then(|| RedirectUri(sent.to_owned()))
    }

    /// Whether it is that of a program on the user's device: a private-use scheme, or http on this machine.
    pub(crate) fn is_native(&self) -> bool {
        !self.text.starts_with("https:")
    }

    fn matches_but_for_the_port(&self, sent: &str) -> bool {
        let Some((host_end, path_start)) = self.any_port else {
            return false;
        };
        let (origin, path) = (self.text.get(..host_end), self.text.get(path_start..));
        let rest = origin.and_then(|origin| sent.strip_prefix(origin));
        let port = rest
            .zip(path)
            .and_then(|(rest, path)| rest.strip_suffix(path));
        port.is_some_and(is_port)
    }
}

impl fmt::Display for RegisteredUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Nothing, or a colon and a port as it is written.
fn is_port(text: &str) -> bool {
    let Some(digits) = text.strip_prefix(':') else {
        return text.is_empty();
    };
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
    is_number && digits.parse::<u16>().is_ok()
}

/// What stands between `://` and the path.
fn authority(text: &str) -> &str {
    let (_, rest) = text.split_once("://").unwrap_or_default();
    rest.split(['/', '?']).next().unwrap_or_default()
}

fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address == Ipv6Addr::LOCALHOST,
        None => false,
    }
}

/// Where the port of `http://127.0.0.1` or `http://[::1]` is. `localhost` is no literal: it may resolve to another machine
/// (RFC 8252 §8.3).
fn loopback_port(text: &str, url: &Url) -> Option<(usize, usize)> {
    let origin = ["http://127.0.0.1", "http://[::1]"]
        .into_iter()
        .find(|origin| text.starts_with(origin))?;
    let rest = text.get(origin.len()..)?;
    let path_start = rest.find(['/', '?']).unwrap_or(rest.len());
    let has_port = rest.get(..path_start).is_some_and(is_port);
    (has_port && is_this_machine(url)).then_some((origin.len(), origin.len() + path_start))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str, policy: UriPolicy) -> Result<RegisteredUri, ParseError> {
        RegisteredUri::parse(text, policy)
    }

    fn matches(registered: &str, policy: UriPolicy, sent: &str) -> bool {
        parse(registered, policy).unwrap().matches(sent).is_some()
    }

    const UNREGISTRABLE: &[&str] = &[
        "",
        "/cb",
        "rp.example/cb",
        "//rp.example/cb",
        "https:///",
        "https://",
        "https:/rp.example/cb",
        "https:rp.example/cb",
        "https:///rp.example/cb",
        "HTTPS://rp.example/cb",
        "javascript:alert(1)",
        "data:text/html,x",
        "app:/cb",
        "ftp://rp.example/",
        "https://rp.example/#",
        "https://rp.example/cb#x",
        "https://u@rp.example/",
        "https://u:p@rp.example/",
        "https://@rp.example/",
        "https://rp.example\\@evil.example/",
        "https://rp.example/微",
        "https://rp.example/a b",
        " https://rp.example/",
        "https://rp.example/\n",
        "https://rp.example:99999/",
        "com.example.app:/cb#x",
        "https://*.rp.example/cb",
        "https://*/cb",
        "https://rp.example:*/cb",
        "https://rp.example/*",
        "https://rp.example/cb?next=*",
        "http://127.0.0.1:*/cb",
        "com.example.app:/*",
        "*",
    ];

    #[test]
    fn a_client_registers_what_its_kind_allows() {
        use UriPolicy::{Confidential, ConfidentialWithHttp, Public};
        let all = [Confidential, ConfidentialWithHttp, Public];
        for (uri, allowed) in [
            ("https://rp.example/cb", &all[..]),
            ("https://rp.example", &all),
            ("https://rp.example:8443/cb?a=1&b", &all),
            ("https://192.168.0.1/cb", &all),
            ("http://localhost/cb", &all),
            ("http://127.0.0.1:8080/cb", &all),
            ("http://[::1]/cb", &all),
            ("http://rp.example/cb", &[ConfidentialWithHttp]),
            ("http://[::2]/cb", &[ConfidentialWithHttp]),
            ("http://localhost.rp.example/cb", &[ConfidentialWithHttp]),
            ("com.example.app:/cb", &[Public]),
            ("com.example.app://cb", &[Public]),
        ] {
            for policy in all {
                assert_eq!(
                    parse(uri, policy).is_ok(),
                    allowed.contains(&policy),
                    "{uri} {policy:?}"
                );
            }
        }
        for bad in UNREGISTRABLE {
            for policy in all {
                assert!(parse(bad, policy).is_err(), "{bad} {policy:?}");
            }
        }
        assert!(
            parse(
                &format!("https://rp.example/{}", "x".repeat(MAX_LENGTH)),
                Public
            )
            .is_err()
        );
    }

    /// What has been accepted elsewhere by patterns, prefixes, and two parsers that disagree.
    const MANGLED: &[&str] = &[
        "",
        "https://rp.example/cb",
        "https://rp.example/cb?",
        "https://rp.example/cb?x=1&y=2",
        "https://rp.example/cb?y=2&x=1",
        "https://rp.example/cb?x=1#",
        "https://rp.example/cb?x=1#f",
        "https://rp.example/cb/?x=1",
        "https://rp.example//cb?x=1",
        "https://rp.example/./cb?x=1",
        "https://rp.example/a/../cb?x=1",
        "https://rp.example/%63b?x=1",
        "https://rp.example/CB?x=1",
        "https://RP.example/cb?x=1",
        "HTTPS://rp.example/cb?x=1",
        "http://rp.example/cb?x=1",
        "https://rp.example:443/cb?x=1",
        "https://rp.example:8443/cb?x=1",
        "https://rp.example./cb?x=1",
        "https://rp.example.evil.example/cb?x=1",
        "https://evil-rp.example/cb?x=1",
        "https://rpxexample/cb?x=1",
        "https://evil.example/https://rp.example/cb?x=1",
        "https://rp.example@evil.example/cb?x=1",
        "https://evil.example\\@rp.example/cb?x=1",
        "https://evil.example#@rp.example/cb?x=1",
        "https://u@rp.example/cb?x=1",
        " https://rp.example/cb?x=1",
        "https://rp.example/cb?x=1 ",
        "https://rp.example/cb?x=1\n",
        "https://rp.example/cb?x=1%0a",
        "https://rp.example/cb?x=1,https://evil.example",
        "//rp.example/cb?x=1",
        "/cb?x=1",
        "javascript:https://rp.example/cb?x=1",
        "https:/rp.example/cb?x=1",
    ];

    /// RFC 9700 §4.1.
    #[test]
    fn no_mangled_uri_matches() {
        let registered = "https://rp.example/cb?x=1";
        for policy in [
            UriPolicy::Confidential,
            UriPolicy::ConfidentialWithHttp,
            UriPolicy::Public,
        ] {
            assert!(matches(registered, policy, registered));
            for sent in MANGLED {
                assert!(!matches(registered, policy, sent), "{sent}");
            }
        }
    }

    /// RFC 8252 §7.3.
    #[test]
    fn the_port_of_a_native_clients_loopback_uri_may_differ() {
        use UriPolicy::{Confidential, Public};
        for (registered, sent) in [
            ("http://127.0.0.1/cb", "http://127.0.0.1:53712/cb"),
            ("http://127.0.0.1:1/cb?x=1", "http://127.0.0.1:65535/cb?x=1"),
            ("http://127.0.0.1:1/cb", "http://127.0.0.1/cb"),
            ("http://127.0.0.1", "http://127.0.0.1:8080"),
            ("http://[::1]/cb", "http://[::1]:8080/cb"),
        ] {
            assert!(matches(registered, Public, sent), "{sent}");
            assert!(!matches(registered, Confidential, sent), "{sent}");
        }
        for (registered, sent) in [
            ("http://localhost/cb", "http://localhost:8080/cb"),
            ("https://127.0.0.1/cb", "https://127.0.0.1:8080/cb"),
            ("http://127.0.0.2/cb", "http://127.0.0.2:8080/cb"),
            ("http://127.0.0.1/cb", "http://127.0.0.1:8080/cb/"),
            ("http://127.0.0.1/cb", "http://127.0.0.1:8080/"),
            ("http://127.0.0.1/cb", "http://127.0.0.1:/cb"),
            ("http://127.0.0.1/cb", "http://127.0.0.1:0/cb"),
            ("http://127.0.0.1/cb", "http://127.0.0.1:08/cb"),
            ("http://127.0.0.1/cb", "http://127.0.0.1:65536/cb"),
            ("http://127.0.0.1/cb", "http://127.0.0.1:+80/cb"),
            ("http://127.0.0.1/cb", "http://127.0.0.1:80:80/cb"),
            ("http://127.0.0.1/cb", "http://127.0.0.1@evil.example/cb"),
            ("http://127.0.0.1/cb", "http://127.0.0.1:80@evil.example/cb"),
            ("http://127.0.0.1/cb", "http://127.0.0.1.evil.example/cb"),
            ("http://127.0.0.1", "http://127.0.0.1.evil.example"),
            ("http://127.0.0.1/cb", "http://127.0.0.10/cb"),
            ("http://127.0.0.1/cb", "http://[::1]/cb"),
            ("http://127.0.0.1/cb", "https://127.0.0.1:80/cb"),
        ] {
            assert!(!matches(registered, Public, sent), "{sent}");
        }
    }

    proptest! {
        #[test]
        fn an_edited_uri_never_matches(at in 0..21_usize, inserted in ".{0,2}", removed in 0..3_usize) {
            let registered = "https://rp.example/cb";
            let mut sent: Vec<char> = registered.chars().collect();
            let end = (at + removed).min(sent.len());
            sent.splice(at..end, inserted.chars());
            let sent: String = sent.into_iter().collect();
            prop_assert_eq!(matches(registered, UriPolicy::Public, &sent), sent == registered);
        }

        #[test]
        fn a_loopback_uri_never_leaves_the_machine(middle in "[:@/?#.0-9a-z\\[\\]%]{0,12}") {
            let sent = format!("http://127.0.0.1{middle}/cb");
            if matches("http://127.0.0.1/cb", UriPolicy::Public, &sent) {
                let url = Url::parse(&sent).unwrap();
                prop_assert_eq!(url.host_str(), Some("127.0.0.1"));
                prop_assert_eq!((url.path(), url.username(), url.query()), ("/cb", "", None));
            }
        }
    }
}
