//! Tokens that stay alive, on one server or on several.

mod app_tokens;
mod cache;
mod flight;
mod user_tokens;

use thiserror::Error;

pub use self::{
    app_tokens::{AppToken, AppTokens},
    user_tokens::{LiveToken, Vault},
};
use crate::{Error as CallError, StoreError};

/// A token could not be had.
///
/// It holds no secret: not in its text, not in `Debug`, not in its sources.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum VaultError {
    /// Another server renews the token, and has not come to an end in time.
    #[error("another server is renewing the token and has not finished in time")]
    Busy,
    /// The time of the login is over: a refresh token is not prolonged by use.
    #[error("the login is over: its refresh token has come to its end")]
    LoginOver,
    /// The store could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What is kept was not written by this version of the crate.
    #[error("what the store keeps cannot be read")]
    Unreadable,
    /// Nothing is kept of this user: never logged in here, or void since.
    #[error("no login is kept of this user")]
    Unknown,
    /// WeChat could not be asked, or said no.
    #[error(transparent)]
    Weixin(#[from] CallError),
}

impl VaultError {
    /// Whether the user must go through the login page again.
    pub fn needs_login(&self) -> bool {
        match self {
            Self::LoginOver | Self::Unknown => true,
            Self::Weixin(error) => error.needs_login(),
            _ => false,
        }
    }

    /// Whether the same call may succeed later.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Busy | Self::Store(_) => true,
            Self::Weixin(error) => error.is_retryable(),
            _ => false,
        }
    }

    /// Whether the application is set up wrongly.
    pub fn is_configuration(&self) -> bool {
        matches!(self, Self::Weixin(error) if error.is_configuration())
    }
}
