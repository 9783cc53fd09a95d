//! The running simulator: starts, serves, and stops on drop.

mod control;
mod expectations;
mod server;

use std::{io, net::SocketAddr, sync::Arc};

use axum::{Router, serve::Listener};
use tokio::{net::TcpListener, sync::watch};

pub use self::expectations::AddedFault;
#[cfg(not(feature = "tls"))]
use self::server::Server;
#[cfg(feature = "tls")]
pub(crate) use self::server::{Server, stopped};
use crate::{
    SimBuilder,
    builder::Options,
    routes,
    state::SimState,
    worlds::{OpenedWorld, Start, WorldError, Worlds},
};

/// A WeChat simulator on this machine. Stops when dropped.
#[derive(Debug)]
#[must_use = "the simulator stops when this is dropped"]
pub struct Sim {
    shared: Arc<SimState>,
    worlds: Arc<Worlds>,
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

    /// Opens another world of this simulator: a WeChat with its own clock, apps, users, faults, log and findings, on a
    /// port of its own. It starts as this simulator did, and stops when the returned handle is dropped.
    ///
    /// Tests that run at the same time can share a simulator that way: neither [`advance`](Self::advance) nor
    /// [`reset`](Self::reset) of one disturbs another.
    ///
    /// ```
    /// # async fn example(sim: &weixin_sim::Sim) -> std::io::Result<()> {
    /// let world = sim.world().await?;
    /// world.advance(std::time::Duration::from_hours(2)).unwrap();
    /// // The program under test uses `world.url()`.
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// If there are 200 worlds already, or if there is no free port.
    pub async fn world(&self) -> io::Result<Self> {
        let opened = self.worlds.hold().await;
        let (shared, stop) = opened.map_err(|error| match error {
            WorldError::Listen(error) => error,
            other => io::Error::other(other.to_string()),
        })?;
        Ok(Self {
            shared,
            worlds: Arc::clone(&self.worlds),
            stop,
        })
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
        routes::router(Arc::clone(&self.shared), Arc::clone(&self.worlds))
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
    pub(crate) fn stop(&self) -> &watch::Sender<()> {
        &self.stop
    }

    /// Base URL that replaces all of WeChat's hosts, such as `http://127.0.0.1:9300`.
    pub fn url(&self) -> &str {
        &self.shared.origin
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        match self.shared.id {
            Some(_) => self.worlds.end(&self.shared),
            None => self.worlds.end_all(),
        }
    }
}

/// Serves a world until it ends.
fn serve(world: OpenedWorld, listener: TcpListener) {
    let OpenedWorld {
        state,
        worlds,
        stop,
    } = world;
    let router = routes::router(state, worlds);
    tokio::spawn(Server::new(router, false, stop).run(listener));
}

impl SimBuilder {
    /// Starts the simulator. It accepts requests when this returns.
    ///
    /// # Errors
    ///
    /// The operating system's error if it cannot listen on the address.
    pub async fn start(self) -> io::Result<Sim> {
        let Options {
            listen,
            poll_listen,
            world_ports,
            setup,
            mut settings,
        } = self.finish();
        let listener = TcpListener::bind(listen).await?;
        let address = listener.local_addr()?;
        let polls = match poll_listen {
            Some(address) => Some(TcpListener::bind(address).await?),
            None => None,
        };
        if let Some(polls) = &polls {
            settings.poll_port = Some(polls.local_addr()?.port());
        }
        let start = Start {
            setup: setup.clone(),
            settings: settings.clone(),
            ip: address.ip(),
            ports: world_ports,
            serve,
        };
        let shared = Arc::new(SimState::new(address, setup, settings));
        let sim = Sim {
            worlds: Arc::new(Worlds::new(Arc::clone(&shared), start)),
            shared,
            stop: watch::Sender::new(()),
        };
        sim.serve_router(listener, false);
        if let Some(polls) = polls {
            sim.serve_on(polls, routes::polls(Arc::clone(&sim.shared)), false);
        }
        Ok(sim)
    }
}
