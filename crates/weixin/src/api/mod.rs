//! The calls of WeChat's API: a request as data, its response as data, and the hosts that are tried.

mod envelope;
mod failover;
pub(crate) mod json;
mod mask;
mod request;
mod scope;
mod token;
mod user;

#[cfg(feature = "mini-program")]
pub(crate) use self::envelope::Empty;
#[cfg(feature = "tokens")]
pub(crate) use self::request::Idempotency;
pub(crate) use self::{
    failover::Hosts,
    request::Call,
    token::{Check, Exchange, Refresh, TokenResponse},
    user::FetchUser,
};
pub use self::{
    scope::{Scope, Scopes},
    token::{Bearer, Token, TokenStatus},
    user::{Avatar, User},
};
