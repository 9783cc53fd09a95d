//! Codes and tokens that are signed and not stored.

use std::fmt;

use aws_lc_rs::{constant_time, hmac};
use data_encoding::BASE64URL_NOPAD;
use secrecy::{ExposeSecret, SecretBox};

use crate::secret::RowSecret;

/// The format of a payload. Another one gets another number.
const VERSION: u8 = 1;
/// HMAC-SHA-256, truncated to half (RFC 2104 §5).
const MAC_SIZE: usize = 16;
/// Longest text that is looked at: a code with a nonce of 512 characters has less than half of it.
const MAX_LENGTH: usize = 4096;

/// A kind of code or token: it has a prefix and a key of its own, so that no two kinds can be confused.
pub(crate) trait Kind: Sized {
    /// What the text begins with, known to programs that look for leaked secrets.
    const PREFIX: &'static str;
    /// The ID of the row whose secret the MAC covers.
    type Row: Copy;

    /// The row to read before the MAC can be verified.
    fn row(&self) -> Self::Row;
    fn write(&self) -> Vec<u8>;
    fn read(payload: &[u8]) -> Option<Self>;
}
