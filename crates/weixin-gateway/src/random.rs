//! Random bytes, which the rules get as arguments.

use aws_lc_rs::rand;

/// The operating system has no random bytes.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("no random bytes")]
pub(crate) struct NoRandomBytes;

/// Random bytes for an ID, a secret or a key.
pub(crate) fn bytes<const N: usize>() -> Result<[u8; N], NoRandomBytes> {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).map_err(|_| NoRandomBytes)?;
    Ok(bytes)
}
