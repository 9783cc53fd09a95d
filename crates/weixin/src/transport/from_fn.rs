//! A transport of one function.

use std::fmt;

use http::{Request, Response};

use super::{ResponseFuture, Transport, TransportError};

/// A [`Transport`] made by [`from_fn`].
#[derive(Clone)]
pub struct FromFn<F>(F);

/// A [`Transport`] that calls an async function, such as a WeChat of one closure in a unit test. A closure that captures
/// values is written `move |request| async move { … }`.
///
/// ```
/// use weixin::{AppSecret, Code, MobileApp, transport};
/// use http::Response;
///
/// # async fn example() -> Result<(), weixin::Error> {
/// let wechat = transport::from_fn(async |_request| {
///     Ok(Response::new(br#"{"errcode":40163,"errmsg":"code been used"}"#.to_vec()))
/// });
/// let app = MobileApp::builder("wx0123456789abcdef".parse()?, "secret".parse()?).build_with(wechat);
/// let error = app.exchange("071v".parse()?).await.unwrap_err();
/// assert!(error.needs_login());
/// # Ok(())
/// # }
/// ```
pub fn from_fn<F, Fut>(send: F) -> FromFn<F>
where
    F: Fn(Request<Vec<u8>>) -> Fut + Send + Sync,
    Fut: Future<Output = Result<Response<Vec<u8>>, TransportError>> + Send + 'static,
{
    FromFn(send)
}

impl<F, Fut> Transport for FromFn<F>
where
    F: Fn(Request<Vec<u8>>) -> Fut + Send + Sync,
    Fut: Future<Output = Result<Response<Vec<u8>>, TransportError>> + Send + 'static,
{
    fn send(&self, request: Request<Vec<u8>>) -> ResponseFuture<'_> {
        Box::pin((self.0)(request))
    }
}

impl<F> fmt::Debug for FromFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FromFn(..)")
    }
}
