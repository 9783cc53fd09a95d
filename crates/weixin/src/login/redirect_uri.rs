//! The callback address, parsed once at the border.

use std::{fmt, str::FromStr, sync::Arc};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use thiserror::Error;
use url::{Host, Url};

/// Everything but the unreserved characters of RFC 3986, section 2.3.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Where WeChat sends the browser after the login (`redirect_uri`).
///
/// Real WeChat compares the host with the registered callback domain and accepts no port, no IP
/// address and no `localhost`; that depends on the registration and is not checked here.
/// [`Client::probe`](crate::Client::probe) asks WeChat.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RedirectUri(Arc<Parts>);

#[derive(Debug, Eq, PartialEq)]
struct Parts {
    url: Url,
    text: String,
    /// Encoded once, here, and not again for every login.
    encoded: String,
}

impl RedirectUri {
    /// The address as it was given.
    pub fn as_str(&self) -> &str {
        &self.0.text
    }

    /// The address, parsed.
    pub fn url(&self) -> &Url {
        &self.0.url
    }

    fn new(text: String, url: Url) -> Self {
        let encoded = utf8_percent_encode(&text, RESERVED).to_string();
        Self(Arc::new(Parts { url, text, encoded }))
    }

    pub(crate) fn percent_encoded(&self) -> &str {
        &self.0.encoded
    }

    /// Refuses what no console of WeChat's accepts as a callback.
    ///
    /// # Errors
    ///
    /// [`UnregistrableRedirectUri`] for a port, an IP address or `localhost` (official account error 10003, website
    /// app `redirect_uri 参数错误`). Official accounts for tests (测试号) take them.
    pub fn check_registrable(&self) -> Result<(), UnregistrableRedirectUri> {
        match self.0.url.host() {
            Some(Host::Domain(host)) if host == "localhost" || !host.contains('.') => {
                Err(UnregistrableRedirectUri::NotADomain)
            }
            Some(Host::Domain(_)) if self.0.url.port().is_none() => Ok(()),
            Some(Host::Domain(_)) => Err(UnregistrableRedirectUri::Port),
            _ => Err(UnregistrableRedirectUri::IpAddress),
        }
    }

    /// The same address with one more query parameter.
    #[must_use]
    pub fn with_query_pair(&self, name: &str, value: &str) -> Self {
        let mut url = self.0.url.clone();
        url.query_pairs_mut().append_pair(name, value);
        let text = String::from(url.clone());
        Self::new(text, url)
    }
}

impl FromStr for RedirectUri {
    type Err = InvalidRedirectUri;

    fn from_str(text: &str) -> Result<Self, InvalidRedirectUri> {
        // The URL parser silently drops these; WeChat would get another text than was checked.
        if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(InvalidRedirectUri::Whitespace);
        }
        let url = Url::parse(text).map_err(|_| InvalidRedirectUri::NotAbsolute)?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(InvalidRedirectUri::NotHttp);
        }
        if !url.username().is_empty() || url.password().is_some() || text.contains('\\') {
            return Err(InvalidRedirectUri::UserInfo);
        }
        if url.fragment().is_some() {
            return Err(InvalidRedirectUri::Fragment);
        }
        Ok(Self::new(text.to_owned(), url))
    }
}

impl fmt::Display for RedirectUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.text)
    }
}

/// An address that WeChat could not call back, and the rule that it breaks.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum InvalidRedirectUri {
    /// WeChat puts the code behind the fragment, where no server sees it.
    #[error("redirect_uri must not have a fragment (`#…`): the code would never reach the server")]
    Fragment,
    /// Relative, or not an address at all.
    #[error("redirect_uri must be an absolute address, such as https://www.example.com/callback")]
    NotAbsolute,
    /// Another scheme than http and https.
    #[error("redirect_uri must start with http:// or https://")]
    NotHttp,
    /// `user@host` or a backslash: WeChat refuses tricks with the host.
    #[error("redirect_uri must not have a user name, a password or a backslash")]
    UserInfo,
    /// Spaces, line breaks or control characters.
    #[error("redirect_uri must not have spaces, line breaks or control characters")]
    Whitespace,
}

/// A callback that no console of WeChat's accepts: the user would be shown an error, and never come back.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum UnregistrableRedirectUri {
    /// An IP address.
    #[error(
        "wechat calls back no IP address: use the domain that is registered as callback domain (授权回调域)"
    )]
    IpAddress,
    /// `localhost`, or another name without a dot.
    #[error(
        "wechat calls back no localhost: use the domain that is registered as callback domain (授权回调域), or `weixin sim`"
    )]
    NotADomain,
    /// A port that is not the scheme's own.
    #[error("wechat calls back port 80 or 443 only: leave the port out of redirect_uri")]
    Port,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_cannot_be_called_back_is_refused_with_its_rule() {
        let table = [
            ("/callback", InvalidRedirectUri::NotAbsolute),
            ("www.example.com/callback", InvalidRedirectUri::NotAbsolute),
            ("https://", InvalidRedirectUri::NotAbsolute),
            ("ftp://www.example.com/", InvalidRedirectUri::NotHttp),
            ("javascript:alert(1)", InvalidRedirectUri::NotHttp),
            (
                "https://www.example.com@evil.example/",
                InvalidRedirectUri::UserInfo,
            ),
            (
                "https://evil.example\\@www.example.com/",
                InvalidRedirectUri::UserInfo,
            ),
            (
                "https://www.example.com/#/login",
                InvalidRedirectUri::Fragment,
            ),
            (
                "https://www.example.com/a b",
                InvalidRedirectUri::Whitespace,
            ),
            ("https://www.example.com/\n", InvalidRedirectUri::Whitespace),
        ];
        for (text, error) in table {
            assert_eq!(text.parse::<RedirectUri>(), Err(error), "{text}");
        }
    }

    #[test]
    fn what_no_console_registers_is_refused_with_its_rule() {
        use UnregistrableRedirectUri::{IpAddress, NotADomain, Port};
        for (text, expected) in [
            ("https://www.example.com/callback", Ok(())),
            ("http://www.example.com:80/", Ok(())),
            ("https://www.example.com:443/?a=b", Ok(())),
            ("https://www.example.com:8443/", Err(Port)),
            ("http://localhost/", Err(NotADomain)),
            ("http://localhost:8080/", Err(NotADomain)),
            ("http://intranet/", Err(NotADomain)),
            ("http://127.0.0.1/", Err(IpAddress)),
            ("http://2130706433/", Err(IpAddress)),
            ("http://[::1]:8080/", Err(IpAddress)),
        ] {
            let uri: RedirectUri = text.parse().unwrap();
            assert_eq!(uri.check_registrable(), expected, "{text}");
        }
    }

    #[test]
    fn the_text_is_kept_as_it_was_given() {
        let uri: RedirectUri = "HTTPS://Shop.example".parse().unwrap();
        assert_eq!(uri.as_str(), "HTTPS://Shop.example");
        assert_eq!(uri.percent_encoded(), "HTTPS%3A%2F%2FShop.example");
    }
}
