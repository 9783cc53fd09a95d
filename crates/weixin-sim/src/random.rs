//! Random codes, tokens and IDs in WeChat's formats.

use std::time::SystemTime;

use data_encoding::BASE64URL_NOPAD;
use rand::{
    Rng, SeedableRng,
    rngs::{StdRng, SysRng},
};

use crate::clock::unix_seconds;

const LETTERS_AND_DIGITS: &[u8; 62] =
    b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// The only source of randomness: the same seed makes the same values in the same order.
#[derive(Debug)]
pub(crate) struct Random(StdRng);

impl Random {
    /// Seeds the generator from the operating system if there is no seed.
    pub(crate) fn new(seed: Option<u64>) -> Self {
        Self(match seed {
            Some(seed) => StdRng::seed_from_u64(seed),
            // Only the operating system can fail here; a fixed seed is good enough for a simulator.
            None => StdRng::try_from_rng(&mut SysRng).unwrap_or_else(|_| StdRng::seed_from_u64(0)),
        })
    }

    /// Continues from a new seed, drawn here, and returns it: a copy of the generator begins with it too.
    pub(crate) fn fork(&mut self) -> [u8; 32] {
        let mut seed = [0; 32];
        self.0.fill_bytes(&mut seed);
        *self = Self::from_fork(seed);
        seed
    }

    /// The generator as it was after [`fork`](Self::fork) returned this seed.
    pub(crate) fn from_fork(seed: [u8; 32]) -> Self {
        Self(StdRng::from_seed(seed))
    }

    /// UUID of a QR code: 16 characters, such as `081fNLs3OTjRKaOo` (docs/wechat.md#the-login-page).
    pub(crate) fn uuid(&mut self) -> String {
        format!("081{}", self.word(13))
    }

    /// Code: 32 letters and digits that begin with digits (docs/wechat.md#the-callback).
    pub(crate) fn code(&mut self) -> String {
        format!("071{}", self.word(29))
    }

    /// Access or refresh token: `66_` and 86 characters of base64url (docs/wechat.md#the-exchange).
    pub(crate) fn token(&mut self) -> String {
        let mut bytes = [0; 64];
        self.0.fill_bytes(&mut bytes);
        format!("66_{}", BASE64URL_NOPAD.encode(&bytes))
    }

    /// JS-SDK ticket: 86 characters (docs/wechat.md#js-sdk-signature).
    pub(crate) fn ticket(&mut self) -> String {
        self.word(86)
    }

    /// Request ID: Unix seconds in hexadecimal, then twice eight hexadecimal digits (docs/wechat.md#error-texts).
    pub(crate) fn rid(&mut self, now: SystemTime) -> String {
        let (a, b) = (self.0.next_u32(), self.0.next_u32());
        format!("{:08x}-{a:08x}-{b:08x}", unix_seconds(now))
    }

    /// Second request ID of some endpoints: 16 characters, such as `GiaBxSDNRa-mkSN7` (docs/wechat.md#error-texts).
    pub(crate) fn hint(&mut self) -> String {
        self.word(16)
    }

    /// Session key or initialization vector: 16 bytes (docs/wechat.md#the-session).
    pub(crate) fn session_key(&mut self) -> [u8; 16] {
        let mut bytes = [0; 16];
        self.0.fill_bytes(&mut bytes);
        bytes
    }

    /// Random number from 0 to 99.
    pub(crate) fn percent(&mut self) -> u8 {
        u8::try_from(self.0.next_u32() % 100).unwrap_or_default()
    }

    fn word(&mut self, length: usize) -> String {
        let mut letter = || {
            // The modulo bias is harmless: these values protect nothing.
            let index = self.0.next_u32() as usize % LETTERS_AND_DIGITS.len();
            char::from(LETTERS_AND_DIGITS[index])
        };
        (0..length).map(|_| letter()).collect()
    }
}
