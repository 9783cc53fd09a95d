//! Encryption at rest, with keys that can be rotated.

use std::fmt;

use aes_gcm::{
    Aes256Gcm, KeyInit, Nonce,
    aead::{Aead, Payload},
};
use data_encoding::BASE64;
use secrecy::{ExposeSecret, SecretString};

#[cfg(any(feature = "postgres", feature = "redis", feature = "sqlite"))]
use super::{
    Record, Version,
    time::{from_milliseconds, milliseconds},
};
use crate::error::{ParseError, StoreError};

/// The format of an encrypted value: AES-256-GCM, the nonce first, the context as associated data.
const FORMAT: u8 = 1;
const NONCE: usize = 12;

/// The keys by which a store encrypts its values (AES-256-GCM): the current one, and the previous ones to read old values.
///
/// To rotate the key of one server, pass the new one to [`new`](Self::new) and the old one to [`previous`](Self::previous).
/// With several servers, in two steps: first give every server the new one as [`previous`](Self::previous), so that each can
/// read what the others write; then exchange the two on one server after the other. Remove the old one when the oldest login
/// has expired ([`UserTokens::login_lifetime`](crate::UserTokens::login_lifetime)). A record whose key is lost is an error,
/// also for a removal: delete its row.
pub struct StoreKeys {
    current: Aes256Gcm,
    previous: Vec<Aes256Gcm>,
}

impl StoreKeys {
    /// A current key of 32 random bytes in base64, as `openssl rand -base64 32` prints them.
    ///
    /// # Errors
    ///
    /// [`ParseError`] for anything else.
    pub fn new(current: impl Into<String>) -> Result<Self, ParseError> {
        Ok(Self {
            current: cipher(current.into())?,
            previous: Vec::new(),
        })
    }

    /// Also reads values that were encrypted with this previous key. Can be called for each of several.
    ///
    /// # Errors
    ///
    /// [`ParseError`] for anything but 32 bytes in base64.
    pub fn previous(mut self, previous: impl Into<String>) -> Result<Self, ParseError> {
        self.previous.push(cipher(previous.into())?);
        Ok(self)
    }

    /// Encrypts the value of a record, bound to a `context`: it opens with the same context only.
    ///
    /// Pass the plain columns of the record. The stores of this crate pass its key, a zero byte, its version and its expiry
    /// (8 bytes each): a value that was moved to another user, or whose version or expiry was changed, does not open. A
    /// whole record from an old backup does.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the operating system has no random bytes.
    pub fn seal(&self, context: &[u8], value: &[u8]) -> Result<Vec<u8>, StoreError> {
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce).map_err(|_| StoreError::new("no random bytes"))?;
        let payload = Payload {
            msg: value,
            aad: context,
        };
        let sealed = self
            .current
            .encrypt(&Nonce::from(nonce), payload)
            .map_err(|_| StoreError::new("the record is too large"))?;
        Ok([&[FORMAT][..], &nonce, &sealed].concat())
    }

    /// Decrypts the value of a record.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if it was encrypted with other keys, with another context, or not by [`seal`](Self::seal).
    pub fn open(&self, context: &[u8], sealed: &[u8]) -> Result<Vec<u8>, StoreError> {
        let parts = sealed
            .strip_prefix(&[FORMAT])
            .and_then(|rest| rest.split_first_chunk::<NONCE>());
        let (nonce, sealed) = parts.ok_or_else(unreadable)?;
        let payload = || Payload {
            msg: sealed,
            aad: context,
        };
        std::iter::once(&self.current)
            .chain(&self.previous)
            .find_map(|cipher| cipher.decrypt(&Nonce::from(*nonce), payload()).ok())
            .ok_or_else(unreadable)
    }
}

impl fmt::Debug for StoreKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoreKeys(..)")
    }
}

fn cipher(text: String) -> Result<Aes256Gcm, ParseError> {
    let text = SecretString::from(text);
    let bytes = BASE64
        .decode(text.expose_secret().trim().as_bytes())
        .map(secrecy::SecretSlice::from)
        .map_err(|_| INVALID)?;
    Aes256Gcm::new_from_slice(bytes.expose_secret()).map_err(|_| INVALID)
}

