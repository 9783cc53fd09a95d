//! Encryption at rest, with a key that can be changed.

use std::fmt;

use aes_gcm::{
    Aes256Gcm, KeyInit, Nonce,
    aead::{Aead, Payload},
};
use data_encoding::BASE64;
use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;

use super::StoreError;

/// Marks how a value is encrypted: AES-256-GCM, the nonce first, the context as associated data.
const FORMAT: u8 = 1;
const NONCE: usize = 12;

/// The keys by which a store encrypts what it keeps: the current one, and the one before, so that it can be changed.
///
/// To change the key, pass the new one here and the old one to [`previous`](Self::previous), on every server. What is
/// written from then on is for the new key; once the oldest login is over (30 days), the old key is not needed any more.
pub struct StoreKeys {
    current: Aes256Gcm,
    previous: Option<Aes256Gcm>,
}

impl StoreKeys {
    /// Encrypts with this key: 32 random bytes in base64, such as `openssl rand -base64 32` prints.
    ///
    /// # Errors
    ///
    /// [`InvalidStoreKey`] for anything else.
    pub fn new(current: impl Into<String>) -> Result<Self, InvalidStoreKey> {
        Ok(Self {
            current: cipher(current.into())?,
            previous: None,
        })
    }

    /// Reads what was written with the key before, as well.
    ///
    /// # Errors
    ///
    /// [`InvalidStoreKey`] for anything but 32 bytes in base64.
    pub fn previous(mut self, previous: impl Into<String>) -> Result<Self, InvalidStoreKey> {
        self.previous = Some(cipher(previous.into())?);
        Ok(self)
    }

    /// Encrypts the value of a record. It can only be opened with the same `context`.
    ///
    /// Pass what belongs to the value and is kept in plain text. The stores of this crate pass the record's key, a zero
    /// byte, its version and its expiry (8 bytes each): a value that was moved to another user, or whose version or
    /// expiry was changed, does not open. A whole record that is put back as it once was (a backup) does.
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
        let mut ciphers = [Some(&self.current), self.previous.as_ref()]
            .into_iter()
            .flatten();
        ciphers
            .find_map(|cipher| cipher.decrypt(&Nonce::from(*nonce), payload()).ok())
            .ok_or_else(unreadable)
    }
}

impl fmt::Debug for StoreKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoreKeys(..)")
    }
}

fn cipher(text: String) -> Result<Aes256Gcm, InvalidStoreKey> {
    let text = SecretString::from(text);
    let bytes = BASE64
        .decode(text.expose_secret().trim().as_bytes())
        .map(secrecy::SecretSlice::from)
        .map_err(|_| InvalidStoreKey)?;
    Aes256Gcm::new_from_slice(bytes.expose_secret()).map_err(|_| InvalidStoreKey)
}

fn unreadable() -> StoreError {
    StoreError::new("a record cannot be decrypted: it was written with another key, or changed")
}

/// Text that is not a key; the text itself is not repeated.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("not a store key: expected 32 bytes in base64, as `openssl rand -base64 32` prints them")]
pub struct InvalidStoreKey;

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    const NEW: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

    #[test]
    fn what_was_sealed_opens_with_its_own_key_and_its_own_context_only() {
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
    fn a_key_that_was_changed_still_opens_what_it_sealed() {
        let sealed = StoreKeys::new(OLD).unwrap().seal(b"user", b"x").unwrap();
        let keys = StoreKeys::new(NEW).unwrap().previous(OLD).unwrap();
        assert_eq!(keys.open(b"user", &sealed).unwrap(), b"x");
        let sealed = keys.seal(b"user", b"y").unwrap();
        assert_eq!(
            StoreKeys::new(NEW).unwrap().open(b"user", &sealed).unwrap(),
            b"y"
        );
    }

    #[test]
    fn what_is_no_key_is_refused_and_not_repeated() {
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
