//! Names to addresses, of which those that are not allowed are left out.

use std::{
    error::Error,
    fmt, io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use futures_util::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// A name has no address that may be connected to.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the name has no public address")]
pub(super) struct NotPublic;

/// A source of addresses.
pub(super) trait LookUp: Send + Sync {
    fn look_up(&self, name: &str) -> BoxFuture<'static, io::Result<Vec<IpAddr>>>;
}

/// The resolver of the operating system.
pub(super) struct SystemResolver;

impl LookUp for SystemResolver {
    fn look_up(&self, name: &str) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        let name = name.to_owned();
        Box::pin(async move {
            let addresses = tokio::net::lookup_host((name, 0)).await?;
            Ok(addresses.map(|address| address.ip()).collect())
        })
    }
}

/// Resolves names for connections: what it returns is what is connected to.
pub(super) struct Addresses {
    resolver: Arc<dyn LookUp>,
    is_allowed: fn(IpAddr) -> bool,
}

impl Addresses {
    pub(super) fn new(resolver: Arc<dyn LookUp>, is_allowed: fn(IpAddr) -> bool) -> Self {
        Self {
            resolver,
            is_allowed,
        }
    }
}

impl Resolve for Addresses {
    fn resolve(&self, name: Name) -> Resolving {
        let found = self.resolver.look_up(name.as_str());
        let is_allowed = self.is_allowed;
        Box::pin(async move {
            let mut addresses = found.await?;
            addresses.retain(|address| is_allowed(*address));
            if addresses.is_empty() {
                return Err(Box::new(NotPublic) as Box<dyn Error + Send + Sync>);
            }
            // The port is that of the URL.
            let addresses = addresses.into_iter().map(|it| SocketAddr::new(it, 0));
            Ok(Box::new(addresses) as Addrs)
        })
    }
}

impl fmt::Debug for Addresses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Addresses(..)")
    }
}
