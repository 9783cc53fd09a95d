//! What the application may do on behalf of the user.

use std::{borrow::Cow, fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// One permission, such as `snsapi_login`.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Scope(Cow<'static, str>);

impl Scope {
    /// `snsapi_base`: open id only, without a question to the user (official accounts).
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
    type Err = InvalidScope;

    fn from_str(text: &str) -> Result<Self, InvalidScope> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
        if (1..=64).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(Cow::Owned(text.to_owned())))
        } else {
            Err(InvalidScope)
        }
    }
}

/// Text that is not a scope.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error(
    "not a valid scope: expected 1 to 64 characters from [A-Za-z0-9_.-], several separated by commas"
)]
pub struct InvalidScope;

/// Some scopes, in WeChat's notation: separated by commas.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Scopes(Vec<Scope>);

impl Scopes {
    /// Whether `scope` is one of them.
    pub fn contains(&self, scope: &Scope) -> bool {
        self.0.contains(scope)
    }

    /// The scopes in a text of WeChat's; a part that is none is left out, so that it does not end a login.
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
    type Err = InvalidScope;

    /// Empty parts are passed over: WeChat's answers have ended with a comma.
    fn from_str(text: &str) -> Result<Self, InvalidScope> {
        let parts = text
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty());
        parts.map(str::parse).collect::<Result<_, _>>().map(Self)
    }
}

impl TryFrom<String> for Scopes {
    type Error = InvalidScope;

    fn try_from(text: String) -> Result<Self, InvalidScope> {
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
            Err(InvalidScope)
        );
    }

    #[test]
    fn what_is_no_scope_in_an_answer_is_left_out() {
        let read: Scopes = Scopes::readable(" snsapi_login snsapi_base,, 授权,a b!,").collect();
        assert_eq!(read.to_string(), "snsapi_login,snsapi_base,a");
    }
}
