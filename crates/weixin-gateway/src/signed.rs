//! Codes and tokens that are signed and not stored.

use std::fmt;

use aws_lc_rs::{constant_time, hmac};
use data_encoding::BASE64URL_NOPAD;

use crate::{master_key::MasterKeys, secret::RowSecret};

/// The format of a text. Another one gets another number.
const VERSION: u8 = 1;
/// HMAC-SHA-256, truncated to half (RFC 2104 §5).
const MAC_SIZE: usize = 16;
/// Longest text that is looked at. A code is shorter, even if JSON must escape each character of its nonce.
const MAX_LENGTH: usize = 8192;

/// A kind of code or token: it has a prefix and keys of its own, so that no two kinds can be confused.
pub(crate) trait Kind: Sized {
    /// What the text begins with, known to programs that look for leaked secrets.
    const PREFIX: &'static str;
    /// The ID of the row whose secret the MAC covers.
    type Row: Copy;

    fn row(&self) -> Self::Row;
    fn write(&self) -> Vec<u8>;
    fn read(payload: &[u8]) -> Option<Self>;
}

/// The text of a code or token. The first key signs; the secret of the row that it names is part of what is signed.
pub(crate) fn write<T: Kind>(keys: &MasterKeys, value: &T, secret: &RowSecret) -> String {
    let mut signed = vec![VERSION];
    signed.extend(value.write());
    let mac = mac(&keys.derive_first(T::PREFIX), secret, &signed);
    signed.extend(mac);
    format!("{}{}", T::PREFIX, BASE64URL_NOPAD.encode(&signed))
}

fn mac(key: &hmac::Key, secret: &RowSecret, signed: &[u8]) -> [u8; MAC_SIZE] {
    let mut context = hmac::Context::with_key(key);
    context.update(secret.expose()); // of fixed size, so no other pair of secret and payload has the same input
    context.update(signed);
    let tag = context.sign();
    let mut mac = [0; MAC_SIZE];
    mac.copy_from_slice(tag.as_ref().split_at(MAC_SIZE).0);
    mac
}

/// A code or token as it came. It shows only which row to read.
pub(crate) struct Unverified<T> {
    value: T,
    /// Version and payload.
    signed: Vec<u8>,
    mac: [u8; MAC_SIZE],
}

impl<T: Kind> Unverified<T> {
    /// A text of this kind. Each value has one text only.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let encoded = text
            .strip_prefix(T::PREFIX)
            .filter(|_| text.len() <= MAX_LENGTH)?;
        let mut signed = BASE64URL_NOPAD.decode(encoded.as_bytes()).ok()?;
        let mac = *signed.last_chunk::<MAC_SIZE>()?;
        signed.truncate(signed.len() - MAC_SIZE);
        let (version, payload) = signed.split_first()?;
        let value = T::read(payload).filter(|_| *version == VERSION)?;
        Some(Self { value, signed, mac })
    }

    /// The row whose secret verifies it.
    pub(crate) fn row(&self) -> T::Row {
        self.value.row()
    }

    /// The code or token, if one of our keys has signed it with this secret. The MAC is compared in constant time.
    pub(crate) fn verify(self, keys: &MasterKeys, secret: &RowSecret) -> Option<T> {
        let is_ours = |key: &hmac::Key| {
            let mac = mac(key, secret, &self.signed);
            constant_time::verify_slices_are_equal(&mac, &self.mac).is_ok()
        };
        let mut keys = keys.derive(T::PREFIX);
        keys.any(|key| is_ours(&key)).then_some(self.value)
    }
}

