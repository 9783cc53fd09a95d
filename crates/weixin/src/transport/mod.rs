//! The HTTP client: one request in, one response out, and the hosts of WeChat.

pub(crate) mod endpoints;
mod error;
mod from_fn;
#[cfg(feature = "reqwest")]
mod https;
mod retry_policy;

use std::{fmt, pin::Pin, sync::Arc, time::Duration};

use http::{Request, Response};

pub(crate) use self::endpoints::Endpoints;
#[cfg(feature = "reqwest")]
pub use self::https::Https;
pub use self::{
    endpoints::Origin,
    error::{TransportError, TransportErrorKind},
    from_fn::{FromFn, from_fn},
    retry_policy::RetryPolicy,
};

/// Longest response that is read, in bytes: 1 MiB. WeChat's have a few hundred bytes.
pub const MAX_BODY: usize = 1 << 20;

/// The response of a [`Transport`].
pub type ResponseFuture<'a> =
    Pin<Box<dyn Future<Output = Result<Response<Vec<u8>>, TransportError>> + Send + 'a>>;

/// An HTTP client. Implement it to use another one than the bundled `Https`.
///
/// The URL of a request contains secrets (`secret`, `code`, tokens): log nothing but its path. Follow no redirects, give
/// up after a time-out, and reject responses of more than [`MAX_BODY`] bytes.
pub trait Transport: fmt::Debug + Send + Sync {
    /// Sends a request and reads the whole response.
    fn send(&self, request: Request<Vec<u8>>) -> ResponseFuture<'_>;

    /// The longest time that [`send`](Self::send) takes before it gives up; 30 seconds by default.
    ///
    /// The lease under which a token is renewed is derived from it: a call that takes longer is canceled.
    fn timeout(&self) -> Duration {
        Duration::from_secs(30)
    }
}

impl<T: Transport + ?Sized> Transport for Arc<T> {
    fn send(&self, request: Request<Vec<u8>>) -> ResponseFuture<'_> {
        (**self).send(request)
    }

    fn timeout(&self) -> Duration {
        (**self).timeout()
    }
}
