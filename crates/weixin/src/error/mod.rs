//! Errors: their kinds, and what a program can do about each.

mod api_error;
mod callback;
mod catalog;
mod code;
mod login_page;
mod parse;
mod store_error;

use thiserror::Error;

pub(crate) use self::api_error::strip_control_chars;
pub use self::{
    api_error::ApiError,
    callback::CallbackError,
    catalog::{Action, Explanation, Responsible},
    code::ErrCode,
    login_page::LoginPageError,
    parse::ParseError,
    store_error::StoreError,
};
#[cfg(feature = "mini-program")]
use crate::mini_program::PayloadError;
use crate::{
    identity::AppId,
    transport::{TransportError, TransportErrorKind},
};

/// Anything that can fail in this crate.
///
/// [`action`](Self::action) says what a program can do about it. No secret is in its text, in `Debug` or in its sources.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// WeChat returned an error code, which has an [`Explanation`]. The action depends on the code.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// The callback brings no code, or belongs to another login: log in again.
    #[error(transparent)]
    Callback(#[from] CallbackError),
    /// The response is not the JSON that WeChat documents: report it.
    #[error("{path} returned an unexpected `{field}`")]
    Decode {
        /// The path that was called.
        path: &'static str,
        /// The member, or `body` if the response is not JSON at all.
        field: String,
    },
    /// No valid login of this user is stored: there was none, it was removed, or its refresh token has expired. Log in again.
    #[error("no valid login of this user is stored: the user must log in")]
    LoginExpired,
    /// WeChat's login page rejects the URL: mostly a setting, which the error names.
    #[error(transparent)]
    LoginPage(#[from] LoginPageError),
    /// A request that must not be repeated was sent, and its response was lost: a code may have been used. Log in again.
    #[error(
        "the response of {path} was lost and the code may have been used: the user must log in again"
    )]
    OutcomeUnknown {
        /// The path that was called, or `another server` if that one did not return a value in time.
        path: &'static str,
        /// The error that hides the outcome.
        source: Box<Self>,
    },
    /// A text is not what it was given for, such as an app ID: correct it.
    #[error(transparent)]
    Parse(#[from] ParseError),
    /// A mini program's payload cannot be decrypted: report it, and do not tell the client more.
    #[cfg(feature = "mini-program")]
    #[error(transparent)]
    Payload(#[from] PayloadError),
    /// The operating system has no random bytes: report it.
    #[error("the operating system has no random bytes")]
    Random,
    /// A snapshot user: WeChat's stand-in for a visitor who has not logged in (docs/wechat.md#snapshot-users). The visitor
    /// taps 使用完整服务 at the bottom of the page, and logs in again.
    /// [`AppBuilder::allow_snapshot_users`](crate::app::AppBuilder::allow_snapshot_users) accepts them.
    #[error(
        "a snapshot user, WeChat's stand-in for a visitor who has not logged in: ask the visitor to tap 使用完整服务 (use the full service)"
    )]
    SnapshotUser,
    /// An HTTP status other than 200, without an error code of WeChat's: retry after 500 and above, report the others.
    #[error("{path} returned HTTP status {status}")]
    Status {
        /// The path that was called.
        path: &'static str,
        /// The HTTP status.
        status: u16,
    },
    /// The store failed: retry.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Another server or task is renewing the token and has not finished in time: retry.
    #[error("another server is renewing the token and has not finished in time")]
    StoreBusy,
    /// No response arrived: retry.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// The app was not given to this `UserTokens`: add it.
    #[error("the app {0} was not added to these user tokens")]
    UnknownApp(AppId),
}

impl Error {
    /// The action that helps.
    pub fn action(&self) -> Action {
        match self {
            Self::Api(error) => error.code.action(),
            Self::Callback(CallbackError::Malformed(_)) | Self::Decode { .. } | Self::Random => {
                Action::Report
            }
            Self::Callback(_)
            | Self::LoginExpired
            | Self::OutcomeUnknown { .. }
            | Self::SnapshotUser => Action::LogIn,
            Self::LoginPage(error) => error.action(),
            Self::Parse(_) | Self::UnknownApp(_) => Action::FixConfiguration,
            #[cfg(feature = "mini-program")]
            Self::Payload(_) => Action::Report,
            Self::Status { status, .. } if *status < 500 => Action::Report,
            Self::Transport(error) if error.kind() == TransportErrorKind::TooLarge => {
                Action::Report
            }
            Self::Status { .. } | Self::Store(_) | Self::StoreBusy | Self::Transport(_) => {
                Action::Retry
            }
        }
    }

    /// Returns `true` if the user must log in again: [`Action::LogIn`].
    pub fn needs_login(&self) -> bool {
        self.action() == Action::LogIn
    }

    /// Returns `true` if a refresh of the access token may help: [`Action::Refresh`].
    pub fn needs_refresh(&self) -> bool {
        self.action() == Action::Refresh
    }

    /// Returns `true` if the same call may succeed later: [`Action::Retry`].
    pub fn is_retryable(&self) -> bool {
        self.action() == Action::Retry
    }

    /// Returns `true` if a setting is wrong, such as the app ID, the secret, the scope or the callback domain:
    /// [`Action::FixConfiguration`].
    pub fn is_configuration(&self) -> bool {
        self.action() == Action::FixConfiguration
    }

    /// The party who can fix it, unless WeChat's code is unknown.
    pub fn responsible(&self) -> Option<Responsible> {
        match self {
            Self::Api(error) => error.code.responsible(),
            Self::LoginPage(error) => error.responsible(),
            Self::Decode { .. }
            | Self::OutcomeUnknown { .. }
            | Self::Status { .. }
            | Self::Transport(_) => Some(Responsible::WeChat),
            Self::Callback(_) | Self::LoginExpired | Self::SnapshotUser => Some(Responsible::User),
            #[cfg(feature = "mini-program")]
            Self::Payload(_) => Some(Responsible::User),
            Self::Parse(_)
            | Self::Random
            | Self::Store(_)
            | Self::StoreBusy
            | Self::UnknownApp(_) => Some(Responsible::Developer),
        }
    }

    /// The error code, if WeChat returned or showed one.
    pub fn code(&self) -> Option<ErrCode> {
        match self {
            Self::Api(error) => Some(error.code),
            Self::LoginPage(LoginPageError::Code(code)) => Some(*code),
            Self::OutcomeUnknown { source, .. } => source.code(),
            _ => None,
        }
    }

    /// The meaning and the remedy of WeChat's error code, if it is known.
    pub fn explanation(&self) -> Option<&'static Explanation> {
        self.code()?.explanation()
    }

    /// Returns `true` if the failed call may have used its code.
    pub(crate) fn may_have_used_code(&self) -> bool {
        match self {
            Self::Api(error) => error.code.action() == Action::Retry,
            Self::Transport(error) => error.kind() != TransportErrorKind::Connect,
            Self::Decode { .. } | Self::Status { .. } => true,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_small_enough_to_return_everywhere() {
        assert!(size_of::<Error>() <= 96, "{}", size_of::<Error>());
    }
}