impl<T> fmt::Debug for Unverified<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Unverified(..)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use secrecy::SecretString;

    use super::*;

    const OLD: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    const NEW: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

    /// A kind for tests: the payload is its own row.
    #[derive(Clone, Debug, Eq, PartialEq)]
    struct Ticket<const OTHER: bool>(Vec<u8>);

    impl<const OTHER: bool> Kind for Ticket<OTHER> {
        const PREFIX: &'static str = if OTHER { "wxo_" } else { "wxt_" };
        type Row = usize;

        fn row(&self) -> usize {
            self.0.len()
        }

        fn write(&self) -> Vec<u8> {
            self.0.clone()
        }

        fn read(payload: &[u8]) -> Option<Self> {
            Some(Self(payload.to_vec()))
        }
    }

    fn keys(file: &str) -> MasterKeys {
        MasterKeys::parse(&SecretString::from(file)).unwrap()
    }

    fn secret(byte: u8) -> RowSecret {
        RowSecret::from_bytes([byte; 16])
    }

    fn verify(text: &str, keys: &MasterKeys, secret: &RowSecret) -> Option<Ticket<false>> {
        Unverified::parse(text)?.verify(keys, secret)
    }

    #[test]
    fn a_text_is_signed_by_the_first_key_and_verified_by_each() {
        let ticket = Ticket::<false>(b"ticket".to_vec());
        let text = write(&keys(OLD), &ticket, &secret(1));
        assert_eq!(text, "wxt_AXRpY2tldPe6J2ZebcqSQnPJbIF8ffI");
        assert_eq!(Unverified::<Ticket<false>>::parse(&text).unwrap().row(), 6);
        assert_eq!(verify(&text, &keys(OLD), &secret(1)), Some(ticket.clone()));
        let both = keys(&format!("{NEW}\n{OLD}"));
        assert_eq!(verify(&text, &both, &secret(1)), Some(ticket.clone()));
        assert_eq!(verify(&text, &keys(NEW), &secret(1)), None);
        let newer = write(&both, &ticket, &secret(1));
        assert_eq!(verify(&newer, &keys(NEW), &secret(1)), Some(ticket));
        assert_eq!(verify(&newer, &keys(OLD), &secret(1)), None);
    }

    /// A stolen key with a known `sid` or grant ID is not enough: the secret of the row is missing.
    #[test]
    fn the_real_master_key_forges_nothing_without_the_secret_of_the_row() {
        let text = write(&keys(OLD), &Ticket::<false>(b"ticket".to_vec()), &secret(0));
        assert!(verify(&text, &keys(OLD), &secret(0)).is_some());
        assert!(verify(&text, &keys(OLD), &secret(1)).is_none());
    }

    #[test]
    fn one_kind_is_no_other_even_with_its_prefix() {
        let ticket = Ticket::<false>(b"ticket".to_vec());
        let text = write(&keys(OLD), &ticket, &secret(1));
        assert!(Unverified::<Ticket<true>>::parse(&text).is_none());
        let renamed = text.replace("wxt_", "wxo_");
        let unverified = Unverified::<Ticket<true>>::parse(&renamed).unwrap();
        assert!(unverified.verify(&keys(OLD), &secret(1)).is_none());
    }

    #[test]
    fn what_is_no_text_of_ours_is_not_read() {
        let text = write(&keys(OLD), &Ticket::<false>(vec![]), &secret(1));
        let long = write(
            &keys(OLD),
            &Ticket::<false>(vec![0; MAX_LENGTH]),
            &secret(1),
        );
        let other_version = format!(
            "wxt_{}",
            BASE64URL_NOPAD.encode(&[&[2][..], &[0; 20]].concat())
        );
        for bad in [
            "",
            "wxt_",
            "wxt_AQ",
            &text[4..],
            &format!("{text}="),
            &long,
            &other_version,
        ] {
            assert!(Unverified::<Ticket<false>>::parse(bad).is_none(), "{bad}");
        }
        let unverified = Unverified::<Ticket<false>>::parse(&text).unwrap();
        assert_eq!(format!("{unverified:?}"), "Unverified(..)");
    }

    proptest! {
        #[test]
        fn a_text_with_one_bit_changed_is_not_verified(payload in prop::collection::vec(any::<u8>(), 0..80), at: prop::sample::Index, bit in 0..8_u32) {
            let text = write(&keys(OLD), &Ticket::<false>(payload), &secret(1));
            let mut bytes = BASE64URL_NOPAD.decode(&text.as_bytes()[4..]).unwrap();
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
            let forged = format!("wxt_{}", BASE64URL_NOPAD.encode(&bytes));
            prop_assert!(verify(&forged, &keys(OLD), &secret(1)).is_none());
        }

        #[test]
        fn no_text_is_verified_that_was_not_written(text in "wxt_[A-Za-z0-9_-]{0,80}") {
            prop_assert!(verify(&text, &keys(OLD), &secret(1)).is_none());
        }
    }
}
