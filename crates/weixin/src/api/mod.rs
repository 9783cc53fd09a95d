//! The calls of WeChat's API: a request as data, its response as data, and the hosts that are tried.

pub(crate) mod envelope;
pub(crate) mod failover;
pub(crate) mod json;
mod mask;
pub(crate) mod request;
mod scope;
pub(crate) mod token;
pub(crate) mod user;

pub use self::{
    scope::{InvalidScope, Scope, Scopes},
    token::{Bearer, Token, TokenStatus},
    user::{Avatar, Lang, User},
};
