//! Scopes: the permissions that a user grants to an app.

use std::{borrow::Cow, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::error::ParseError;

/// A scope, such as `snsapi_login`.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Scope(Cow<'static, str>);

impl Scope {
    /// `snsapi_base`: the OpenID only, without asking the user (official accounts).
    pub const BASE: Self = Self(Cow::Borrowed("snsapi_base"));
    /// `snsapi_login`: the QR login of a website app, profile included.
    pub const LOGIN: Self = Self(Cow::Borrowed("snsapi_login"));
    /// `snsapi_userinfo`: the profile (official accounts and mobile apps).
    pub const USERINFO: Self = Self(Cow::Borrowed("snsapi_userinfo"));

    /// The scope as WeChat writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Scope {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
        if (1..=64).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(Cow::Owned(text.to_owned())))
        } else {
            Err(INVALID)
        }
    }
}

const INVALID: ParseError = ParseError::new("scope", "1 to 64 characters from [A-Za-z0-9_.-]");

/// The scopes of a token, in WeChat's notation: separated by commas (docs/wechat.md#the-exchange).
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Scopes(Vec<Scope>);

impl Scopes {
    /// Returns whether `scope` is among them.
    pub fn contains(&self, scope: &Scope) -> bool {
        self.0.contains(scope)
    }

    /// The scopes in a text of WeChat's; invalid parts are skipped, so that they do not end a login.
    pub(crate) fn readable(text: &str) -> impl Iterator<Item = Scope> {
        let parts = text.split([',', ' ']).map(str::trim);
        parts.filter_map(|part| part.parse().ok())
    }

    /// Each scope, in the order in which they were written.
    pub fn iter(&self) -> impl Iterator<Item = &Scope> {
        self.0.iter()
    }
}

impl From<Scope> for Scopes {
    fn from(scope: Scope) -> Self {
        Self(vec![scope])
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<T: IntoIterator<Item = Scope>>(scopes: T) -> Self {
        Self(scopes.into_iter().collect())
    }
}

impl FromStr for Scopes {
    type Err = ParseError;

    /// Skips empty parts: WeChat's responses have ended with a comma.
    fn from_str(text: &str) -> Result<Self, ParseError> {
        let parts = text
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty());
        parts.map(str::parse).collect::<Result<_, _>>().map(Self)
    }
}

impl TryFrom<String> for Scopes {
    type Error = ParseError;

    fn try_from(text: String) -> Result<Self, ParseError> {
        text.parse()
    }
}

impl From<Scopes> for String {
    fn from(scopes: Scopes) -> Self {
        scopes.to_string()
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, scope) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(",")?;
            }
            f.write_str(scope.as_str())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_separated_by_commas_and_may_end_with_one() {
        let scopes: Scopes = "snsapi_userinfo,".parse().unwrap();
        assert_eq!(scopes, Scopes::from(Scope::USERINFO));
        let scopes: Scopes = "snsapi_login,snsapi_userinfo".parse().unwrap();
        assert!(scopes.contains(&Scope::LOGIN) && !scopes.contains(&Scope::BASE));
        assert_eq!(scopes.to_string(), "snsapi_login,snsapi_userinfo");
        assert_eq!(
            "snsapi_login snsapi_userinfo".parse::<Scopes>(),
            Err(INVALID)
        );
    }

    #[test]
    fn invalid_scopes_in_a_response_are_skipped() {
        let read: Scopes = Scopes::readable(" snsapi_login snsapi_base,, 授权,a b!,").collect();
        assert_eq!(read.to_string(), "snsapi_login,snsapi_base,a");
    }
}
