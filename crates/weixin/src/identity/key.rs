//! The key by which a site looks an account up.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{AppId, OpenId, UnionId};
use crate::error::ParseError;

/// The key by which a site looks an account up: a UnionID, or an OpenID with its app.
///
/// Equal identities are the same user. The reverse does not hold: before a UnionID is known, a user has an identity for
/// each app ([`UserIds::link`](super::UserIds::link)).
///
/// `Display` writes it as it is stored: `union:UNIONID` or `open:APPID:OPENID`. No ID contains a colon.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "String", into = "String")]
#[non_exhaustive]
pub enum Identity {
    /// The user in one app.
    OpenId {
        /// The app.
        app: AppId,
        /// The OpenID of the user in this app.
        openid: OpenId,
    },
    /// The user in all apps of one Open Platform account.
    UnionId(UnionId),
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OpenId { app, openid } => write!(f, "open:{app}:{openid}"),
            Self::UnionId(unionid) => write!(f, "union:{unionid}"),
        }
    }
}

impl FromStr for Identity {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let parts: Vec<_> = text.split(':').collect();
        match parts[..] {
            ["open", app, openid] => Ok(Self::OpenId {
                app: app.parse().map_err(|_| INVALID)?,
                openid: openid.parse().map_err(|_| INVALID)?,
            }),
            ["union", unionid] => {
                let unionid = unionid.parse().map_err(|_| INVALID)?;
                Ok(Self::UnionId(unionid))
            }
            _ => Err(INVALID),
        }
    }
}

impl TryFrom<String> for Identity {
    type Error = ParseError;

    fn try_from(text: String) -> Result<Self, ParseError> {
        text.parse()
    }
}

impl From<Identity> for String {
    fn from(identity: Identity) -> Self {
        identity.to_string()
    }
}

const INVALID: ParseError = ParseError::new("identity", "union:UNIONID or open:APPID:OPENID");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_identities_are_stored_as_the_same_text() {
        let open = |app: &str, openid: &str| Identity::OpenId {
            app: app.parse().unwrap(),
            openid: openid.parse().unwrap(),
        };
        for (text, identity) in [
            ("union:u1", Identity::UnionId("u1".parse().unwrap())),
            ("open:mini:oM", open("mini", "oM")),
            ("open:web:u1", open("web", "u1")),
        ] {
            assert_eq!(identity.to_string(), text);
            assert_eq!(text.parse::<Identity>().unwrap(), identity);
        }
        for bad in [
            "",
            "u1",
            "union:",
            "union:a:b",
            "open:a",
            "open::b",
            "open:a:b:c",
            "union:a b",
        ] {
            assert_eq!(bad.parse::<Identity>(), Err(INVALID), "{bad}");
        }
    }
}
