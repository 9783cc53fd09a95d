//! The IDs of apps and users, and the account that a login belongs to.

pub(crate) mod id;
mod key;
pub(crate) mod link;

pub(crate) use self::{
    id::{AppId, OpenId, UnionId},
    link::UserIds,
};
pub use self::{key::Identity, link::LinkOutcome};
