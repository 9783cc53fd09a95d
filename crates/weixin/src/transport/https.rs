//! The bundled HTTP client: reqwest on rustls.

use std::time::Duration;

use http::{
    Request, Response,
    uri::{Authority, PathAndQuery},
};
use reqwest::redirect::Policy;
use url::{Host, Url};

use super::{MAX_BODY, ResponseFuture, Transport, TransportError, TransportErrorKind};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const TIMEOUT: Duration = Duration::from_secs(10);

/// The bundled [`Transport`]: HTTP/1.1, rustls, no redirects, time-outs.
///
/// It uses the proxies of the environment (`HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`), but not for this machine itself: a
/// simulator is never behind a proxy.
#[derive(Clone, Debug)]
pub struct Https {
    client: reqwest::Client,
    /// Without proxies.
    loopback: reqwest::Client,
    timeout: Duration,
}

impl Https {
    /// A client that gives up after 3 seconds without a connection, or 10 seconds in total.
    ///
    /// # Errors
    ///
    /// [`TransportError`] if TLS cannot be set up on this machine.
    pub fn new() -> Result<Self, TransportError> {
        Self::with_timeouts(CONNECT_TIMEOUT, TIMEOUT)
    }

    /// A client that gives up after `connect` without a connection, or `total` in total.
    ///
    /// # Errors
    ///
    /// As [`Https::new`].
    pub fn with_timeouts(connect: Duration, total: Duration) -> Result<Self, TransportError> {
        let builder = || {
            reqwest::Client::builder()
                .user_agent(concat!("weixin/", env!("CARGO_PKG_VERSION")))
                .redirect(Policy::none())
                .referer(false)
                .connect_timeout(connect)
                .timeout(total)
        };
        Ok(Self {
            client: builder().build().map_err(redact)?,
            loopback: builder().no_proxy().build().map_err(redact)?,
            timeout: total,
        })
    }

    /// Returns `true` for this machine itself, which is never behind a proxy.
    fn is_loopback(url: &Url) -> bool {
        match url.host() {
            Some(Host::Domain(domain)) => domain == "localhost",
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            None => false,
        }
    }

    /// The client of a host: always the same one, so that connections are reused.
    fn client_for(&self, url: &Url) -> &reqwest::Client {
        if Self::is_loopback(url) {
            &self.loopback
        } else {
            &self.client
        }
    }

    async fn exchange(
        &self,
        request: Request<Vec<u8>>,
    ) -> Result<Response<Vec<u8>>, TransportError> {
        let request = for_reqwest(request)?;
        let client = self.client_for(request.url());
        let mut response = client.execute(request).await.map_err(redact)?;
        let mut whole = Response::new(Vec::new());
        *whole.status_mut() = response.status();
        *whole.headers_mut() = std::mem::take(response.headers_mut());
        while let Some(chunk) = response.chunk().await.map_err(redact)? {
            if whole.body().len() + chunk.len() > MAX_BODY {
                return Err(TransportErrorKind::TooLarge.into());
            }
            whole.body_mut().extend_from_slice(&chunk);
        }
        Ok(whole)
    }
}

impl Transport for Https {
    fn send(&self, request: Request<Vec<u8>>) -> ResponseFuture<'_> {
        Box::pin(self.exchange(request))
    }

    fn timeout(&self) -> Duration {
        self.timeout
    }
}

/// reqwest's own conversion writes the URL piece by piece, which takes as long as the rest of a call together.
fn for_reqwest(request: Request<Vec<u8>>) -> Result<reqwest::Request, TransportError> {
    let (parts, body) = request.into_parts();
    let uri = &parts.uri;
    let scheme = uri.scheme_str().unwrap_or("https");
    let authority = uri.authority().map_or("", Authority::as_str);
    let rest = uri.path_and_query().map_or("/", PathAndQuery::as_str);
    // The error contains no part of the URL.
    let url = Url::parse(&[scheme, "://", authority, rest].concat())
        .map_err(|error| TransportError::new(TransportErrorKind::Other, error))?;
    let mut request = reqwest::Request::new(parts.method, url);
    *request.headers_mut() = parts.headers;
    if !body.is_empty() {
        *request.body_mut() = Some(body.into());
    }
    Ok(request)
}

/// reqwest prints the URL in its errors, and our URLs carry the app secret.
fn redact(error: reqwest::Error) -> TransportError {
    let kind = if error.is_connect() {
        TransportErrorKind::Connect
    } else if error.is_timeout() {
        TransportErrorKind::Timeout
    } else {
        TransportErrorKind::Other
    };
    TransportError::new(kind, error.without_url())
}
