//! The IDs of apps and users.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::error::ParseError;

/// Longest ID that is accepted; WeChat's have 18 to 29 characters (docs/wechat.md#openid-and-unionid).
const MAX_LENGTH: usize = 128;

fn parse(what: &'static str, text: String) -> Result<String, ParseError> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    if (1..=MAX_LENGTH).contains(&text.len()) && text.bytes().all(allowed) {
        Ok(text)
    } else {
        Err(ParseError::new(
            what,
            "1 to 128 characters from [A-Za-z0-9_-]",
        ))
    }
}

/// Defines IDs that differ in name and meaning only.
macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The ID as WeChat writes it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = ParseError;

            fn try_from(text: String) -> Result<Self, ParseError> {
                parse($what, text).map(Self)
            }
        }

        impl FromStr for $name {
            type Err = ParseError;

            fn from_str(text: &str) -> Result<Self, ParseError> {
                Self::try_from(text.to_owned())
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id! {
    /// The app ID (`appid`) of an app that is registered with WeChat: `wx` and 16 hexadecimal digits.
    AppId, "app ID"
}

id! {
    /// The OpenID of a user (`openid`): one user has another OpenID in each app.
    ///
    /// See docs/wechat.md#openid-and-unionid.
    OpenId, "OpenID"
}

id! {
    /// The UnionID of a user (`unionid`): the same in all apps of one Open Platform account.
    ///
    /// See docs/wechat.md#openid-and-unionid.
    UnionId, "UnionID"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_is_a_short_word() {
        let longest = "x".repeat(MAX_LENGTH);
        for good in ["wx0123456789abcdef", "o-_A9", "x", &longest] {
            assert_eq!(good.parse::<AppId>().unwrap().as_str(), good);
        }
        let too_long = "x".repeat(MAX_LENGTH + 1);
        for bad in ["", "wx 1", "wx\n", "微信", "a&b=c", &too_long] {
            let error = bad.parse::<AppId>().unwrap_err();
            assert_eq!(
                error.to_string(),
                "not a valid app ID: expected 1 to 128 characters from [A-Za-z0-9_-]"
            );
        }
    }
}
