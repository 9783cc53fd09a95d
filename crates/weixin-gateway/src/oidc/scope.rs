//! Scopes (Core §5.4, §11; RFC 6749 §3.3).

use std::fmt;

use serde::{Deserialize, Serialize};

/// A scope that has a meaning here.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
pub(crate) enum Scope {
    /// An ID token and userinfo.
    OpenId = 0,
    /// Name and picture.
    Profile = 1,
    /// The address that the client's template makes.
    Email = 2,
    /// The IDs that WeChat gives the user.
    Wechat = 3,
    /// A refresh token that outlives the session.
    OfflineAccess = 4,
}

impl Scope {
    /// What is offered, in the order in which it is written.
    pub(crate) const OFFERED: [Self; 5] = [
        Self::OpenId,
        Self::Profile,
        Self::Email,
        Self::OfflineAccess,
        Self::Wechat,
    ];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::OpenId => "openid",
            Self::Profile => "profile",
            Self::Email => "email",
            Self::Wechat => "wechat",
            Self::OfflineAccess => "offline_access",
        }
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// A set of scopes.
#[derive(Clone, Copy, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(from = "String", into = "String")]
pub(crate) struct Scopes(u8);

impl Scopes {
    /// The scopes of a `scope` parameter. Those that are not offered are left out, as RFC 6749 §3.3 and Core §3.1.2.1
    /// allow: `phone`, `address` and unknown ones add nothing.
    pub(crate) fn parse(text: &str) -> Self {
        text.split(' ')
            .filter_map(|word| Scope::OFFERED.into_iter().find(|it| it.as_str() == word))
            .collect()
    }

    /// The set of these bits, if each stands for a scope that is offered.
    pub(crate) fn from_bits(bits: u8) -> Option<Self> {
        let offered: Self = Scope::OFFERED.into_iter().collect();
        (bits & !offered.0 == 0).then_some(Self(bits))
    }

    pub(crate) const fn bits(self) -> u8 {
        self.0
    }

    pub(crate) const fn contains(self, scope: Scope) -> bool {
        self.0 & scope.bit() != 0
    }

    /// The scopes that are in both sets.
    #[must_use]
    pub(crate) const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// The scopes that are in one of the sets.
    #[must_use]
    pub(crate) const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().fold(0, |bits, scope| bits | scope.bit()))
    }
}

impl From<String> for Scopes {
    fn from(text: String) -> Self {
        Self::parse(&text)
    }
}

impl From<Scopes> for String {
    fn from(scopes: Scopes) -> Self {
        scopes.to_string()
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for scope in Scope::OFFERED.into_iter().filter(|it| self.contains(*it)) {
            write!(f, "{separator}{}", scope.as_str())?;
            separator = " ";
        }
        Ok(())
    }
}

impl fmt::Debug for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scopes({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_offered_adds_nothing() {
        for (text, scopes) in [
            ("", ""),
            ("openid", "openid"),
            ("wechat  openid openid", "openid wechat"),
            ("email profile openid", "openid profile email"),
            ("openid phone address x", "openid"),
            ("OpenID openid\tprofile", ""),
            ("offline_access openid", "openid offline_access"),
        ] {
            assert_eq!(Scopes::parse(text).to_string(), scopes, "{text}");
        }
    }

    #[test]
    fn a_set_knows_what_it_contains() {
        let all = Scopes::parse("openid profile email wechat");
        let some = Scopes::parse("openid wechat");
        assert_eq!(all.intersection(some), some);
        assert!(some.contains(Scope::Wechat) && !some.contains(Scope::Email));
        assert_eq!(Scopes::from_bits(some.bits()), Some(some));
        assert_eq!(Scopes::from_bits(0x20), None);
        assert_eq!(Scopes::from_bits(0x80), None);
    }
}
