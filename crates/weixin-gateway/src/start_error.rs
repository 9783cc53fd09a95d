//! Why a gateway cannot start.

use thiserror::Error;

use crate::{
    key_file::{KeyFileDifference, KeyFileError},
    keys::KeyError,
    outbound::OutboundError,
    store::{OpenError, StoreError},
};

/// A gateway cannot start.
#[derive(Debug, Error)]
#[error(transparent)]
pub struct StartError(Reason);

#[derive(Debug, Error)]
enum Reason {
    #[error(transparent)]
    KeyFile(#[from] KeyFileError),
    #[error(transparent)]
    Keys(#[from] KeyError),
    #[error(transparent)]
    Login(#[from] weixin_axum::ConfigError),
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error("the callback URL of an issuer or the secret of an app is invalid")]
    Parse(#[from] weixin::error::ParseError),
    #[error("the HTTP client cannot be made")]
    Https(#[from] weixin::transport::TransportError),
    #[error(transparent)]
    Outbound(#[from] OutboundError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl StartError {
    /// Whether a signing key is missing or cannot be read.
    pub(crate) const fn is_of_keys(&self) -> bool {
        matches!(self.0, Reason::Keys(_))
    }

    /// How the key file differs from that of the other nodes, if that is the reason.
    pub(crate) const fn key_file(&self) -> Option<KeyFileDifference> {
        match &self.0 {
            Reason::KeyFile(KeyFileError::Other(other)) => Some(other.difference),
            _ => None,
        }
    }
}

impl<E: Into<Reason>> From<E> for StartError {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}
