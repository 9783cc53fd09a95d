//! Where to go after the login: a path on the same site.

use std::{fmt, str::FromStr};

use thiserror::Error;

/// Longest path that is kept in the cookie.
const MAX_LENGTH: usize = 512;

/// A path on the same site, such as `/cart?item=1`: nothing that leads a browser elsewhere.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ReturnPath(String);

impl ReturnPath {
    /// The path, for a `Location` header or a link.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ReturnPath {
    type Err = InvalidReturnPath;

    fn from_str(path: &str) -> Result<Self, InvalidReturnPath> {
        // `//host` and `/\host` are other hosts to a browser, and it drops tabs and line breaks.
        let other_host = path.starts_with("//") || path.contains('\\');
        let visible = path.bytes().all(|byte| byte.is_ascii_graphic());
        if path.starts_with('/') && !other_host && visible && path.len() <= MAX_LENGTH {
            Ok(Self(path.to_owned()))
        } else {
            Err(InvalidReturnPath)
        }
    }
}

impl fmt::Display for ReturnPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Text that is not a path on the same site.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error(
    "expected a path on this site that begins with one `/`, percent-encoded, of at most {MAX_LENGTH} characters"
)]
pub struct InvalidReturnPath;

#[cfg(test)]
mod tests {
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
        let long = format!("/{}", "a".repeat(MAX_LENGTH));
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
            &long,
        ] {
            assert_eq!(bad.parse::<ReturnPath>(), Err(InvalidReturnPath), "{bad:?}");
        }
    }
}
