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

/// The query parameters that WeChat adds to the callback.
const WECHATS: [&str; 2] = ["code", "state"];

/// Where WeChat sends the browser after the login (`redirect_uri`).
///
/// WeChat gets the text as it was given. Everything that could make it read another host than this crate has read is
/// rejected: the host must be written as a browser's address bar shows it, in ASCII (`xn--…` for other letters), without
/// percent-encoding and without a shortened IP address. `code` and `state` are WeChat's own parameters of the callback,
/// so that the address cannot have them.
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
            Some(Host::Domain(host)) if !is_registrable(host) => {
                Err(UnregistrableRedirectUri::NotADomain)
            }
            Some(Host::Domain(_)) if self.0.url.port().is_none() => Ok(()),
            Some(Host::Domain(_)) => Err(UnregistrableRedirectUri::Port),
            _ => Err(UnregistrableRedirectUri::IpAddress),
        }
    }

    /// The same address with one more query parameter, which must be neither `code` nor `state`: no callback could be
    /// read with a second one.
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
        let authority = authority(text).ok_or(InvalidRedirectUri::NotAbsolute)?;
        if authority.contains('@') || text.contains('\\') {
            return Err(InvalidRedirectUri::UserInfo);
        }
        if url.fragment().is_some() {
            return Err(InvalidRedirectUri::Fragment);
        }
        if !is_as_read(authority, &url) {
            return Err(InvalidRedirectUri::Host);
        }
        if url.query_pairs().any(|(name, _)| WECHATS.contains(&&*name)) {
            return Err(InvalidRedirectUri::Parameter);
        }
        Ok(Self::new(text.to_owned(), url))
    }
}

impl TryFrom<Url> for RedirectUri {
    type Error = InvalidRedirectUri;

    fn try_from(url: Url) -> Result<Self, InvalidRedirectUri> {
        url.as_str().parse()
    }
}

/// Host and port as they are written. The URL parser takes `https:/x` and `https:///x` for `https://x`.
fn authority(text: &str) -> Option<&str> {
    let (_scheme, rest) = text.split_once(':')?;
    let rest = rest.strip_prefix("//")?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    (end > 0).then_some(&rest[..end])
}

/// Whether what is written is what the URL parser has read, which decodes and normalizes hosts and ports.
fn is_as_read(authority: &str, url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let port = url.port_or_known_default().unwrap_or_default();
    authority.eq_ignore_ascii_case(host)
        || authority.eq_ignore_ascii_case(&format!("{host}:{port}"))
}

