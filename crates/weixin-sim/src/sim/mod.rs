//! The running simulator: starts, serves, and stops on drop.

mod control;
mod expectations;
mod server;

use std::{io, net::SocketAddr, sync::Arc};

use axum::{Router, serve::Listener};
use tokio::{net::TcpListener, sync::watch};

pub use self::expectations::AddedFault;
use self::server::Server;
#[cfg(feature = "tls")]
pub(crate) use self::server::stopped;
use crate::{SimBuilder, routes, state::SimState};

/// A WeChat simulator on this machine. Stops when dropped.
#[derive(Debug)]
#[must_use = "the simulator stops when this is dropped"]
pub struct Sim {
    shared: Arc<SimState>,
    /// Dropping it stops the servers.
    stop: watch::Sender<()>,
}

impl Sim {
    /// Starts with the default apps and users on a free port of 127.0.0.1.
    ///
    /// # Errors
    ///
    /// The operating system's error if there is no free port.
    pub async fn start() -> io::Result<Self> {
        Self::builder().start().await
    }

    /// Returns the options of a simulator.
    pub fn builder() -> SimBuilder {
        SimBuilder::new()
    }

    /// Listens on another address, in plain HTTP; returns the address with its actual port.
    ///
    /// # Errors
    ///
    /// The operating system's error if it cannot listen on the address.
    pub async fn serve_http(&self, address: SocketAddr) -> io::Result<SocketAddr> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        self.serve_router(listener, false);
        Ok(address)
    }

    pub(crate) fn router(&self) -> Router {
        routes::router(Arc::clone(&self.shared))
    }

    /// Serves all paths; `secure` connections use TLS.
    pub(crate) fn serve_router<L: Listener<Addr = SocketAddr>>(&self, listener: L, secure: bool) {
        self.serve_on(listener, self.router(), secure);
    }

    pub(crate) fn serve_on<L>(&self, listener: L, router: Router, secure: bool)
    where
        L: Listener<Addr = SocketAddr>,
    {
        let server = Server::new(router, secure, self.stop.subscribe());
        tokio::spawn(server.run(listener));
    }

    /// Closed when the simulator is dropped.
    #[cfg(feature = "tls")]
    pub(crate) fn stop_signal(&self) -> watch::Receiver<()> {
        self.stop.subscribe()
    }

    /// Base URL that replaces all of WeChat's hosts, such as `http://127.0.0.1:9300`.
    pub fn url(&self) -> &str {
        &self.shared.origin
    }
}

impl SimBuilder {
    /// Starts the simulator. It accepts requests when this returns.
    ///
    /// # Errors
    ///
    /// The operating system's error if it cannot listen on the address.
    pub async fn start(self) -> io::Result<Sim> {
        let (address, setup, settings) = self.finish();
        let listener = TcpListener::bind(address).await?;
        let origin = format!("http://{}", listener.local_addr()?);
        let sim = Sim {
            shared: Arc::new(SimState::new(origin, setup, settings)),
            stop: watch::Sender::new(()),
        };
        sim.serve_router(listener, false);
        Ok(sim)
    }
}
