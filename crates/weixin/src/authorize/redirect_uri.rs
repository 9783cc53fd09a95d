//! The URL to which WeChat sends the browser after the login.

use std::{fmt, str::FromStr, sync::Arc};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::{Host, Url};

use crate::error::ParseError;

/// Everything but the unreserved characters of RFC 3986, section 2.3.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The query parameters that WeChat adds to the callback.
const WECHATS: [&str; 2] = ["code", "state"];

/// The URL to which WeChat sends the browser after the login (`redirect_uri`).
///
/// WeChat receives the text as it was given, so every text is rejected that WeChat could read as another host than this
/// crate does: the host must be written as a browser's address bar shows it, in ASCII (`xn--…` for other letters), without
/// percent-encoding and without a shortened IP address. The query cannot have `code` and `state`, which WeChat adds.
///
/// [`check_registrable`](Self::check_registrable) checks WeChat's rules for the host;
/// [`Website::probe`](crate::Website::probe) asks WeChat itself. See docs/wechat.md#callback-domain-rules.
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
    /// The redirect URI as a URL. `Display` writes it as it was given.
    pub fn as_url(&self) -> &Url {
        &self.0.url
    }

    fn new(text: String, url: Url) -> Self {
        let encoded = utf8_percent_encode(&text, RESERVED).to_string();
        Self(Arc::new(Parts { url, text, encoded }))
    }

    pub(crate) fn percent_encoded(&self) -> &str {
        &self.0.encoded
    }

    /// Checks that the host could be a registered callback domain (授权回调域).
    ///
    /// # Errors
    ///
    /// [`ParseError`] for a port, an IP address, or a host without a dot such as `localhost`, which WeChat rejects
    /// (official account error 10003, website app `redirect_uri 参数错误`). Test accounts (测试号) accept them.
    ///
    /// See docs/wechat.md#callback-domain-rules.
    pub fn check_registrable(&self) -> Result<(), ParseError> {
        match self.0.url.host() {
            Some(Host::Domain(host)) if !is_registrable(host) => Err(invalid(rule::DOMAIN)),
            Some(Host::Domain(_)) if self.0.url.port().is_none() => Ok(()),
            Some(Host::Domain(_)) => Err(invalid(rule::NO_PORT)),
            _ => Err(invalid(rule::NO_IP_ADDRESS)),
        }
    }
}

impl FromStr for RedirectUri {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        // The URL parser silently drops these; WeChat would get another text than was checked.
        if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(invalid(rule::WHITESPACE));
        }
        let url = Url::parse(text).map_err(|_| invalid(rule::ABSOLUTE))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(invalid(rule::HTTP));
        }
        let authority = authority(text).ok_or(invalid(rule::ABSOLUTE))?;
        if authority.contains('@') || text.contains('\\') {
            return Err(invalid(rule::USER_INFO));
        }
        if url.fragment().is_some() {
            return Err(invalid(rule::FRAGMENT));
        }
        if !is_as_read(authority, &url) {
            return Err(invalid(rule::HOST));
        }
        if url.query_pairs().any(|(name, _)| WECHATS.contains(&&*name)) {
            return Err(invalid(rule::PARAMETERS));
        }
        Ok(Self::new(text.to_owned(), url))
    }
}

impl TryFrom<Url> for RedirectUri {
    type Error = ParseError;

    fn try_from(url: Url) -> Result<Self, ParseError> {
        url.as_str().parse()
    }
}

/// Host and port as they are written. The URL parser reads `https:/x` and `https:///x` as `https://x`.
fn authority(text: &str) -> Option<&str> {
    let (_scheme, rest) = text.split_once(':')?;
    let rest = rest.strip_prefix("//")?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    (end > 0).then_some(&rest[..end])
}

/// Compares the written host and port with the parsed ones: the URL parser decodes and normalizes them.
fn is_as_read(authority: &str, url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let port = url.port_or_known_default().unwrap_or_default();
    authority.eq_ignore_ascii_case(host)
        || authority.eq_ignore_ascii_case(&format!("{host}:{port}"))
}

/// Returns `true` for a domain of at least two labels.
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

/// The rules of a redirect URI.
mod rule {
    /// Relative, or no URL at all.
    pub(super) const ABSOLUTE: &str = "an absolute URL, such as https://www.example.com/callback";
    /// WeChat appends the code after the fragment, where no server sees it (docs/wechat.md#the-callback).
    pub(super) const FRAGMENT: &str = "no fragment (`#…`): the code would never reach the server";
    /// A host or port that URL parsers read differently than it is written.
    pub(super) const HOST: &str = "its host and port in plain form: ASCII (`xn--…` for other letters), no `%`, no leading zeros";
    pub(super) const HTTP: &str = "the scheme http or https";
    /// With a second `code` or `state`, no callback could be read.
    pub(super) const PARAMETERS: &str = "no query parameters `code` and `state`: WeChat adds them";
    pub(super) const USER_INFO: &str = "no user name, no password and no backslash";
    pub(super) const WHITESPACE: &str = "no spaces, line breaks or control characters";

    /// The rules of WeChat's consoles (docs/wechat.md#callback-domain-rules).
    pub(super) const DOMAIN: &str = "the registered callback domain (授权回调域) as its host: WeChat does not accept localhost. `weixin sim` does";
    pub(super) const NO_IP_ADDRESS: &str = "the registered callback domain (授权回调域) as its host: WeChat does not accept an IP address";
    pub(super) const NO_PORT: &str = "no port: WeChat accepts 80 for http and 443 for https only";
}

