//! The return path: a path on the same site.

use std::{borrow::Cow, fmt, str::FromStr};

use data_encoding::BASE64URL_NOPAD;
use serde::Deserialize;
use weixin::error::ParseError;

/// Longest path in the callback's query, in bytes.
const MAX_LENGTH: usize = 512;

/// The path on the same site to open after the login, such as `/cart?item=1`.
///
/// It travels in the query of the callback, covered by the state, with at most 512 bytes: 512 characters from
/// `A-Z a-z 0-9 - _ . ~ /`, or 384 if it has others, which are sent in base64url.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(try_from = "String")]
pub struct ReturnPath(String);

impl ReturnPath {
    /// The path, for a `Location` header or a link.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The path as it is in a query, in characters that stay the same however often they are decoded on the way.
    pub(crate) fn in_query(&self) -> Cow<'_, str> {
        in_query(&self.0)
    }

    /// Reads the form of [`in_query`](Self::in_query), or a plain path.
    pub(crate) fn from_query(value: &str) -> Option<Self> {
        if value.starts_with('/') {
            return value.parse().ok();
        }
        let path = BASE64URL_NOPAD.decode(value.as_bytes()).ok()?;
        String::from_utf8(path).ok()?.parse().ok()
    }
}

fn in_query(path: &str) -> Cow<'_, str> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~/".contains(&byte);
    if path.bytes().all(is_plain) {
        Cow::Borrowed(path)
    } else {
        Cow::Owned(BASE64URL_NOPAD.encode(path.as_bytes()))
    }
}

impl FromStr for ReturnPath {
    type Err = ParseError;

    fn from_str(path: &str) -> Result<Self, ParseError> {
        // `//host` and `/\host` are other hosts to a browser, and it drops tabs and line breaks.
        let other_host = path.starts_with("//") || path.contains('\\');
        let visible = path.bytes().all(|byte| byte.is_ascii_graphic());
        let is_path = path.starts_with('/') && !other_host && visible;
        if is_path && path.len() <= MAX_LENGTH && in_query(path).len() <= MAX_LENGTH {
            Ok(Self(path.to_owned()))
        } else {
            Err(INVALID)
        }
    }
}

impl TryFrom<String> for ReturnPath {
    type Error = ParseError;

    fn try_from(path: String) -> Result<Self, ParseError> {
        path.parse()
    }
}

impl fmt::Display for ReturnPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

const INVALID: ParseError = ParseError::new(
    "return path",
    "a path on this site that begins with one `/`, percent-encoded, of at most 512 bytes in a query (384 if it has other characters than A-Z a-z 0-9 - _ . ~ /)",
);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_a_path_on_the_same_site_is_returned_to() {
        for good in [
            "/",
            "/cart?item=1&x=%2F%2Fevil.example#top",
            "/a//b",
            "/%E5%B0%8F",
            "/a;b,\"c\"",
        ] {
            assert_eq!(good.parse::<ReturnPath>().unwrap().as_str(), good);
        }
        for bad in [
            "",
            "cart",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            " /cart",
            "https://evil.example/",
            "javascript:alert(1)",
            "/a\\b",
            "///evil.example",
            "/小明",
            "?next=/",
        ] {
            assert_eq!(bad.parse::<ReturnPath>(), Err(INVALID), "{bad:?}");
        }
    }

    #[test]
    fn a_path_is_at_most_512_bytes_in_the_query() {
        for (path, is_short_enough) in [
            (format!("/{}", "a".repeat(511)), true),
            (format!("/{}", "a".repeat(512)), false),
            (format!("/?{}", "a".repeat(382)), true),
            (format!("/?{}", "a".repeat(383)), false),
            (format!("/?{}", "a".repeat(510)), false),
        ] {
            let parsed = path.parse::<ReturnPath>();
            assert_eq!(parsed.is_ok(), is_short_enough, "{} bytes", path.len());
            if let Ok(path) = parsed {
                assert!(path.in_query().len() <= 512);
            }
        }
    }

    #[test]
    fn in_a_query_other_characters_are_base64url() {
        for (path, in_query) in [
            ("/", "/"),
            ("/a/b-c_d.e~f", "/a/b-c_d.e~f"),
            ("/cart?item=1", "L2NhcnQ_aXRlbT0x"),
            ("/%2e", "LyUyZQ"),
        ] {
            let path: ReturnPath = path.parse().unwrap();
            assert_eq!(path.in_query(), in_query);
            assert_eq!(ReturnPath::from_query(in_query), Some(path));
        }
        for bad in [
            "",
            "cart",
            "//evil.example",
            "Ly9ldmlsLmV4YW1wbGU",
            "L2E=",
            "_w",
        ] {
            assert_eq!(ReturnPath::from_query(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn a_path_in_a_query_survives_decoding(text in "/[!-~]{0,200}") {
            if let Ok(path) = text.parse::<ReturnPath>() {
                let written = path.in_query().into_owned();
                let pair = format!("a={written}");
                let (_, decoded) = form_urlencoded::parse(pair.as_bytes()).next().unwrap();
                prop_assert_eq!(&decoded, &written);
                prop_assert_eq!(ReturnPath::from_query(&decoded), Some(path));
            }
        }
    }
}
