//! Failures of the gateway itself, which are no error of the client or the user.

use axum::http::StatusCode;
use thiserror::Error;

use crate::{
    error_text::causes, keys::KeyError, random::NoRandomBytes, store::StoreError, telemetry,
};

/// The seconds after which a store that is away is tried again.
const AWAY: &str = "5";

/// The seconds after which requests that waited for their bodies have ended: the time of a form.
const RUNNING: &str = "10";

/// A request could not be served.
#[derive(Debug, Error)]
pub(crate) enum Failure {
    #[error(transparent)]
    Keys(#[from] KeyError),
    #[error(transparent)]
    Random(#[from] NoRandomBytes),
    #[error(transparent)]
    Store(#[from] StoreError),
    /// This address has begun too many logins within a minute.
    #[error("too many logins from one address")]
    TooManyLogins,
    /// Too many requests of this address run at one time.
    #[error("too many requests from one address are running")]
    TooManyRunningOfAddress,
    /// Too many requests of all addresses run at one time.
    #[error("too many requests are running")]
    TooManyRunning,
    /// Too many requests of this client and address have failed within a minute.
    #[error("too many failed requests of one client from one address")]
    TooManyFailures,
    /// What was done in a task of its own has panicked.
    #[error("an exchange panicked")]
    Panicked,
    /// The login page of WeChat cannot be opened: the settings of an app are wrong.
    #[error("WeChat's login page cannot be opened")]
    Start(#[from] weixin_axum::LoginError),
}

impl Failure {
    /// The seconds after which the same request may succeed.
    pub(crate) fn retry_after(&self) -> Option<&'static str> {
        match self {
            Self::Store(error) if error.is_away() => Some(AWAY),
            _ => self.busy(),
        }
    }

    /// The same, if too much is waiting.
    pub(crate) const fn busy(&self) -> Option<&'static str> {
        match self {
            Self::Store(StoreError::Overloaded) => Some("1"),
            Self::TooManyRunningOfAddress | Self::TooManyRunning => Some(RUNNING),
            Self::Store(StoreError::TooManyRequests)
            | Self::TooManyFailures
            | Self::TooManyLogins => Some("60"),
            _ => None,
        }
    }

    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::TooManyFailures | Self::TooManyLogins | Self::TooManyRunningOfAddress => {
                StatusCode::TOO_MANY_REQUESTS
            }
            _ if self.retry_after().is_some() => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Writes the reason and its causes to the log, with the reference that a page shows.
    pub(crate) fn log(&self, reference: Option<&str>) {
        tracing::error!(error = causes(self), reference, "a request failed");
    }

    /// Writes to the log that too much is waiting, which ends by itself.
    pub(crate) fn log_busy(&self) {
        let error = self as &dyn std::error::Error;
        tracing::warn!(error, "a request was turned away");
        telemetry::turned_away(match self {
            Self::TooManyFailures => "failures",
            Self::TooManyLogins => "logins",
            Self::TooManyRunning | Self::TooManyRunningOfAddress => "requests",
            Self::Store(StoreError::TooManyRequests) => "waiting_requests",
            _ => "store",
        });
    }
}
