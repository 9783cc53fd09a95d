//! A signing key as the store has it.

use std::fmt;

use crate::oidc::{Algorithm, Timestamp};

/// The `kid` of a key: its JWK thumbprint (RFC 7638), in base64url.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) struct KeyId(String);

impl KeyId {
    /// The ID in a stored row.
    pub(crate) const fn from_stored(text: String) -> Self {
        Self(text)
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A signing key whose private part is encrypted.
#[derive(Clone, Debug)]
pub(crate) struct SealedKey {
    pub(crate) kid: KeyId,
    pub(crate) algorithm: Algorithm,
    /// PKCS #8, encrypted with the first master key and bound to the `kid`.
    pub(crate) sealed: Vec<u8>,
    /// When it appeared in the JWKS.
    pub(crate) published_at: Timestamp,
    /// When it began to sign.
    pub(crate) active_at: Timestamp,
    pub(crate) retired_at: Option<Timestamp>,
    pub(crate) removed_at: Option<Timestamp>,
}
