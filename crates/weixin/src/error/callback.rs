//! Callbacks that bring no code.

use thiserror::Error;

use super::ParseError;

/// A callback without a code to exchange.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum CallbackError {
    /// Another login's callback, or a forged one.
    #[error("the callback's `state` does not belong to this login")]
    CsrfMismatch,
    /// The user declined.
    #[error("the user declined the login")]
    Declined,
    /// A query that WeChat does not send.
    #[error(transparent)]
    Malformed(#[from] ParseError),
}
