//! The bundled HTTP client: reqwest on rustls.

use std::time::Duration;

use http::{
    Request, Response,
    uri::{Authority, PathAndQuery},
};
use reqwest::redirect::Policy;
use url::{Host, Url};

use super::{Answer, MAX_BODY, Pause, Transport, TransportError, TransportErrorKind};
use crate::{Client, ClientBuilder};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const TIMEOUT: Duration = Duration::from_secs(10);

impl ClientBuilder {
    /// Finishes with the bundled HTTP client and its default time-outs.
    ///
    /// # Errors
    ///
    /// [`TransportError`] if TLS cannot be set up on this machine.
    pub fn build(self) -> Result<Client, TransportError> {
        Ok(self.build_with(Https::new()?))
    }
}

/// The bundled [`Transport`]: HTTP/1.1, rustls, no redirects, time-outs.
///
/// Proxies of the environment (`HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`) are used, but not for this machine
/// itself: a simulator is not behind a proxy, whatever the environment says.
#[derive(Clone, Debug)]
pub struct Https {
    client: reqwest::Client,
    /// Without proxies.
    loopback: reqwest::Client,
    timeout: Duration,
}

impl Https {
    /// Gives up after 3 s without a connection, or 10 s in all.
    ///
    /// # Errors
    ///
    /// [`TransportError`] if TLS cannot be set up on this machine.
    pub fn new() -> Result<Self, TransportError> {
        Self::with_timeouts(CONNECT_TIMEOUT, TIMEOUT)
    }

    /// Gives up after `connect` without a connection, or `total` in all.
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

    /// Whether an address is this machine's own, for which no proxy is used.
    pub fn is_loopback(url: &Url) -> bool {
        match url.host() {
            Some(Host::Domain(domain)) => domain == "localhost",
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            None => false,
        }
    }

    /// One client, and so one pool, for each host.
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
        let mut answer = Response::new(Vec::new());
        *answer.status_mut() = response.status();
        *answer.headers_mut() = std::mem::take(response.headers_mut());
        while let Some(chunk) = response.chunk().await.map_err(redact)? {
            if answer.body().len() + chunk.len() > MAX_BODY {
                return Err(TransportErrorKind::TooLarge.into());
            }
            answer.body_mut().extend_from_slice(&chunk);
        }
        Ok(answer)
    }
}

impl Transport for Https {
    fn send(&self, request: Request<Vec<u8>>) -> Answer<'_> {
        Box::pin(self.exchange(request))
    }

    fn timeout(&self) -> Duration {
        self.timeout
    }

    fn pause(&self, duration: Duration) -> Pause<'_> {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// reqwest's own conversion writes the address piece by piece, which takes as long as all the rest of it.
fn for_reqwest(request: Request<Vec<u8>>) -> Result<reqwest::Request, TransportError> {
    let (parts, body) = request.into_parts();
    let uri = &parts.uri;
    let scheme = uri.scheme_str().unwrap_or("https");
    let authority = uri.authority().map_or("", Authority::as_str);
    let rest = uri.path_and_query().map_or("/", PathAndQuery::as_str);
    // The error names no part of the address.
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
