//! Redirect URIs: exact match, the port of a native client's loopback URI apart (RFC 9700 §2.1, §4.1; RFC 8252 §7, §8).

use std::{fmt, net::Ipv6Addr};

use serde::{Deserialize, Serialize};
use url::{Host, Url};
use weixin::error::ParseError;

use crate::secret::sha256;

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

/// The beginning of the SHA-256 of a redirect URI. A code carries it, since the URI itself may be long.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(transparent)]
pub(crate) struct UriHash([u8; 16]);

impl UriHash {
    pub(crate) fn of(uri: &str) -> Self {
        let [hash, _] = halves(&sha256(uri.as_bytes()));
        Self(hash)
    }
}

fn halves(bytes: &[u8; 32]) -> [[u8; 16]; 2] {
    let mut halves = [[0; 16]; 2];
    for (half, part) in halves.iter_mut().zip(bytes.chunks_exact(16)) {
        half.copy_from_slice(part);
    }
    halves
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
            "https" if url.host().is_some() => {}
            "http" if is_this_machine(&url) || policy == UriPolicy::ConfidentialWithHttp => {}
            "http" => return error("https, or http on localhost, 127.0.0.1 or [::1]"),
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

    pub(crate) fn as_str(&self) -> &str {
        &self.text
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

/// What stands between `//` and the path.
fn authority(text: &str) -> &str {
    let (_, rest) = text.split_once("//").unwrap_or_default();
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
