//! Codes, tokens and ids in the shapes that WeChat gives them.

use std::time::SystemTime;

use data_encoding::BASE64URL_NOPAD;
use rand::{
    Rng, SeedableRng,
    rngs::{StdRng, SysRng},
};

use crate::clock::unix_seconds;

const LETTERS_AND_DIGITS: &[u8; 62] =
    b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// The one source of randomness; the same seed makes the same values in the same order.
#[derive(Debug)]
pub(crate) struct Random(StdRng);

impl Random {
    /// Without a seed, from the operating system.
    pub(crate) fn new(seed: Option<u64>) -> Self {
        Self(match seed {
            Some(seed) => StdRng::seed_from_u64(seed),
            // Only the operating system can fail here; a fixed seed is good enough to simulate.
            None => StdRng::try_from_rng(&mut SysRng).unwrap_or_else(|_| StdRng::seed_from_u64(0)),
        })
    }

    /// A QR code's id: 16 characters, such as `081fNLs3OTjRKaOo` (facts 1.2).
    pub(crate) fn uuid(&mut self) -> String {
        format!("081{}", self.word(13))
    }

    /// A code: 32 letters and digits that begin with digits (facts 1.5).
    pub(crate) fn code(&mut self) -> String {
        format!("071{}", self.word(29))
    }

    /// An access or refresh token: `66_` and 86 characters of base64url (facts 4.2).
    pub(crate) fn token(&mut self) -> String {
        let mut bytes = [0; 64];
        self.0.fill_bytes(&mut bytes);
        format!("66_{}", BASE64URL_NOPAD.encode(&bytes))
    }

    /// A JS-SDK ticket: 86 characters (facts 5.5).
    pub(crate) fn ticket(&mut self) -> String {
        self.word(86)
    }

    /// The id of a request: Unix seconds in hexadecimal, then eight and eight digits (facts 6.1).
    pub(crate) fn rid(&mut self, now: SystemTime) -> String {
        let (a, b) = (self.0.next_u32(), self.0.next_u32());
        format!("{:08x}-{a:08x}-{b:08x}", unix_seconds(now))
    }

    /// The other id of a request: 16 characters, such as `GiaBxSDNRa-mkSN7` (facts 6.1).
    pub(crate) fn hint(&mut self) -> String {
        self.word(16)
    }

    /// A session key: 16 bytes in base64 (facts 5.1).
    pub(crate) fn session_key(&mut self) -> [u8; 16] {
        let mut bytes = [0; 16];
        self.0.fill_bytes(&mut bytes);
        bytes
    }

    /// From 0 to 99.
    pub(crate) fn percent(&mut self) -> u8 {
        u8::try_from(self.0.next_u32() % 100).unwrap_or_default()
    }

    fn word(&mut self, length: usize) -> String {
        let mut letter = || {
            let index = self.0.next_u32() as usize % LETTERS_AND_DIGITS.len();
            char::from(LETTERS_AND_DIGITS[index])
        };
        (0..length).map(|_| letter()).collect()
    }
}
