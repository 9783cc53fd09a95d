//! The gateway: from its configuration to a router that serves.

use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};

use axum::Router;
use thiserror::Error;
use tokio::net::TcpListener;
use weixin::clock::{Clock, SystemClock};

use crate::{
    config::{Config, StoreConfig},
    http::{Server, Shared},
    keys::KeyError,
    state::Live,
    store::{OpenError, Store, StoreError, StoreState, backup, inspect},
};

/// How often keys are read again: those that other nodes and commands have made or removed.
const REFRESH: Duration = Duration::from_secs(5);

/// An OpenID Provider whose users log in with WeChat.
#[derive(Debug)]
pub struct Gateway {
    live: Arc<Live>,
    listen: SocketAddr,
}

/// The options of a [`Gateway`] that are no configuration.
#[derive(Debug)]
#[must_use = "call `open`"]
pub struct GatewayBuilder {
    config: Config,
    clock: Arc<dyn Clock>,
}

impl Gateway {
    /// Opens the store, creates or updates its tables, and makes the signing keys that are missing.
    ///
    /// # Errors
    ///
    /// [`StartError`] if the store cannot be opened, is in use, or has a signing key that the key file does not decrypt.
    pub async fn open(config: Config) -> Result<Self, StartError> {
        Self::builder(config).open().await
    }

    /// A gateway with options.
    pub fn builder(config: Config) -> GatewayBuilder {
        GatewayBuilder {
            config,
            clock: Arc::new(SystemClock),
        }
    }

    /// The endpoints, for an axum program of your own. Run [`maintain`](Self::maintain) beside it.
    pub fn router(&self) -> Router {
        self.live.router()
    }

    /// The address of `[server] listen`.
    pub const fn listen(&self) -> SocketAddr {
        self.listen
    }

    /// Serves until `stop` resolves; requests that run then have 20 seconds to end.
    ///
    /// # Errors
    ///
    /// [`ServeError`] if no write can succeed any more: the process must end.
    pub async fn serve(
        self,
        listener: TcpListener,
        stop: impl Future<Output = ()> + Send,
    ) -> Result<(), ServeError> {
        let server = Server::new(self.router());
        let outcome = tokio::select! {
            () = server.run(listener, stop) => Ok(()),
            () = self.maintain() => Err(ServeError(())),
        };
        self.close().await;
        outcome
    }

    /// Removes what has expired, each minute, and [refreshes](Self::refresh) the keys, each five seconds. Returns when no
    /// write can succeed any more.
    pub async fn maintain(&self) {
        let shared = self.shared();
        tokio::select! {
            () = shared.store.maintain(&*shared.clock) => {},
            () = shared.rate_limit.maintain() => {},
            () = self.keep_fresh(&*shared.clock) => {},
            () = shared.store.stopped() => {},
        }
    }

    async fn keep_fresh(&self, clock: &dyn Clock) {
        loop {
            clock.sleep(REFRESH).await;
            if let Err(error) = self.refresh().await {
                let error = &error as &dyn std::error::Error;
                tracing::error!(error, "the signing keys cannot be read again");
            }
        }
    }

    /// Makes the signing keys that are due, and takes over what other nodes and commands have changed in the store. Records
    /// the metrics that are levels, such as the writes that wait.
    ///
    /// # Errors
    ///
    /// [`StartError`] if the store fails, or has a signing key that the key file does not decrypt. The gateway goes on with
    /// the keys that it has.
    pub async fn refresh(&self) -> Result<(), StartError> {
        self.shared().store.levels().await?.record();
        self.live.refresh().await
    }

    fn shared(&self) -> Arc<Shared> {
        self.live.shared()
    }

    /// Runs the writes that wait, and lets the next gateway open the store.
    pub async fn close(&self) {
        self.shared().store.close().await;
    }

    /// The state of the store, which is not changed. A gateway may be running.
    ///
    /// # Errors
    ///
    /// [`StartError`] if a gateway would not start with this store, except that another one may be running.
    pub async fn inspect(config: &Config) -> Result<StoreState, StartError> {
        let url = config.store.expose_url();
        inspect::inspect(url).await.map_err(StartError::from)
    }

    /// Copies the store to a new file, consistent while a gateway writes to it. Copying SQLite's file itself would lose what
    /// is in its log.
    ///
    /// # Errors
    ///
    /// [`StartError`] if there is no store, or already a file of that name.
    pub async fn backup(config: &Config, to: &Path) -> Result<(), StartError> {
        let url = config.store.expose_url();
        backup::backup(url, to).await.map_err(StartError::from)
    }
}

impl GatewayBuilder {
    /// Takes the time from another clock, for tests.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Opens the gateway.
    ///
    /// # Errors
    ///
    /// As [`Gateway::open`].
    pub async fn open(self) -> Result<Gateway, StartError> {
        let Self { config, clock } = self;
        let store = open_store(&config.store).await?;
        let listen = config.server.listen;
        match Live::open(config, store.clone(), clock).await {
            Ok(live) => Ok(Gateway {
                live: Arc::new(live),
                listen,
            }),
            Err(error) => {
                store.close().await;
                Err(error)
            }
        }
    }
}

async fn open_store(config: &StoreConfig) -> Result<Store, StartError> {
    Ok(Store::open(config.expose_url()).await?)
}

/// A gateway cannot start.
#[derive(Debug, Error)]
#[error(transparent)]
pub struct StartError(Reason);

#[derive(Debug, Error)]
enum Reason {
    #[error(transparent)]
    Keys(#[from] KeyError),
    #[error(transparent)]
    Login(#[from] weixin_axum::ConfigError),
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error("the callback URL of an issuer or the secret of an app is invalid")]
    Parse(#[from] weixin::error::ParseError),
    #[error("the HTTP client cannot be made")]
    Https(#[from] weixin::transport::TransportError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl<E: Into<Reason>> From<E> for StartError {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

/// The gateway has stopped, since no write can succeed any more.
#[derive(Debug, Error)]
#[error("the store has stopped: no write can succeed any more")]
pub struct ServeError(());
