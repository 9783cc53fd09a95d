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
    /// Counts the keys of the algorithm.
    pub(crate) number: i64,
    /// PKCS #8, encrypted with the first master key and bound to the `kid`.
    pub(crate) sealed: Vec<u8>,
    /// When it appeared in the JWKS.
    pub(crate) published_at: Timestamp,
    /// When it begins to sign.
    pub(crate) active_at: Timestamp,
    /// When it stops signing: when the next one begins.
    pub(crate) retired_at: Option<Timestamp>,
    /// When it leaves the JWKS.
    pub(crate) removed_at: Option<Timestamp>,
}

/// What a key is used for at a time.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Phase {
    /// In the JWKS, so that clients know it before it signs.
    Published,
    /// Signs and verifies.
    Signing,
    /// Verifies.
    Retired,
    /// Neither, and no longer in the JWKS.
    Removed,
}

impl SealedKey {
    pub(crate) fn phase(&self, now: Timestamp) -> Phase {
        let is_past = |at: Option<Timestamp>| at.is_some_and(|at| at <= now);
        if is_past(self.removed_at) {
            Phase::Removed
        } else if is_past(self.retired_at) {
            Phase::Retired
        } else if self.active_at <= now {
            Phase::Signing
        } else {
            Phase::Published
        }
    }
}
