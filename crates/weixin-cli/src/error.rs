//! The errors of commands, and their exit codes.

use std::{io, net::SocketAddr};

use thiserror::Error;
use weixin::{Action, error::ParseError, transport::TransportError};

use crate::exit_code::ExitCode;

/// The error of a command. Each kind has its exit code.
#[derive(Debug, Error)]
pub(crate) enum CliError {
    /// A setting outside the command line is wrong.
    #[error("{0}")]
    Configuration(String),
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("cannot listen on {address}: {}", listen_reason(.source, .address, .option))]
    Listen {
        /// The command and the option with which another address is chosen.
        option: &'static str,
        address: SocketAddr,
        source: io::Error,
    },
    #[error("{0}")]
    NeedsLogin(String),
    #[error("{0}")]
    Other(String),
    /// The reason is printed already, by the doctor or by the program that was run; or it cannot be printed.
    #[error("the reason is printed above")]
    Reported(ExitCode),
    #[error("{0}")]
    Unreachable(String),
    #[error("{0}")]
    Usage(String),
    #[error("{}", with_sources(.0))]
    Weixin(#[from] weixin::Error),
}

impl CliError {
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Configuration(_) => ExitCode::Configuration,
            Self::Io(_) | Self::Listen { .. } | Self::Other(_) => ExitCode::Failure,
            Self::NeedsLogin(_) => ExitCode::Login,
            Self::Unreachable(_) => ExitCode::Retry,
            Self::Reported(code) => *code,
            // A redirect URI that the real WeChat would reject.
            Self::Usage(_) | Self::Weixin(weixin::Error::Parse(_)) => ExitCode::Usage,
            Self::Weixin(error) => match error.action() {
                Action::FixConfiguration => ExitCode::Configuration,
                Action::LogIn | Action::Refresh => ExitCode::Login,
                Action::Retry => ExitCode::Retry,
                _ => ExitCode::Failure,
            },
        }
    }

    /// The remedy, unless the error itself names it.
    pub(crate) fn remedy(&self) -> Option<&'static str> {
        let Self::Weixin(error) = self else {
            return None;
        };
        match error.action() {
            // A redirect URI that the real WeChat would reject.
            _ if matches!(error, weixin::Error::Parse(_)) => Some(
                "use a simulator (--sim), or point the registered callback domain to this machine: see `weixin login --help`",
            ),
            Action::FixConfiguration => {
                Some("compare app ID, app secret, scope and callback domain with WeChat's console")
            }
            Action::LogIn => Some("the user must log in again, such as by `weixin login`"),
            Action::Refresh => Some("get a new access token with `weixin refresh`"),
            Action::Retry => Some(
                "try again in a moment; if this is a simulator, check that `weixin sim` is running",
            ),
            _ => None,
        }
    }
}

/// A text from the command line or the environment.
impl From<ParseError> for CliError {
    fn from(error: ParseError) -> Self {
        Self::Usage(error.to_string())
    }
}

impl From<TransportError> for CliError {
    fn from(error: TransportError) -> Self {
        Self::Weixin(error.into())
    }
}

fn listen_reason(error: &io::Error, address: &SocketAddr, option: &str) -> String {
    let port = address.port();
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            let any_free = SocketAddr::new(address.ip(), 0);
            format!("port {port} is in use. To use any free port: {option} {any_free}")
        }
        io::ErrorKind::PermissionDenied => {
            format!("port {port} needs more permissions. Choose a port from 1024, or run as root")
        }
        _ => error.to_string(),
    }
}

/// An error and its sources in one line. The errors of `weixin` repeat no source and contain no secret.
fn with_sources(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}
