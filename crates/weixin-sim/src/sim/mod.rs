//! The running simulator: starts, serves, and stops on drop.

mod control;

use std::{future::Future, io, net::SocketAddr, sync::Arc};

use axum::{
    Router,
    extract::connect_info::Connected,
    serve::{IncomingStream, Listener},
};
use tokio::{net::TcpListener, sync::watch};

use crate::{
    SimBuilder,
    routes::{self, Peer},
    state::SimState,
};

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
        self.serve_router(listener);
        Ok(address)
    }

    pub(crate) fn router(&self) -> Router {
        routes::router(Arc::clone(&self.shared))
    }

    pub(crate) fn serve_router<L: Listener>(&self, listener: L)
    where
        L::Addr: std::fmt::Debug,
        Peer: for<'a> Connected<IncomingStream<'a, L>>,
    {
        self.serve_on(listener, self.router());
    }

    pub(crate) fn serve_on<L: Listener>(&self, listener: L, router: Router)
    where
        L::Addr: std::fmt::Debug,
        Peer: for<'a> Connected<IncomingStream<'a, L>>,
    {
        let server = axum::serve(
            listener,
            router.into_make_service_with_connect_info::<Peer>(),
        );
        let server = server.with_graceful_shutdown(self.stopped());
        // Ends by the shutdown only: axum retries failed accepts.
        tokio::spawn(async move { server.await });
    }

    /// Resolves when the simulator is dropped.
    pub(crate) fn stopped(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut stop = self.stop.subscribe();
        async move { while stop.changed().await.is_ok() {} }
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
        sim.serve_router(listener);
        Ok(sim)
    }
}
