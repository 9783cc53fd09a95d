//! Failures of the gateway itself, which are no error of the client or the user.

use thiserror::Error;

use crate::{keys::KeyError, random::NoRandomBytes, store::StoreError};

/// A request could not be served.
#[derive(Debug, Error)]
pub(crate) enum Failure {
    #[error(transparent)]
    Keys(#[from] KeyError),
    #[error(transparent)]
    Random(#[from] NoRandomBytes),
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The login page of WeChat cannot be opened: the settings of an app are wrong.
    #[error("WeChat's login page cannot be opened")]
    Start(#[from] weixin_axum::LoginError),
}

impl Failure {
    /// The seconds after which the same request may succeed.
    pub(crate) const fn retry_after(&self) -> Option<&'static str> {
        match self {
            Self::Store(StoreError::Overloaded) => Some("1"),
            Self::Store(StoreError::TooManyRequests) => Some("60"),
            _ => None,
        }
    }

    /// Writes the reason to the log.
    pub(crate) fn log(&self, reference: Option<&str>) {
        let error = self as &dyn std::error::Error;
        match self.retry_after() {
            Some(_) => tracing::warn!(error, reference, "too much is waiting"),
            None => tracing::error!(error, reference, "a request failed"),
        }
    }
}
