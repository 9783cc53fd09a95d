//! The issuer: the URL that a client is configured with (Discovery §4.1; RFC 8414 §2).

use std::{fmt, net::Ipv4Addr};

use url::{Host, Url};
use weixin::error::ParseError;

use super::id::IssuerId;
use crate::secret::half_sha256;

/// An issuer. Its URL is compared as text by clients, so it is kept as it was configured.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Issuer {
    id: IssuerId,
    url: String,
}

impl Issuer {
    pub(crate) const fn id(&self) -> IssuerId {
        self.id
    }

    /// The URL as it was configured, with its trailing slash if it has one.
    pub(crate) fn as_str(&self) -> &str {
        &self.url
    }

    /// The URL of an endpoint, such as `/token`.
    pub(crate) fn endpoint(&self, path: &str) -> String {
        format!("{}{path}", self.url.trim_end_matches('/'))
    }

    /// Scheme, host and port, as browsers send them in `Origin`.
    pub(crate) fn origin(&self) -> &str {
        let url = self.url.trim_end_matches('/');
        url.strip_suffix(self.path()).unwrap_or(url)
    }

    /// The path below which the endpoints are: empty, or `/a/b`.
    pub(crate) fn path(&self) -> &str {
        self.own_path().trim_end_matches('/')
    }

    /// The path of the URL itself, as browsers send it.
    pub(crate) fn own_path(&self) -> &str {
        let (_, rest) = self.url.split_once("://").unwrap_or_default();
        let path = rest.find('/').and_then(|start| rest.get(start..));
        path.unwrap_or("/")
    }
}

impl TryFrom<String> for Issuer {
    type Error = ParseError;

    fn try_from(text: String) -> Result<Self, ParseError> {
        let error = |rule| Err(ParseError::new("issuer", rule));
        // What has a port and no scheme is a URL, whose scheme is the host.
        let Some(url) = Url::parse(&text).ok().filter(|_| text.contains("://")) else {
            return error(
                "an absolute URL: write https:// before the host, such as https://login.example.com",
            );
        };
        let is_local = match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address == Ipv4Addr::LOCALHOST,
            _ => false,
        };
        if url.scheme() != "https" && !(url.scheme() == "http" && is_local) {
            return error("https, or http on localhost or 127.0.0.1");
        }
        let path = url.path().trim_end_matches('/');
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
        if !path.bytes().all(allowed) || path.contains("//") {
            return error("a path of letters, digits, `-`, `.`, `_` and `~`");
        }
        // A browser and the router see the text that a URL library has repaired: capital letters, `..`, a default port.
        let canonical = url.as_str();
        if text != canonical && format!("{text}/") != canonical {
            return error("scheme, host and path only, as a browser shows them");
        }
        if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() {
            return error("no query, no fragment and no user name");
        }
        let id = half_sha256(text.as_bytes());
        Ok(Self {
            id: IssuerId::from_bytes(id),
            url: text,
        })
    }
}

impl fmt::Display for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn issuer(text: &str) -> Result<Issuer, ParseError> {
        Issuer::try_from(text.to_owned())
    }

    #[test]
    fn the_url_is_kept_as_it_was_configured() {
        for (url, path, token) in [
            ("https://a.example", "", "https://a.example/token"),
            ("https://a.example/", "", "https://a.example/token"),
            (
                "https://a.example:8443/x/y",
                "/x/y",
                "https://a.example:8443/x/y/token",
            ),
            ("https://a.example/x/", "/x", "https://a.example/x/token"),
            ("http://localhost:8080", "", "http://localhost:8080/token"),
            ("http://127.0.0.1:8080", "", "http://127.0.0.1:8080/token"),
        ] {
            let issuer = issuer(url).unwrap();
            assert_eq!((issuer.as_str(), issuer.path()), (url, path));
            assert_eq!(issuer.endpoint("/token"), token);
        }
        for (url, own_path) in [
            ("https://a.example", "/"),
            ("https://a.example/", "/"),
            ("https://a.example/x", "/x"),
            ("https://a.example/x/", "/x/"),
        ] {
            assert_eq!(issuer(url).unwrap().own_path(), own_path);
        }
        assert_ne!(
            issuer("https://a.example").unwrap().id(),
            issuer("https://a.example/").unwrap().id()
        );
    }

    #[test]
    fn what_a_client_could_misread_is_rejected() {
        for bad in [
            "",
            "a.example",
            "http://a.example",
            "http://[::1]",
            "http://127.0.0.2",
            "ftp://a.example",
            "https://A.example",
            "HTTPS://a.example",
            "https://a.example/?x",
            "https://a.example?",
            "https://a.example/#x",
            "https://u@a.example",
            "https://a.example:443",
            "https://a.example/a b",
            "https://a.example/a/../b",
            "https://a.example//x",
            "https://a.example/微",
            " https://a.example",
        ] {
            assert!(issuer(bad).is_err(), "{bad}");
        }
    }
}
