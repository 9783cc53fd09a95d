//! The keys that sign ID tokens.

mod jwk;
mod key_set;
mod sealed_key;
mod sign;

pub(crate) use self::{
    key_set::KeySet,
    sealed_key::{KeyId, SealedKey},
    sign::{KeyError, SigningKey},
};
