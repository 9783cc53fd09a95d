//! Values that never reach a log: redacted `Debug`, no `Display`, no `Serialize`, wiped on drop.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use thiserror::Error;

/// Longest secret that is accepted; WeChat's tokens have about 110 characters, 512 at most.
const MAX_LENGTH: usize = 2048;

/// Text that cannot be the secret it was given for; the text itself is not repeated.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error(
    "not a valid {what}: expected 1 to {MAX_LENGTH} visible ASCII characters, without spaces or line breaks"
)]
pub struct InvalidSecret {
    what: &'static str,
}

fn parse(what: &'static str, text: String) -> Result<SecretString, InvalidSecret> {
    // Owned by the secret type before it is looked at, so that a refused value is wiped as well.
    let secret = SecretString::from(text);
    let exposed = secret.expose_secret();
    let valid = (1..=MAX_LENGTH).contains(&exposed.len())
        && exposed.bytes().all(|byte| byte.is_ascii_graphic());
    if valid {
        Ok(secret)
    } else {
        Err(InvalidSecret { what })
    }
}

/// A secret that the vault keeps.
#[cfg(feature = "vault")]
pub(crate) trait Exposed {
    fn text(&self) -> &str;
}

/// Writes a secret into what the vault keeps, which is encrypted at rest.
#[cfg(feature = "vault")]
pub(crate) fn exposed<S: serde::Serializer>(
    secret: &impl Exposed,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.text())
}

/// Secrets that differ in name and meaning only.
macro_rules! secret {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Deserialize)]
        #[serde(try_from = "String")]
        pub struct $name(SecretString);

        impl $name {
            /// Takes the secret over.
            ///
            /// # Errors
            ///
            /// [`InvalidSecret`] if the text is empty, too long or has characters that no
            /// such secret has, such as a line break copied with it.
            pub fn new(secret: impl Into<String>) -> Result<Self, InvalidSecret> {
                parse($what, secret.into()).map(Self)
            }

            /// The secret itself. Search for this name to review every use.
            pub fn expose(&self) -> &str {
                self.0.expose_secret()
            }
        }

        #[cfg(feature = "vault")]
        impl Exposed for $name {
            fn text(&self) -> &str {
                self.expose()
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidSecret;

            fn try_from(text: String) -> Result<Self, InvalidSecret> {
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
    /// The app secret (`secret`): whoever has it is the application.
    AppSecret, "app secret"
}

secret! {
    /// What the callback brought: worth one token, once, for a few minutes.
    Code, "code"
}

#[cfg(feature = "vault")]
impl AccessToken {
    /// A second one for the vault: secrets are not `Clone`, so that each copy is a decision.
    pub(crate) fn duplicate(&self) -> Self {
        Self(self.0.clone())
    }
}

#[cfg(feature = "vault")]
impl RefreshToken {
    /// A second one for the vault.
    pub(crate) fn duplicate(&self) -> Self {
        Self(self.0.clone())
    }
}

secret! {
    /// Lets the application read the user's profile; lives two hours.
    AccessToken, "access token"
}

secret! {
    /// Gets new access tokens for about 30 days, without the app secret: keep it on the server.
    RefreshToken, "refresh token"
}

#[cfg(feature = "mini-program")]
secret! {
    /// Decrypts what one user's mini program hands over, until their next `wx.login`: it never leaves the server.
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
    fn a_refused_secret_is_not_repeated() {
        for bad in ["hunter2\n", "", "hunter 2", "hunter2密"] {
            let error = AppSecret::new(bad).unwrap_err();
            assert!(
                !format!("{error} {error:?}").contains("hunter"),
                "{error:?}"
            );
        }
    }
}
