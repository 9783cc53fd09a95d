//! Failures of the gateway itself, which are no error of the client or the user.

use axum::http::StatusCode;
use thiserror::Error;

use crate::{
    error_text::causes, keys::KeyError, oidc::ClientId, random::NoRandomBytes, store::StoreError,
    telemetry,
};

/// The seconds after which a store that is away is tried again.
pub(super) const AWAY: &str = "5";

/// The seconds after which forms have arrived, and requests that waited for them have ended.
const FORMS: &str = "10";

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
    /// Too many logins of this address are being completed at WeChat at one time.
    #[error("too many logins from one address are being completed at one time")]
    TooManyExchanges,
    /// Too many forms of this address are arriving at one time.
    #[error("too many forms from one address are arriving at one time")]
    TooManyFormsOfAddress,
    /// Too many forms of all addresses are arriving at one time.
    #[error("too many forms are arriving at one time")]
    TooManyForms,
    /// Too many requests of all addresses run at one time.
    #[error("too many requests are running")]
    TooManyRunning,
    /// Too many requests of this client and address have failed within a minute. `None`: of unknown clients.
    #[error("too many failed requests of one client from one address")]
    TooManyFailures(Option<ClientId>),
    /// A request took longer than requests may, WeChat's responses included.
    #[error("the request took longer than a minute")]
    TooSlow,
    /// Logins and tokens would seem expired, or be valid for too long.
    #[error("the clocks of this machine and of the database differ by more than a minute")]
    UnknownTime,
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
            Self::TooSlow | Self::UnknownTime => Some(AWAY),
            Self::Store(error) if error.is_away() => Some(AWAY),
            Self::Store(error) if error.is_rolled_back() => Some("1"),
            _ => self.busy(),
        }
    }

    /// The same, if too much is waiting.
    pub(crate) const fn busy(&self) -> Option<&'static str> {
        match self {
            Self::Store(StoreError::Overloaded) => Some("1"),
            Self::TooManyFormsOfAddress | Self::TooManyForms | Self::TooManyRunning => Some(FORMS),
            Self::Store(StoreError::TooManyRequests)
            | Self::TooManyExchanges
            | Self::TooManyFailures(_)
            | Self::TooManyLogins => Some("60"),
            _ => None,
        }
    }

    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::TooManyExchanges
            | Self::TooManyFailures(_)
            | Self::TooManyFormsOfAddress
            | Self::TooManyLogins => StatusCode::TOO_MANY_REQUESTS,
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
        let client = match self {
            Self::TooManyFailures(client) => client.as_ref().map(ClientId::as_str),
            _ => None,
        };
        let (limit, setting) = self.limit();
        tracing::warn!(
            error = causes(self),
            setting,
            client,
            "a request was turned away"
        );
        telemetry::turned_away(limit);
    }

    /// The limit as metrics call it, and the setting that changes it.
    const fn limit(&self) -> (&'static str, Option<&'static str>) {
        match self {
            Self::TooManyExchanges => ("logins", None),
            Self::TooManyFailures(_) => ("failures", Some("limits.failures_per_minute")),
            Self::TooManyLogins => ("logins", Some("limits.logins_per_minute")),
            Self::Store(StoreError::TooManyRequests) => {
                ("waiting_requests", Some("limits.waiting_requests"))
            }
            Self::TooManyForms | Self::TooManyFormsOfAddress => ("forms", None),
            Self::TooManyRunning => ("requests", None),
            _ => ("store", None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::database_error::tests::CodedError;

    #[test]
    fn what_may_succeed_later_is_no_error_of_the_program() {
        for (code, expected) in [
            ("40001", (503, Some("1"))), // serialization failure
            ("40P01", (503, Some("1"))), // deadlock
            ("57P01", (503, Some("5"))), // the server stops
            ("42P01", (500, None)),      // no such table
        ] {
            let error = sqlx::Error::Database(Box::new(CodedError(code)));
            let failure = Failure::Store(error.into());
            let response = (failure.status().as_u16(), failure.retry_after());
            assert_eq!(response, expected, "{code}");
        }
    }
}
