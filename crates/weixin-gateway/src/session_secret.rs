//! The secrets of session cookies: each follows from the seed in the row of a login and from the first master key, so that
//! all responses to one login set the same cookie, whichever the browser receives last. Neither is enough by itself. While the
//! key file is changed, the first key of the node that began the session may be another line of this one's file.

use aws_lc_rs::hmac;
use data_encoding::BASE64URL_NOPAD;
use secrecy::{ExposeSecret, SecretString};

use crate::{
    master_key::MasterKeys,
    secret::{RowSecret, SecretHash},
};

/// What the key is derived for.
const PURPOSE: &str = "session cookies";

/// Makes the secrets of session cookies.
#[derive(Clone, Debug)]
pub(crate) struct SessionSecrets {
    first: hmac::Key,
    others: Vec<hmac::Key>,
}

/// The value of a session cookie.
#[derive(Debug)]
pub(crate) struct SessionSecret(SecretString);

impl SessionSecrets {
    pub(crate) fn new(master: &MasterKeys) -> Self {
        Self {
            first: master.derive_first(PURPOSE),
            others: master.derive(PURPOSE).skip(1).collect(),
        }
    }

    /// The secret of the login with this seed.
    pub(crate) fn of(&self, seed: &RowSecret) -> SessionSecret {
        secret(&self.first, seed)
    }

    /// What the secret of a login in the past may be: one for each master key, the first one first.
    pub(crate) fn each_of(&self, seed: &RowSecret) -> impl Iterator<Item = SessionSecret> {
        let keys = std::iter::once(&self.first).chain(&self.others);
        keys.map(|key| secret(key, seed))
    }
}

fn secret(key: &hmac::Key, seed: &RowSecret) -> SessionSecret {
    let mac = hmac::sign(key, seed.expose());
    SessionSecret(BASE64URL_NOPAD.encode(mac.as_ref()).into())
}

impl SessionSecret {
    /// What is stored of it.
    pub(crate) fn hash(&self) -> SecretHash {
        SecretHash::of(self.expose().as_bytes())
    }

    /// The value, for the cookie: 43 characters of base64url. Search for this name to review every use.
    pub(crate) fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}
