//! Requests without a response.

use std::{error::Error as StdError, sync::Arc};

use thiserror::Error;

/// A request without a response.
#[derive(Clone, Debug, Error)]
#[error("{kind}")]
pub struct TransportError {
    kind: TransportErrorKind,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

impl TransportError {
    /// An error with its cause, which must not contain the URL of the request.
    pub fn new(
        kind: TransportErrorKind,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        Self {
            kind,
            source: Some(Arc::from(source.into())),
        }
    }

    /// The kind.
    pub fn kind(&self) -> TransportErrorKind {
        self.kind
    }
}

impl From<TransportErrorKind> for TransportError {
    fn from(kind: TransportErrorKind) -> Self {
        Self { kind, source: None }
    }
}

/// The kind of a [`TransportError`].
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// No connection was made: nothing was sent.
    #[error("could not connect to the server")]
    Connect,
    /// The connection broke, or something else failed on the way.
    #[error("the connection broke before the response was complete")]
    Other,
    /// The response was not complete in time.
    #[error("the server did not respond in time")]
    Timeout,
    /// The response has more than [`MAX_BODY`](super::MAX_BODY) bytes.
    #[error("the response is larger than 1 MiB")]
    TooLarge,
}
