//! The secret of a row, and hashes of secrets.

use std::fmt;

use aws_lc_rs::{constant_time, digest};
use secrecy::{ExposeSecret, SecretBox};

/// The random secret in the row of a session or grant. The MAC of a code or token covers the secret of the row that it
/// names, so that a stolen key forges nothing without the database.
pub(crate) struct RowSecret(SecretBox<[u8; 16]>);

impl RowSecret {
    /// A secret of these bytes, which are random.
    pub(crate) fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(SecretBox::new(Box::new(bytes)))
    }

    /// The secret, for its column and for MACs. Search for this name to review every use.
    pub(crate) fn expose(&self) -> &[u8; 16] {
        self.0.expose_secret()
    }
}

impl fmt::Debug for RowSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RowSecret(..)")
    }
}

/// The SHA-256 of a random secret of at least 128 bits, such as a session's cookie or a client's secret. It is stored in
/// place of the secret.
#[derive(Clone, Copy)]
pub(crate) struct SecretHash([u8; 32]);

impl SecretHash {
    pub(crate) fn of(secret: &[u8]) -> Self {
        Self(sha256(secret))
    }

    /// The hash that was stored.
    pub(crate) const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// For a column. A look-up by it takes a time that depends on a hash, which says nothing about the secret.
    pub(crate) const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Whether both are hashes of one secret, in constant time.
    pub(crate) fn is(&self, other: &Self) -> bool {
        constant_time::verify_slices_are_equal(&self.0, &other.0).is_ok()
    }
}

impl PartialEq for SecretHash {
    fn eq(&self, other: &Self) -> bool {
        self.is(other)
    }
}

impl fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretHash(..)")
    }
}

/// The SHA-256 of some bytes.
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    hash
}

/// The first half of the SHA-256 of some bytes, where nothing but a second text with this half would do harm.
pub(crate) fn half_sha256(bytes: &[u8]) -> [u8; 16] {
    let mut half = [0; 16];
    half.copy_from_slice(sha256(bytes).split_at(16).0);
    half
}
