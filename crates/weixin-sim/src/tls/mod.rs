//! TLS under WeChat's own host names, and a proxy to it.

mod authority;
mod handshakes;
mod other_hosts;
mod proxy;

use std::{io, net::SocketAddr};

use axum::serve::Listener;
use tokio::net::TcpListener;

pub use self::{authority::Authority, other_hosts::OtherHosts};
use self::{handshakes::Handshakes, proxy::Proxy};
use crate::{Sim, sim::stopped};

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
        let mut listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let handshakes = Handshakes::new(address);
        let (sender, tls) = (handshakes.sender(), authority.acceptor()?);
        let stop = self.stop_signal();
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    () = stopped(stop.clone()) => return,
                    // It waits a moment after an error, such as too many open files.
                    (stream, peer) = Listener::accept(&mut listener) => {
                        // A handshake is several small writes: without this, each would wait for an
                        // acknowledgement.
                        let _ = stream.set_nodelay(true);
                        sender.begin(&tls, stream, peer);
                    }
                }
            }
        });
        self.serve_router(handshakes, true);
        Ok(address)
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
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let handshakes = Handshakes::new(address);
        let proxy = Proxy {
            simulator: self.url().to_owned(),
            wechat: self.router(),
            tls: authority.acceptor()?,
            handshakes: handshakes.sender(),
            others,
            stop: self.stop_signal(),
        };
        self.serve_router(handshakes, true);
        self.serve_on(listener, proxy.router(), false);
        Ok(address)
    }
}