fn invalid(rule: &'static str) -> ParseError {
    ParseError::new("redirect URI", rule)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_that_breaks_a_rule_is_rejected_with_the_rule() {
        let table = [
            ("/callback", rule::ABSOLUTE),
            ("www.example.com/callback", rule::ABSOLUTE),
            ("https://", rule::ABSOLUTE),
            ("ftp://www.example.com/", rule::HTTP),
            ("javascript:alert(1)", rule::HTTP),
            ("https://www.example.com@evil.example/", rule::USER_INFO),
            ("https://evil.example\\@www.example.com/", rule::USER_INFO),
            ("https://www.example.com/#/login", rule::FRAGMENT),
            ("https://www.example.com/a b", rule::WHITESPACE),
            ("https://www.example.com/\n", rule::WHITESPACE),
        ];
        for (text, error) in table {
            assert_eq!(text.parse::<RedirectUri>(), Err(invalid(error)), "{text}");
        }
    }

    #[test]
    fn a_text_that_names_another_host_than_a_parser_reads_is_rejected() {
        let table = [
            ("https:/shop.example/cb", rule::ABSOLUTE),
            ("https:shop.example/cb", rule::ABSOLUTE),
            ("https:///shop.example/cb", rule::ABSOLUTE),
            ("https:////shop.example/cb", rule::ABSOLUTE),
            (
                "https:/shop.example/cb?next=https://shop.example",
                rule::ABSOLUTE,
            ),
            ("https://@shop.example/", rule::USER_INFO),
            ("https://:@shop.example/", rule::USER_INFO),
            ("https://shop%2eexample/cb", rule::HOST),
            ("https://shop.ex%61mple/cb", rule::HOST),
            ("https://ｓｈｏｐ.example/cb", rule::HOST),
            ("https://shop。example/cb", rule::HOST),
            ("https://微信.example/cb", rule::HOST),
            ("https://sho\u{ad}p.example/cb", rule::HOST),
            ("http://2130706433/", rule::HOST),
            ("http://127.1/", rule::HOST),
            ("http://0x7f.0.0.1/", rule::HOST),
            ("http://[0::1]/", rule::HOST),
            ("https://shop.example:/cb", rule::HOST),
            ("https://shop.example:0443/cb", rule::HOST),
        ];
        for (text, error) in table {
            assert_eq!(text.parse::<RedirectUri>(), Err(invalid(error)), "{text}");
        }
    }

    #[test]
    fn a_parameter_that_wechat_adds_is_rejected_in_every_spelling() {
        let table = [
            ("https://shop.example/?state=1", rule::PARAMETERS),
            ("https://shop.example/?a=b&code", rule::PARAMETERS),
            ("https://shop.example?code=", rule::PARAMETERS),
            ("https://shop.example/?%73tate=1", rule::PARAMETERS),
            ("https://shop.example/?x=1&co%64%65=1", rule::PARAMETERS),
        ];
        for (text, error) in table {
            assert_eq!(text.parse::<RedirectUri>(), Err(invalid(error)), "{text}");
        }
    }

    #[test]
    fn a_url_that_was_parsed_elsewhere_keeps_the_rules() {
        for (text, error) in [
            ("ftp://shop.example/", rule::HTTP),
            ("https://joe@shop.example/", rule::USER_INFO),
            ("https://shop.example/#a", rule::FRAGMENT),
            ("https://shop.example/?code=1", rule::PARAMETERS),
        ] {
            let url: Url = text.parse().unwrap();
            assert_eq!(RedirectUri::try_from(url), Err(invalid(error)), "{text}");
        }
        let url: Url = "https://ｓｈｏｐ.example".parse().unwrap();
        let uri = RedirectUri::try_from(url).unwrap();
        assert_eq!(uri.to_string(), "https://shop.example/");
    }

    #[test]
    fn plain_urls_are_accepted() {
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
            assert_eq!(uri.to_string(), text);
            let again = RedirectUri::try_from(uri.as_url().clone()).unwrap();
            assert_eq!(again.as_url(), uri.as_url(), "{text}");
        }
    }

    #[test]
    fn hosts_that_no_console_accepts_are_rejected_with_the_rule() {
        use rule::{DOMAIN, NO_IP_ADDRESS, NO_PORT};
        for (text, expected) in [
            ("https://www.example.com/callback", Ok(())),
            ("http://www.example.com:80/", Ok(())),
            ("https://www.example.com:443/?a=b", Ok(())),
            ("https://www.example.com:8443/", Err(NO_PORT)),
            ("http://localhost/", Err(DOMAIN)),
            ("http://localhost:8080/", Err(DOMAIN)),
            ("http://intranet/", Err(DOMAIN)),
            ("http://127.0.0.1/", Err(NO_IP_ADDRESS)),
            ("http://localhost./", Err(DOMAIN)),
            ("http://shop.localhost/", Err(DOMAIN)),
            ("https://shop.example./", Err(DOMAIN)),
            ("http://shop..example/", Err(DOMAIN)),
            ("http://[::1]:8080/", Err(NO_IP_ADDRESS)),
        ] {
            let uri: RedirectUri = text.parse().unwrap();
            let expected = expected.map_err(invalid);
            assert_eq!(uri.check_registrable(), expected, "{text}");
        }
    }

    #[test]
    fn the_text_is_kept_as_it_was_given() {
        let uri: RedirectUri = "HTTPS://Shop.example".parse().unwrap();
        assert_eq!(uri.to_string(), "HTTPS://Shop.example");
        assert_eq!(uri.percent_encoded(), "HTTPS%3A%2F%2FShop.example");
    }
}
