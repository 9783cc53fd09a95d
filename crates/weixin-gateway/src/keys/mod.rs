//! The keys that sign ID tokens.

mod jwk;
mod key_set;
mod rotate;
mod sealed_key;
mod sign;

pub(crate) use self::{
    key_set::KeySet,
    rotate::{KEPT_AFTER, NextKey, last_of, next_keys},
    sealed_key::{KeyId, Phase, SealedKey},
    sign::{KeyError, SigningKey},
};
