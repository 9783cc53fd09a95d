//! The keys that sign ID tokens.

mod jwk;
mod key_set;
mod rotate;
mod sealed_key;
mod sign;

#[cfg(test)]
pub(crate) use self::sealed_key::Phase;
pub(crate) use self::{
    key_set::KeySet,
    rotate::{KEPT_AFTER, NextKey, next_keys},
    sealed_key::{KeyId, SealedKey},
    sign::{KeyError, SigningKey},
};
