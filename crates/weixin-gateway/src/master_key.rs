//! The master keys, from which all other symmetric keys are derived.

use std::fmt;

use aws_lc_rs::hmac;
use data_encoding::{BASE32_NOPAD, BASE64};
use secrecy::{ExposeSecret, SecretBox, SecretString};
use weixin::{
    error::{ParseError, StoreError},
    store::StoreKeys,
};

/// Most keys of one file: the current one, and those that are being replaced.
const MAX_KEYS: usize = 8;
/// What the encryption of private keys is derived for.
const AT_REST: &str = "keys at rest";
/// The same for the values by which nodes compare their key files.
const CHECK_VALUE: &str = "check value";

/// The same for the used logins that nodes share.
#[cfg(feature = "redis")]
const SHARED_LOGINS: &str = "shared logins";

/// The master keys, in the order of their file: the first signs and encrypts, all verify and decrypt.
pub(crate) struct MasterKeys {
    first: hmac::Key,
    others: Vec<hmac::Key>,
}

impl MasterKeys {
    /// The keys of a file: a line for each, 32 random bytes in base64, as `openssl rand -base64 32` prints them.
    ///
    /// # Errors
    ///
    /// [`ParseError`] for any other line, for no line, and for more than eight.
    pub(crate) fn parse(file: &SecretString) -> Result<Self, ParseError> {
        let lines = file.expose_secret().lines().map(str::trim);
        let mut keys = lines.filter(|line| !line.is_empty()).map(parse_line);
        let first = keys.next().ok_or(INVALID)??;
        let others = keys.collect::<Result<Vec<_>, _>>()?;
        if others.len() < MAX_KEYS {
            Ok(Self { first, others })
        } else {
            Err(INVALID)
        }
    }

    /// The key for one purpose that signs.
    pub(crate) fn derive_first(&self, purpose: &str) -> hmac::Key {
        derived_key(&self.first, purpose)
    }

    /// The keys for one purpose that verify.
    pub(crate) fn derive(&self, purpose: &str) -> impl Iterator<Item = hmac::Key> {
        self.all().map(move |key| derived_key(key, purpose))
    }

    /// Encrypts a private key, bound to a context.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the operating system has no random bytes.
    pub(crate) fn seal(&self, context: &[u8], value: &[u8]) -> Result<Vec<u8>, StoreError> {
        store_keys(&self.first)?.seal(context, value)
    }

    /// Decrypts what one of the keys has encrypted for this context.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if none has.
    pub(crate) fn open(
        &self,
        context: &[u8],
        sealed: &[u8],
    ) -> Result<SecretBox<[u8]>, StoreError> {
        let open = |key| store_keys(key)?.open(context, sealed);
        let first = open(&self.first);
        let opened = self
            .others
            .iter()
            .fold(first, |found, key| found.or_else(|_| open(key)));
        opened.map(SecretBox::from)
    }

    /// A check value of each key, which nodes compare: a MAC of a constant, which tells nothing of the key.
    pub(crate) fn check_values(&self) -> Vec<String> {
        let value = |key| BASE32_NOPAD.encode(&derived(key, CHECK_VALUE).as_ref()[..10]);
        self.all()
            .map(|key| value(key).to_ascii_lowercase())
            .collect()
    }

    /// The keys by which the used logins in Redis are encrypted.
    ///
    /// # Errors
    ///
    /// None that happens: a derived key has the length that is needed.
    #[cfg(feature = "redis")]
    pub(crate) fn shared_logins(&self) -> Result<StoreKeys, StoreError> {
        let invalid = |_| StoreError::new("no key to encrypt with");
        let text = |key| BASE64.encode(derived(key, SHARED_LOGINS).as_ref());
        let keys = StoreKeys::new(text(&self.first)).map_err(invalid)?;
        let mut others = self.others.iter();
        others.try_fold(keys, |keys, other| {
            keys.previous(text(other)).map_err(invalid)
        })
    }

    /// Which of the keys, counted from 0, has encrypted this for this context.
    pub(crate) fn line_of(&self, context: &[u8], sealed: &[u8]) -> Option<usize> {
        let opens = |key| {
            store_keys(key)
                .and_then(|keys| keys.open(context, sealed))
                .is_ok()
        };
        self.all().position(opens)
    }

    fn all(&self) -> impl Iterator<Item = &hmac::Key> {
        std::iter::once(&self.first).chain(&self.others)
    }
}

impl fmt::Debug for MasterKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKeys(..)")
    }
}

