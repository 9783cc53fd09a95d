//! The gateway's own IDs: 128 bits, written as 26 letters of lower-case base32.

use std::{fmt, str::FromStr};

use data_encoding::BASE32_NOPAD;
use serde::{Deserialize, Serialize};

use weixin::error::ParseError;

/// Size of an ID in bytes.
pub(crate) const SIZE: usize = 16;

/// Each ID has one text only: capital letters, padding and unused bits are rejected.
fn decode(text: &str) -> Option<[u8; SIZE]> {
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return None;
    }
    let upper = text.to_ascii_uppercase();
    BASE32_NOPAD.decode(upper.as_bytes()).ok()?.try_into().ok()
}

/// Defines IDs that differ in name and meaning only.
macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
        #[serde(try_from = "String", into = "String")]
        pub(crate) struct $name([u8; SIZE]);

        impl $name {
            /// An ID of these bytes, which are random.
            pub(crate) const fn from_bytes(bytes: [u8; SIZE]) -> Self {
                Self(bytes)
            }
        }

        impl FromStr for $name {
            type Err = ParseError;

            fn from_str(text: &str) -> Result<Self, ParseError> {
                let error = ParseError::new($what, "26 characters from [a-z2-7]");
                decode(text).map(Self).ok_or(error)
            }
        }

        impl TryFrom<String> for $name {
            type Error = ParseError;

            fn try_from(text: String) -> Result<Self, ParseError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.to_string()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&BASE32_NOPAD.encode(&self.0).to_ascii_lowercase())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }
    };
}

id! {
    /// The ID of an issuer: the first half of the SHA-256 of its URL.
    IssuerId, "issuer ID"
}

id! {
    /// The ID of a user at all issuers of this gateway.
    UserId, "user ID"
}

id! {
    /// The ID of a session, public as `sid` in ID tokens (Back-Channel Logout 1.0 §2.1).
    SessionId, "session ID"
}

id! {
    /// The ID of an authorization request that waits. It grants nothing.
    RequestId, "request ID"
}

id! {
    /// The ID of a grant, chosen when its code is written.
    GrantId, "grant ID"
}

impl RequestId {
    pub(crate) const fn as_bytes(&self) -> &[u8; SIZE] {
        &self.0
    }
}

impl SessionId {
    pub(crate) const fn as_bytes(&self) -> &[u8; SIZE] {
        &self.0
    }
}

impl GrantId {
    pub(crate) const fn as_bytes(&self) -> &[u8; SIZE] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_one_text_only() {
        let id = UserId::from_bytes([0xff; SIZE]);
        assert_eq!(id.to_string(), "77777777777777777777777774");
        assert_eq!("77777777777777777777777774".parse(), Ok(id));
        for bad in [
            "",
            "7777777777777777777777777",
            "77777777777777777777777775", // unused bits are set
            "777777777777777777777777740",
            "AAAAAAAAAAAAAAAAAAAAAAAAAA",
            "aaaaaaaaaaaaaaaaaaaaaaaaa1",
            "aaaaaaaaaaaaaaaaaaaaaaaaaa======",
        ] {
            let error = bad.parse::<UserId>().unwrap_err();
            assert_eq!(
                error.to_string(),
                "not a valid user ID: expected 26 characters from [a-z2-7]",
                "{bad}"
            );
        }
    }

    #[test]
    fn an_id_is_stored_as_its_text() {
        let id = SessionId::from_bytes([0; SIZE]);
        let json = serde_json::to_string(&id).unwrap();
        assert_eq!(json, r#""aaaaaaaaaaaaaaaaaaaaaaaaaa""#);
        assert_eq!(serde_json::from_str::<SessionId>(&json).unwrap(), id);
        assert!(serde_json::from_str::<SessionId>(r#""x""#).is_err());
        assert_eq!(format!("{id:?}"), "SessionId(aaaaaaaaaaaaaaaaaaaaaaaaaa)");
    }
}
