//! Errors: their kinds, and the questions that a program asks of them.

mod api_error;
mod catalog;
mod code;
mod login_page;
mod parse;

use thiserror::Error;

pub(crate) use self::api_error::strip_control_chars;
pub use self::{
    api_error::ApiError,
    catalog::{Bilingual, Blame, Explanation},
    code::ErrCode,
    login_page::LoginPageError,
    parse::ParseError,
};

use crate::{AppKind, TransportError, TransportErrorKind, UnregistrableRedirectUri};

/// A call to WeChat failed.
///
/// It holds no secret: not in its text, not in `Debug`, not in its sources.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// A code was sent, but no answer to it could be read. The code may be spent, so it is not
    /// sent again.
    #[error(
        "the answer to the code exchange was lost and the code may be spent: the user must log in again"
    )]
    AnswerLost(#[source] Box<Self>),
    /// WeChat answered with an error code.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// The answer is not the JSON that the documentation promises.
    #[error("{path} answered with an unexpected `{field}`")]
    Decode {
        /// The path that was called.
        path: &'static str,
        /// The field, or `body` if the answer is not JSON at all.
        field: String,
    },
    /// WeChat's login page refuses the login URL.
    #[error(transparent)]
    LoginPage(#[from] LoginPageError),
    /// Text that is not what it was given for, such as a state that WeChat rejects.
    #[error(transparent)]
    Parse(#[from] ParseError),
    /// WeChat would not call this callback back, so that nothing was asked.
    #[error(transparent)]
    RedirectUri(#[from] UnregistrableRedirectUri),
    /// Somebody who looked at an official account's page without logging in (snapshot mode): the ids and the name are
    /// a stand-in's. [`ClientBuilder::snapshot_users`](crate::ClientBuilder::snapshot_users) lets them in.
    #[error(
        "this is a snapshot user, a stand-in for somebody who has not logged in: ask them to tap 使用完整服务 (use the full service)"
    )]
    SnapshotUser,
    /// The operating system has no random bytes.
    #[error("the operating system has no random bytes")]
    Random,
    /// An answer with another HTTP status than success and without an error code.
    #[error("{path} answered with HTTP status {status}")]
    Status {
        /// The path that was called.
        path: &'static str,
        /// The HTTP status.
        status: u16,
    },
    /// No answer arrived.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// This kind of application has no such call, so that nothing was asked.
    #[error("`{call}` is not for this {kind}: {instead}")]
    WrongKind {
        /// The method.
        call: &'static str,
        /// What the client is the client of.
        kind: AppKind,
        /// What to do.
        instead: &'static str,
    },
}

impl Error {
    /// Whether the user must go through the login page again.
    pub fn needs_login(&self) -> bool {
        match self {
            Self::AnswerLost(_) | Self::SnapshotUser => true,
            Self::Api(error) => error.code.needs_login(),
            _ => false,
        }
    }

    /// Whether [`Client::refresh`](crate::Client::refresh) may help, before a new login does.
    pub fn needs_refresh(&self) -> bool {
        matches!(self, Self::Api(error) if error.code.needs_refresh())
    }

    /// Whether the same call may succeed later.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Api(error) => error.code.is_retryable(),
            Self::Status { status, .. } => *status >= 500,
            Self::Transport(error) => error.kind() != TransportErrorKind::TooLarge,
            _ => false,
        }
    }

    /// Whether the application is set up wrongly: app id, secret, scope, callback or addresses.
    pub fn is_configuration(&self) -> bool {
        match self {
            Self::Api(error) => error.code.is_configuration(),
            Self::LoginPage(error) => error.is_configuration(),
            Self::Parse(_) | Self::RedirectUri(_) | Self::WrongKind { .. } => true,
            _ => false,
        }
    }

    /// Who can do something about it; nobody knows for unknown codes of WeChat's.
    pub fn blame(&self) -> Option<Blame> {
        match self {
            Self::Api(error) => error.code.blame(),
            Self::LoginPage(LoginPageError::Dialog(code)) => code.blame(),
            Self::LoginPage(LoginPageError::Unrecognised)
            | Self::AnswerLost(_)
            | Self::Decode { .. }
            | Self::Status { .. }
            | Self::Transport(_) => Some(Blame::WeChat),
            Self::SnapshotUser => Some(Blame::User),
            Self::LoginPage(_)
            | Self::Random
            | Self::Parse(_)
            | Self::RedirectUri(_)
            | Self::WrongKind { .. } => Some(Blame::You),
        }
    }

    /// Whether a code was perhaps spent by the call that failed so.
    pub(crate) fn may_have_spent_the_code(&self) -> bool {
        match self {
            Self::Api(error) => error.code.is_retryable(),
            Self::Transport(error) => error.kind() != TransportErrorKind::Connect,
            Self::Decode { .. } | Self::Status { .. } => true,
            _ => false,
        }
    }
}
