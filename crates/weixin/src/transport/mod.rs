//! The seam to the network: one request in, one response out.

mod endpoints;
#[cfg(feature = "reqwest")]
mod https;
mod retry_policy;

use std::{error::Error as StdError, fmt, pin::Pin, sync::Arc, time::Duration};

use http::{Request, Response};
use thiserror::Error;

#[cfg(feature = "reqwest")]
pub use self::https::Https;
pub use self::{
    endpoints::{Endpoints, InvalidOrigin, Origin},
    retry_policy::Retries,
};

/// The answer to come of a [`Transport`].
pub type Answer<'a> =
    Pin<Box<dyn Future<Output = Result<Response<Vec<u8>>, TransportError>> + Send + 'a>>;

/// Sends one request. Bring your own to use another HTTP stack than the bundled `Https`.
///
/// The request's address carries secrets (`secret`, `code`, tokens): log its path and nothing
/// else of it. Follow no redirect, give up after a while, and refuse answers over
/// [`MAX_BODY`] bytes.
pub trait Transport: fmt::Debug + Send + Sync {
    /// Sends `request` and reads the whole answer.
    fn send(&self, request: Request<Vec<u8>>) -> Answer<'_>;

    /// The longest time that [`send`](Self::send) takes before it gives up; 30 seconds if you do not say otherwise.
    ///
    /// The lease under which a token is renewed is derived from it: a call that takes longer is canceled.
    fn timeout(&self) -> Duration {
        Duration::from_secs(30)
    }

    /// Waits before a call is sent again; without a timer of your own, it is sent at once.
    fn pause(&self, duration: Duration) -> Pause<'_> {
        let _ = duration;
        Box::pin(std::future::ready(()))
    }
}

/// The end of a wait.
pub type Pause<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// Longest answer that is read, in bytes: 1 MiB. WeChat's have a few hundred bytes.
pub const MAX_BODY: usize = 1 << 20;

/// No answer arrived.
#[derive(Clone, Debug, Error)]
#[error("{kind}")]
pub struct TransportError {
    kind: TransportErrorKind,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

impl TransportError {
    /// An error with its cause, which must not show the request's address.
    pub fn new(
        kind: TransportErrorKind,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        Self {
            kind,
            source: Some(Arc::from(source.into())),
        }
    }

    /// What went wrong.
    pub fn kind(&self) -> TransportErrorKind {
        self.kind
    }
}

impl From<TransportErrorKind> for TransportError {
    fn from(kind: TransportErrorKind) -> Self {
        Self { kind, source: None }
    }
}

/// How far a request came.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// No connection was made: nothing was sent.
    #[error("could not connect to wechat")]
    Connect,
    /// The connection broke, or something else happened on the way.
    #[error("the connection to wechat broke before the answer was complete")]
    Other,
    /// No complete answer in time.
    #[error("wechat did not answer in time")]
    Timeout,
    /// An answer of more than [`MAX_BODY`] bytes.
    #[error("the answer is larger than 1 MiB")]
    TooLarge,
}
