//! Secrets: redacted `Debug`, no `Display`, no `Serialize`, wiped on drop.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::error::ParseError;

/// Longest secret that is accepted; WeChat's tokens have about 110 characters (docs/wechat.md#the-exchange).
const MAX_LENGTH: usize = 2048;

fn parse(what: &'static str, text: String) -> Result<SecretString, ParseError> {
    // Owned by the secret type before it is checked, so that a rejected value is wiped as well.
    let secret = SecretString::from(text);
    let exposed = secret.expose_secret();
    let is_valid = (1..=MAX_LENGTH).contains(&exposed.len())
        && exposed.bytes().all(|byte| byte.is_ascii_graphic());
    if is_valid {
        Ok(secret)
    } else {
        let rule = "1 to 2048 visible ASCII characters, without spaces or line breaks";
        Err(ParseError::new(what, rule))
    }
}

/// Secrets that a store keeps.
#[cfg(feature = "tokens")]
pub(crate) trait Exposed {
    fn text(&self) -> &str;
}

/// Serializes a secret for a store, which encrypts it.
#[cfg(feature = "tokens")]
pub(crate) fn exposed<S: serde::Serializer>(
    secret: &impl Exposed,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.text())
}

/// Defines secrets that differ in name and meaning only.
macro_rules! secret {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Deserialize)]
        #[serde(try_from = "String")]
        pub struct $name(SecretString);

        impl $name {
            /// A secret of this text.
            ///
            /// # Errors
            ///
            /// [`ParseError`] if the text is empty, too long, or has characters that no such secret has, such as a
            /// line break that was copied with it.
            pub fn new(secret: impl Into<String>) -> Result<Self, ParseError> {
                parse($what, secret.into()).map(Self)
            }

            /// The secret. Search for this name to review every use.
            pub fn expose(&self) -> &str {
                self.0.expose_secret()
            }
        }

        #[cfg(feature = "tokens")]
        impl Exposed for $name {
            fn text(&self) -> &str {
                self.expose()
            }
        }

        impl std::str::FromStr for $name {
            type Err = ParseError;

            fn from_str(text: &str) -> Result<Self, ParseError> {
                Self::new(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = ParseError;

            fn try_from(text: String) -> Result<Self, ParseError> {
                Self::new(text)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    };
}

secret! {
    /// The app secret (`secret`), which authenticates the app. Keep it on the server.
    AppSecret, "app secret"
}

secret! {
    /// The code of a callback, or of a mobile app's login: single-use, valid for minutes.
    Code, "code"
}

secret! {
    /// An access token of a user or an app, valid for two hours.
    AccessToken, "access token"
}

secret! {
    /// A refresh token: gets new access tokens for about 30 days, without the app secret. Keep it on the server.
    RefreshToken, "refresh token"
}

#[cfg(feature = "tokens")]
impl AccessToken {
    /// A copy. Secrets are not `Clone`, so that each copy is deliberate.
    pub(crate) fn duplicate(&self) -> Self {
        Self(self.0.clone())
    }
}

#[cfg(feature = "tokens")]
impl RefreshToken {
    /// A copy, as of an access token.
    pub(crate) fn duplicate(&self) -> Self {
        Self(self.0.clone())
    }
}

#[cfg(feature = "mini-program")]
secret! {
    /// The code of `wx.login` in a mini program: single-use, valid for minutes.
    JsCode, "code of wx.login"
}

#[cfg(feature = "mini-program")]
secret! {
    /// The code of a mini program's phone number button: single-use, valid for minutes.
    PhoneCode, "phone number code"
}

#[cfg(feature = "mini-program")]
secret! {
    /// The session key of a mini program's user: decrypts the user's payloads until the next `wx.login`. Keep it on the
    /// server.
    SessionKey, "session key"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_the_type_and_nothing_else() {
        assert_eq!(
            format!("{:?}", AppSecret::new("hunter2").unwrap()),
            "AppSecret(..)"
        );
        assert_eq!(format!("{:?}", Code::new("hunter2").unwrap()), "Code(..)");
        assert_eq!(
            format!("{:?}", AccessToken::new("hunter2").unwrap()),
            "AccessToken(..)"
        );
        assert_eq!(
            format!("{:#?}", RefreshToken::new("hunter2").unwrap()),
            "RefreshToken(..)"
        );
    }

    #[test]
    fn a_rejected_secret_is_not_repeated() {
        for bad in ["hunter2\n", "", "hunter 2", "hunter2密"] {
            let error = AppSecret::new(bad).unwrap_err();
            assert!(
                !format!("{error} {error:?}").contains("hunter"),
                "{error:?}"
            );
        }
    }
}
