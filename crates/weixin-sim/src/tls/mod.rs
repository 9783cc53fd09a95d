//! TLS under WeChat's own host names, and a proxy to it.

mod authority;
mod front;
mod handshakes;
mod other_hosts;
mod proxy;
mod relay;

use std::{io, net::SocketAddr};

use self::front::Front;
pub use self::{authority::Authority, other_hosts::OtherHosts, relay::Relay};
use crate::Sim;

impl Sim {
    /// Listens for TLS as all of WeChat's hosts, for clients whose hosts file points here; returns the address.
    ///
    /// # Errors
    ///
    /// The operating system's error if it cannot listen on the address.
    pub async fn serve_tls(
        &self,
        address: SocketAddr,
        authority: &Authority,
    ) -> io::Result<SocketAddr> {
        self.front().serve_tls(address, authority).await
    }

    /// Listens as a proxy to WeChat's hosts, by CONNECT or in plain HTTP, and by CONNECT to others; returns the address.
    ///
    /// # Errors
    ///
    /// The operating system's error if it cannot listen on the address.
    pub async fn serve_proxy(
        &self,
        address: SocketAddr,
        authority: &Authority,
        others: OtherHosts,
    ) -> io::Result<SocketAddr> {
        self.front().serve_proxy(address, authority, others).await
    }

    fn front(&self) -> Front<'_> {
        Front {
            url: self.url(),
            router: self.router(),
            stop: self.stop(),
        }
    }
}