/// Whether a console could know this host: a domain of two names at least.
fn is_registrable(host: &str) -> bool {
    let names: Vec<&str> = host.split('.').collect();
    names.len() > 1
        && names.iter().all(|name| !name.is_empty())
        && names.last() != Some(&"localhost")
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
    /// A host or port that a URL parser reads as another one than it is written.
    #[error(
        "redirect_uri must have its host and port in their plain form: ASCII (`xn--…` for other letters), no `%`, no zeros in front of numbers"
    )]
    Host,
    /// Relative, or not an address at all.
    #[error("redirect_uri must be an absolute address, such as https://www.example.com/callback")]
    NotAbsolute,
    /// Another scheme than http and https.
    #[error("redirect_uri must start with http:// or https://")]
    NotHttp,
    /// `code` or `state`, which WeChat adds: no callback could be read with a second one.
    #[error("redirect_uri must not have the query parameters `code` and `state`: WeChat adds them")]
    Parameter,
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
    /// `localhost`, another name without a dot, or one that ends with a dot.
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
    fn a_text_that_names_another_host_than_a_parser_reads_is_refused() {
        let table = [
            ("https:/shop.example/cb", InvalidRedirectUri::NotAbsolute),
            ("https:shop.example/cb", InvalidRedirectUri::NotAbsolute),
            ("https:///shop.example/cb", InvalidRedirectUri::NotAbsolute),
            ("https:////shop.example/cb", InvalidRedirectUri::NotAbsolute),
            (
                "https:/shop.example/cb?next=https://shop.example",
                InvalidRedirectUri::NotAbsolute,
            ),
            ("https://@shop.example/", InvalidRedirectUri::UserInfo),
            ("https://:@shop.example/", InvalidRedirectUri::UserInfo),
            ("https://shop%2eexample/cb", InvalidRedirectUri::Host),
            ("https://shop.ex%61mple/cb", InvalidRedirectUri::Host),
            ("https://ｓｈｏｐ.example/cb", InvalidRedirectUri::Host),
            ("https://shop。example/cb", InvalidRedirectUri::Host),
            ("https://微信.example/cb", InvalidRedirectUri::Host),
            ("https://sho\u{ad}p.example/cb", InvalidRedirectUri::Host),
            ("http://2130706433/", InvalidRedirectUri::Host),
            ("http://127.1/", InvalidRedirectUri::Host),
            ("http://0x7f.0.0.1/", InvalidRedirectUri::Host),
            ("http://[0::1]/", InvalidRedirectUri::Host),
            ("https://shop.example:/cb", InvalidRedirectUri::Host),
            ("https://shop.example:0443/cb", InvalidRedirectUri::Host),
        ];
        for (text, error) in table {
            assert_eq!(text.parse::<RedirectUri>(), Err(error), "{text}");
        }
    }

    #[test]
    fn a_parameter_that_wechat_adds_is_refused_however_it_is_written() {
        let table = [
            (
                "https://shop.example/?state=1",
                InvalidRedirectUri::Parameter,
            ),
            (
                "https://shop.example/?a=b&code",
                InvalidRedirectUri::Parameter,
            ),
            ("https://shop.example?code=", InvalidRedirectUri::Parameter),
            (
                "https://shop.example/?%73tate=1",
                InvalidRedirectUri::Parameter,
            ),
            (
                "https://shop.example/?x=1&co%64%65=1",
                InvalidRedirectUri::Parameter,
            ),
        ];
        for (text, error) in table {
            assert_eq!(text.parse::<RedirectUri>(), Err(error), "{text}");
        }
    }

    #[test]
    fn a_url_that_was_parsed_elsewhere_keeps_the_rules() {
        for (text, error) in [
            ("ftp://shop.example/", InvalidRedirectUri::NotHttp),
            ("https://joe@shop.example/", InvalidRedirectUri::UserInfo),
            ("https://shop.example/#a", InvalidRedirectUri::Fragment),
            (
                "https://shop.example/?code=1",
                InvalidRedirectUri::Parameter,
            ),
        ] {
            let url: Url = text.parse().unwrap();
            assert_eq!(RedirectUri::try_from(url), Err(error), "{text}");
        }
        let url: Url = "https://ｓｈｏｐ.example".parse().unwrap();
        let uri = RedirectUri::try_from(url).unwrap();
        assert_eq!(uri.as_str(), "https://shop.example/");
    }

    #[test]
    fn what_is_written_plainly_is_accepted() {
        for text in [
            "https://shop.example",
            "HTTPS://Shop.Example:443/cb",
            "https://shop.example?next=/cart",
            "http://shop.example:80/a/../cb",
            "https://xn--4kqs6d.example/cb",
            "https://XN--4KQS6D.example/cb",
            "https://my_shop.example:8443/",
            "http://localhost:8080/authorization",
            "http://127.0.0.1:8080/",
            "http://[::1]:8080/",
            "https://shop.example/cb?code_=1&states=2&State=3&next=%26state%3D1",
            "https://shop.example/code?x=state",
        ] {
            let uri: RedirectUri = text.parse().unwrap();
            assert_eq!(uri.as_str(), text);
            let again = RedirectUri::try_from(uri.url().clone()).unwrap();
            assert_eq!(again.url(), uri.url(), "{text}");
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
            ("http://localhost./", Err(NotADomain)),
            ("http://shop.localhost/", Err(NotADomain)),
            ("https://shop.example./", Err(NotADomain)),
            ("http://shop..example/", Err(NotADomain)),
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