const INVALID: ParseError = ParseError::new(
    "file of master keys",
    "1 to 8 lines of 32 bytes in base64, as `openssl rand -base64 32` prints them",
);

fn parse_line(line: &str) -> Result<hmac::Key, ParseError> {
    let bytes = BASE64.decode(line.as_bytes()).map_err(|_| INVALID)?;
    let bytes = SecretBox::<[u8]>::from(bytes);
    let is_long_enough = bytes.expose_secret().len() == 32;
    let key = || hmac::Key::new(hmac::HMAC_SHA256, bytes.expose_secret());
    is_long_enough.then(key).ok_or(INVALID)
}

/// The bytes for one purpose: HMAC of its name, under a name of this program, which may be given keys of other programs.
fn derived(master: &hmac::Key, purpose: &str) -> hmac::Tag {
    hmac::sign(master, format!("weixin-gateway {purpose}").as_bytes())
}

fn derived_key(master: &hmac::Key, purpose: &str) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, derived(master, purpose).as_ref())
}

fn store_keys(master: &hmac::Key) -> Result<StoreKeys, StoreError> {
    let key = BASE64.encode(derived(master, AT_REST).as_ref());
    StoreKeys::new(key).map_err(|_| StoreError::new("no key to encrypt with"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    const NEW: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

    fn keys(file: &str) -> Result<MasterKeys, ParseError> {
        MasterKeys::parse(&SecretString::from(file))
    }

    fn open(keys: &MasterKeys, sealed: &[u8]) -> Option<Vec<u8>> {
        keys.open(b"kid", sealed)
            .ok()
            .map(|value| value.expose_secret().to_vec())
    }

    #[test]
    fn the_first_key_encrypts_and_each_decrypts() {
        let old = keys(OLD).unwrap();
        let sealed = old.seal(b"kid", b"private").unwrap();
        let value = Some(b"private".to_vec());
        assert_eq!(open(&old, &sealed), value);
        assert_eq!(
            open(&keys(&format!("\n{NEW}\r\n{OLD}\n")).unwrap(), &sealed),
            value
        );
        assert_eq!(open(&keys(NEW).unwrap(), &sealed), None);
        assert!(old.open(b"other", &sealed).is_err());
        let both = keys(&format!("{NEW}\n{OLD}")).unwrap();
        let sealed = both.seal(b"kid", b"private").unwrap();
        assert_eq!(
            (open(&old, &sealed), open(&keys(NEW).unwrap(), &sealed)),
            (None, value)
        );
    }

    /// `mod_auth_openidc` CVE-2021-32791: the initialization vector was the same each time.
    #[test]
    fn a_value_is_encrypted_differently_each_time() {
        let keys = keys(OLD).unwrap();
        let mut sealed: Vec<_> = (0..100)
            .map(|_| keys.seal(b"kid", b"private").unwrap())
            .collect();
        let value = Some(b"private".to_vec());
        assert!(sealed.iter().all(|sealed| open(&keys, sealed) == value));
        // Both the first bytes, where the nonce is, and the last ones.
        for bytes in [0..8, 20..28] {
            sealed.sort_unstable_by_key(|sealed| sealed[bytes.clone()].to_vec());
            let before = sealed.len();
            sealed.dedup_by_key(|sealed| sealed[bytes.clone()].to_vec());
            assert_eq!(sealed.len(), before);
        }
    }

    #[test]
    fn a_check_value_is_that_of_one_key_and_no_part_of_it() {
        let values = |file: &str| keys(file).unwrap().check_values();
        let (old, new) = (values(OLD), values(NEW));
        assert_eq!(old.len(), 1);
        assert_ne!(old, new);
        assert_eq!(
            values(&format!("{NEW}\n{OLD}")),
            [new, old.clone()].concat()
        );
        // A published value must stay: nodes of two versions compare theirs.
        assert_eq!(old, ["eahvop4eb2e6lt4l"]);
    }

    #[test]
    fn an_invalid_file_is_rejected_and_not_repeated() {
        let nine = format!("{OLD}\n").repeat(9);
        for bad in [
            "",
            "\n",
            "hunter2",
            &OLD[..40],
            &nine,
            &format!("{OLD}\nhunter2"),
        ] {
            let error = keys(bad).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("hunter"));
        }
        assert!(keys(&format!("{OLD}\n").repeat(8)).is_ok());
        assert_eq!(format!("{:?}", keys(OLD).unwrap()), "MasterKeys(..)");
    }
}