fn unreadable() -> StoreError {
    StoreError::new("a record cannot be decrypted: it was written with another key, or changed")
}

/// The columns of a record: version, expiry in milliseconds since 1970, and the encrypted value.
#[cfg(any(feature = "postgres", feature = "redis", feature = "sqlite"))]
pub(super) type Columns = (i64, i64, Vec<u8>);

/// Encrypts a record for a database.
#[cfg(any(feature = "postgres", feature = "redis", feature = "sqlite"))]
pub(super) fn seal(keys: &StoreKeys, key: &str, record: &Record) -> Result<Columns, StoreError> {
    let (version, expires) = (record.version().0, milliseconds(record.expires_at()));
    let sealed = keys.seal(&context(key, version, expires), record.expose())?;
    Ok((version, expires, sealed))
}

/// Decrypts a record of a database.
#[cfg(any(feature = "postgres", feature = "redis", feature = "sqlite"))]
pub(super) fn open(
    keys: &StoreKeys,
    key: &str,
    (version, expires, sealed): Columns,
) -> Result<Record, StoreError> {
    let value = keys.open(&context(key, version, expires), &sealed)?;
    let expires_at = from_milliseconds(expires);
    Ok(Record::new(value, Version(version), expires_at))
}

/// The plain columns that a value is bound to. The two numbers have a fixed length and come last, so that no two records
/// share a context.
#[cfg(any(feature = "postgres", feature = "redis", feature = "sqlite"))]
fn context(key: &str, version: i64, expires: i64) -> Vec<u8> {
    let version = version.to_be_bytes();
    [key.as_bytes(), &[0], &version, &expires.to_be_bytes()].concat()
}

const INVALID: ParseError = ParseError::new(
    "store key",
    "32 bytes in base64, as `openssl rand -base64 32` prints them",
);

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    const OTHER: &str = "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=";
    const NEW: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

    #[test]
    fn a_value_opens_with_its_own_key_and_context_only() {
        let keys = StoreKeys::new(OLD).unwrap();
        let sealed = keys.seal(b"user", b"66_token").unwrap();
        assert!(!sealed.windows(8).any(|window| window == b"66_token"));
        assert_ne!(sealed, keys.seal(b"user", b"66_token").unwrap());
        assert_eq!(keys.open(b"user", &sealed).unwrap(), b"66_token");
        assert!(keys.open(b"other", &sealed).is_err());
        assert!(StoreKeys::new(NEW).unwrap().open(b"user", &sealed).is_err());
        for index in 0..sealed.len() {
            let mut forged = sealed.clone();
            forged[index] ^= 1;
            assert!(keys.open(b"user", &forged).is_err(), "byte {index}");
            assert!(keys.open(b"user", &sealed[..index]).is_err());
        }
    }

    #[test]
    fn a_rotated_key_still_opens_its_values() {
        let sealed = StoreKeys::new(OLD).unwrap().seal(b"user", b"x").unwrap();
        let keys = StoreKeys::new(NEW).unwrap().previous(OTHER).unwrap();
        let keys = keys.previous(OLD).unwrap();
        assert_eq!(keys.open(b"user", &sealed).unwrap(), b"x");
        let other = StoreKeys::new(OTHER).unwrap().seal(b"user", b"z").unwrap();
        assert_eq!(keys.open(b"user", &other).unwrap(), b"z");
        let sealed = keys.seal(b"user", b"y").unwrap();
        assert_eq!(
            StoreKeys::new(NEW).unwrap().open(b"user", &sealed).unwrap(),
            b"y"
        );
    }

    #[test]
    fn an_invalid_key_is_rejected_and_not_repeated() {
        for bad in ["", "hunter2", "aHVudGVyMg==", &NEW[..40]] {
            let error = StoreKeys::new(bad).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("hunter"));
        }
        assert_eq!(
            format!("{:?}", StoreKeys::new(NEW).unwrap()),
            "StoreKeys(..)"
        );
    }
}
