//! Why a command failed, and the exit code that says so.

use std::{io, net::SocketAddr, process::ExitCode};

use thiserror::Error;
use weixin::VaultError;

/// What went wrong; each kind has its exit code.
#[derive(Debug, Error)]
pub(crate) enum Failure {
    /// A command that was run for the person ended with this exit code, and has said why.
    #[error("the command ended with exit code {0}")]
    Command(u8),
    /// Something is set up wrongly, outside the command line.
    #[error("{0}")]
    Configuration(String),
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("cannot listen at {address}: {}", listen_advice(.source, .address))]
    Listen {
        address: SocketAddr,
        source: io::Error,
    },
    #[error("{0}")]
    NeedsLogin(String),
    #[error("{0}")]
    Other(String),
    #[error("{0}")]
    Usage(String),
    #[error("{}", with_cause(.0))]
    Weixin(#[from] weixin::Error),
    /// Its store is in memory: what fails is WeChat's.
    #[error("{}", with_cause(.0))]
    Vault(VaultError),
}

impl From<VaultError> for Failure {
    fn from(error: VaultError) -> Self {
        match error {
            VaultError::Weixin(error) => Self::Weixin(error),
            error => Self::Vault(error),
        }
    }
}

impl Failure {
    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Command(code) => *code,
            Self::Usage(_) => 2,
            Self::NeedsLogin(_) => 3,
            Self::Configuration(_) => 5,
            Self::Weixin(error) if error.is_configuration() => 5,
            Self::Weixin(error) if error.needs_login() || error.needs_refresh() => 3,
            Self::Weixin(error) if error.is_retryable() => 4,
            Self::Io(_)
            | Self::Listen { .. }
            | Self::Other(_)
            | Self::Vault(_)
            | Self::Weixin(_) => 1,
        })
    }

    /// What helps, where the error alone does not say it.
    pub(crate) fn advice(&self) -> Option<&'static str> {
        let Self::Weixin(error) = self else {
            return None;
        };
        if error.needs_login() {
            Some("the user must log in again: `weixin login` does it from here")
        } else if error.needs_refresh() {
            Some("`weixin refresh` may get a new access token")
        } else if error.is_configuration() {
            Some("compare app id, app secret, scope and callback with WeChat's console")
        } else if error.is_retryable() {
            Some("try again in a moment; for a simulator, look whether it runs (`weixin sim`)")
        } else {
            None
        }
    }
}

impl From<weixin::TransportError> for Failure {
    fn from(error: weixin::TransportError) -> Self {
        Self::Weixin(error.into())
    }
}

fn listen_advice(error: &io::Error, address: &SocketAddr) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => format!(
            "another program has port {}. End it, or choose another port; 0 is any free one",
            address.port()
        ),
        io::ErrorKind::PermissionDenied => {
            format!(
                "port {} needs more rights. Choose a port from 1024, or run as root",
                address.port()
            )
        }
        _ => error.to_string(),
    }
}

/// An error and its causes in one line; weixin's errors repeat no cause and hold no secret.
fn with_cause(error: &dyn std::error::Error) -> String {
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
