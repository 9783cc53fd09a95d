//! The keys that sign ID tokens.

mod sealed_key;

pub(crate) use self::sealed_key::{KeyId, SealedKey};
