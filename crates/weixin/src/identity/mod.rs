//! The IDs of users and of applications.

mod id;
mod linking;

pub use self::{
    id::{AppId, InvalidId, OpenId, UnionId},
    linking::{Identity, InvalidIdentity, KnownIds, Linking},
};
