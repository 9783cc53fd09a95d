//! The one HTTP client for URLs that clients have registered: public addresses only, unless the operator allows others.
//!
//! The address is checked after the name is resolved, and that address is connected to, so that a name cannot resolve to
//! another one in between. There are no redirects, and no proxy of the environment, which would resolve names itself.

mod resolver;

use std::{net::IpAddr, sync::Arc, time::Duration};

use axum::http::{HeaderValue, StatusCode, header::CONTENT_TYPE};
use reqwest::{Client, Response, redirect::Policy};
use thiserror::Error;
use url::{Host, Url};

use self::resolver::{Addresses, LookUp, NotPublic, SystemResolver};
use crate::oidc::is_public;

/// Longest time of a request, its name resolution included.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Most bytes of a response that are read.
const MAX_BODY: usize = 64 * 1024;

/// A request to a client did not succeed.
#[derive(Debug, Error)]
pub(crate) enum OutboundError {
    #[error("the address is not public")]
    NotPublic,
    #[error("no response within 5 seconds")]
    Timeout,
    #[error("the HTTP client cannot be made")]
    Setup,
    /// Without the URL, which may hold a secret of the client's.
    #[error("no connection, or no valid response")]
    Failed(#[source] reqwest::Error),
}

impl From<reqwest::Error> for OutboundError {
    fn from(error: reqwest::Error) -> Self {
        let mut source = std::error::Error::source(&error);
        while let Some(cause) = source {
            if cause.is::<NotPublic>() {
                return Self::NotPublic;
            }
            source = cause.source();
        }
        if error.is_timeout() {
            Self::Timeout
        } else {
            Self::Failed(error.without_url())
        }
    }
}

/// The client.
#[derive(Debug)]
pub(crate) struct Outbound {
    public: Client,
    /// For clients whose operator allows private addresses.
    any: Client,
    is_public: fn(IpAddr) -> bool,
}

impl Outbound {
    /// A client that resolves names as the operating system does.
    ///
    /// # Errors
    ///
    /// [`OutboundError::Setup`] if TLS cannot be set up on this machine.
    pub(crate) fn new() -> Result<Self, OutboundError> {
        Self::with_resolver(&(Arc::new(SystemResolver) as _), is_public, TIMEOUT)
    }

    fn with_resolver(
        resolver: &Arc<dyn LookUp>,
        is_public: fn(IpAddr) -> bool,
        timeout: Duration,
    ) -> Result<Self, OutboundError> {
        let client = |allowed: fn(IpAddr) -> bool| {
            let addresses = Addresses::new(Arc::clone(resolver), allowed);
            let builder = Client::builder()
                .user_agent(concat!("weixin-gateway/", env!("CARGO_PKG_VERSION")))
                .redirect(Policy::none())
                .referer(false)
                .no_proxy()
                .timeout(timeout)
                .dns_resolver(Arc::new(addresses));
            builder.build().map_err(|_| OutboundError::Setup)
        };
        Ok(Self {
            public: client(is_public)?,
            any: client(|_| true)?,
            is_public,
        })
    }

    /// Posts a form, and returns the status of the response.
    ///
    /// # Errors
    ///
    /// [`OutboundError`] if there is no response.
    pub(crate) async fn post_form(
        &self,
        url: &Url,
        form: String,
        allow_private: bool,
    ) -> Result<StatusCode, OutboundError> {
        if !allow_private && !self.may_be_public(url) {
            return Err(OutboundError::NotPublic);
        }
        let client = if allow_private {
            &self.any
        } else {
            &self.public
        };
        let form_type = HeaderValue::from_static("application/x-www-form-urlencoded");
        let request = client.post(url.clone()).header(CONTENT_TYPE, form_type);
        let response = request.body(form).send().await?;
        let status = response.status();
        read_to_the_end(response).await;
        Ok(status)
    }

    /// An address in place of a name is not resolved, so it is checked here.
    fn may_be_public(&self, url: &Url) -> bool {
        match url.host() {
            Some(Host::Ipv4(address)) => (self.is_public)(address.into()),
            Some(Host::Ipv6(address)) => (self.is_public)(address.into()),
            Some(Host::Domain(_)) => true,
            None => false,
        }
    }
}

/// A short body is read, so that its connection can be used again; the rest of a long one is not. How it ends does not
/// matter: the status has said everything.
async fn read_to_the_end(mut response: Response) {
    let mut length = 0;
    while let Ok(Some(chunk)) = response.chunk().await {
        length += chunk.len();
        if length > MAX_BODY {
            break;
        }
    }
}

#[cfg(test)]
mod tests;
