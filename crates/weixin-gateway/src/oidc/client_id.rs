//! The ID of a client.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use weixin::error::ParseError;

/// Longest ID of a client.
const MAX_LENGTH: usize = 128;

/// The ID of a client (RFC 6749 §2.2), unique in the deployment. Its characters mean the same in a form, in a URL and in
/// Basic authentication, whether a client encodes them there or not.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct ClientId(String);

impl ClientId {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ClientId {
    type Error = ParseError;

    fn try_from(text: String) -> Result<Self, ParseError> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        if (1..=MAX_LENGTH).contains(&text.len()) && text.bytes().all(allowed) {
            return Ok(Self(text));
        }
        let rule = "1 to 128 characters from [A-Za-z0-9._-]";
        Err(ParseError::new("client ID", rule))
    }
}

impl FromStr for ClientId {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        Self::try_from(text.to_owned())
    }
}

impl From<ClientId> for String {
    fn from(id: ClientId) -> Self {
        id.0
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_needs_no_encoding() {
        let longest = "x".repeat(MAX_LENGTH);
        for good in ["synapse", "a.b_C-9", &longest] {
            assert_eq!(good.parse::<ClientId>().unwrap().to_string(), good);
        }
        for bad in [
            "",
            "a b",
            "a:b",
            "a%20b",
            "a+b",
            "微信",
            &format!("{longest}x"),
        ] {
            assert!(bad.parse::<ClientId>().is_err(), "{bad}");
        }
    }
}
