//! The listeners of a simulator under WeChat's host names: TLS, and a proxy to it.

use std::{io, net::SocketAddr};

use axum::{Router, serve::Listener};
use tokio::{net::TcpListener, sync::watch};

use super::{authority::Authority, handshakes::Handshakes, other_hosts::OtherHosts, proxy::Proxy};
use crate::sim::{Server, stopped};

/// What the listeners serve.
pub(super) struct Front<'a> {
    /// Base URL of the simulator.
    pub(super) url: &'a str,
    pub(super) router: Router,
    /// Dropping it stops the listeners.
    pub(super) stop: &'a watch::Sender<()>,
}

impl Front<'_> {
    pub(super) fn serve<L: Listener<Addr = SocketAddr>>(&self, listener: L, secure: bool) {
        self.serve_on(listener, self.router.clone(), secure);
    }

    fn serve_on<L: Listener<Addr = SocketAddr>>(&self, listener: L, router: Router, secure: bool) {
        let server = Server::new(router, secure, self.stop.subscribe());
        tokio::spawn(server.run(listener));
    }

    pub(super) async fn serve_tls(
        &self,
        address: SocketAddr,
        authority: &Authority,
    ) -> io::Result<SocketAddr> {
        let mut listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let handshakes = Handshakes::new(address);
        let (sender, tls) = (handshakes.sender(), authority.acceptor()?);
        let stop = self.stop.subscribe();
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
        self.serve(handshakes, true);
        Ok(address)
    }

    pub(super) async fn serve_proxy(
        &self,
        address: SocketAddr,
        authority: &Authority,
        others: OtherHosts,
    ) -> io::Result<SocketAddr> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let handshakes = Handshakes::new(address);
        let proxy = Proxy {
            simulator: self.url.to_owned(),
            wechat: self.router.clone(),
            tls: authority.acceptor()?,
            handshakes: handshakes.sender(),
            others,
            stop: self.stop.subscribe(),
        };
        self.serve(handshakes, true);
        self.serve_on(listener, proxy.router(), false);
        Ok(address)
    }
}
