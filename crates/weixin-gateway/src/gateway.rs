//! The gateway: from its configuration to a router that serves.

use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};

use axum::Router;
use thiserror::Error;
use tokio::{net::TcpListener, time::timeout};
use weixin::clock::{Clock, SystemClock};

use crate::{
    backchannel::BackChannel,
    config::{Config, StoreConfig},
    error_text::causes,
    http::{STOP_TIMEOUT, Server, Shared},
    oidc::path,
    outbound::Outbound,
    reload::{ReloadError, Reloaded},
    start_error::StartError,
    state::Live,
    store::{Migrate, OpenError, Store, StoreState, backup, inspect},
    time::{NO_RESPONSE, REFRESH, TURN},
};

/// How long a node that ends tries to tell the others.
const LEAVE_TIMEOUT: Duration = Duration::from_secs(5);

/// An OpenID Provider whose users log in with WeChat. A copy is the same gateway.
#[derive(Clone, Debug)]
pub struct Gateway {
    live: Arc<Live>,
    listen: SocketAddr,
    backchannel: Arc<BackChannel>,
    /// Held from the read of a configuration until it is taken over: else an older one could replace it.
    pub(crate) loading: Arc<tokio::sync::Mutex<()>>,
}

/// The options of a [`Gateway`] that are no configuration.
#[derive(Debug)]
#[must_use = "call `open`"]
pub struct GatewayBuilder {
    config: Config,
    clock: Arc<dyn Clock>,
    store: Option<Store>,
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
            store: None,
        }
    }

    /// The endpoints, for an axum program of your own: as the fallback of its router, since a [reload](Self::reload) can add
    /// issuers with other paths. Run [`maintain`](Self::maintain) beside it.
    pub fn router(&self) -> Router {
        self.live.router()
    }

    /// The address of `[server] listen`.
    pub const fn listen(&self) -> SocketAddr {
        self.listen
    }

    /// Serves until `stop` resolves. `/readyz` fails from then on, connections are accepted for the `stop_delay` of the
    /// configuration, and requests that run then have 20 seconds to end.
    ///
    /// # Errors
    ///
    /// [`ServeError`] if no write can succeed any more: the process must end.
    pub async fn serve(
        self,
        listener: TcpListener,
        stop: impl Future<Output = ()> + Send,
    ) -> Result<(), ServeError> {
        self.announce();
        let live = Arc::clone(&self.live);
        let server = Server::new(self.router(), move || live.shared());
        let stop = async {
            stop.await;
            let (shared, delay) = (self.shared(), self.live.stop_delay());
            shared.readiness.stop();
            tracing::info!(
                stop_delay_seconds = delay.as_secs(),
                running_requests_seconds = STOP_TIMEOUT.as_secs(),
                "stopping: connections are accepted for the stop_delay, then running requests have time to end"
            );
            shared.clock.sleep(delay).await;
        };
        let outcome = tokio::select! {
            () = server.run(listener, stop) => Ok(()),
            () = self.maintain() => Err(ServeError(())),
        };
        self.close().await;
        tracing::info!("the gateway has stopped");
        outcome
    }

    /// Logs what clients are configured with.
    fn announce(&self) {
        for provider in &*self.live.providers() {
            let issuer = &provider.issuer;
            let discovery_url = issuer.endpoint(path::CONFIGURATION);
            tracing::info!(issuer = issuer.as_str(), discovery_url, "serving an issuer");
        }
    }

    /// Removes what has expired, each minute, [refreshes](Self::refresh) keys and clients, each five seconds, and tells
    /// clients of logouts. Returns when no write can succeed any more.
    pub async fn maintain(&self) {
        let shared = self.shared();
        let (store, clock) = (shared.store.clone(), Arc::clone(&shared.clock));
        let readiness = Arc::clone(&shared.readiness);
        drop(shared);
        let is_time_known = || readiness.clocks().knows_the_time();
        tokio::select! {
            () = store.maintain(&*clock, &is_time_known) => {},
            () = self.live.maintain_limit() => {},
            () = self.keep_fresh(&*clock) => {},
            () = readiness.clocks().compare_clocks(&store) => {},
            () = self.backchannel.run() => {},
            () = store.stopped() => {},
        }
    }

    async fn keep_fresh(&self, clock: &dyn Clock) {
        loop {
            clock.sleep(REFRESH).await;
            let error = match timeout(TURN, self.refresh()).await {
                Ok(Ok(())) => continue,
                Ok(Err(error)) => causes(&error),
                Err(_) => {
                    self.shared().readiness.set_refreshed(false);
                    NO_RESPONSE.to_owned()
                }
            };
            tracing::error!(error, "keys and clients cannot be read again");
        }
    }

    /// Makes the signing keys that are due, and takes over what other nodes and commands have changed in the store. Records
    /// the metrics that are levels, such as the writes that wait.
    ///
    /// # Errors
    ///
    /// [`StartError`] if the store fails, or has a signing key that the key file does not decrypt. The gateway goes on with
    /// what it has.
    pub async fn refresh(&self) -> Result<(), StartError> {
        let refreshed = self.live.refresh().await;
        let has_keys = !matches!(&refreshed, Err(error) if error.is_of_keys());
        let shared = self.shared();
        shared.readiness.set_refreshed(refreshed.is_ok());
        shared.readiness.set_keys(has_keys);
        match &refreshed {
            Ok(()) => shared.readiness.set_key_file(true),
            Err(error) if error.key_file().is_some() => shared.readiness.set_key_file(false),
            Err(_) => {}
        }
        shared.store.levels().await?.record();
        refreshed
    }

    /// Serves with another configuration from now on. Requests that run end with the one before.
    ///
    /// # Errors
    ///
    /// [`ReloadError`] if it cannot be used. Nothing is changed then.
    pub async fn reload(&self, config: Config) -> Result<Reloaded, ReloadError> {
        Ok(self.live.reload(config).await?)
    }

    /// The configuration in use.
    pub(crate) fn config(&self) -> Arc<Config> {
        self.live.config()
    }

    pub(crate) fn shared(&self) -> Arc<Shared> {
        self.live.shared()
    }

    /// Runs the writes that wait, and lets the next gateway open the store.
    pub async fn close(&self) {
        if timeout(LEAVE_TIMEOUT, self.live.leave()).await.is_err() {
            tracing::warn!("{NO_RESPONSE}: the other nodes notice the end of this one later");
        }
        self.shared().store.close().await;
    }

    /// The state of the store, which is not changed. A gateway may be running.
    ///
    /// # Errors
    ///
    /// [`StartError`] if a gateway would not start with this store, except that another one may be running.
    pub async fn inspect(config: &Config) -> Result<StoreState, StartError> {
        let state = inspect::inspect(config.store.expose_url()).await?;
        if state != StoreState::Current && !config.store.migrate {
            return Err(OpenError::Outdated.into());
        }
        Ok(state)
    }

    /// Creates or updates the tables, also if the configuration says `migrate = false`.
    ///
    /// # Errors
    ///
    /// [`StartError`] if the store cannot be opened. A file of SQLite must not be in use.
    pub async fn migrate(config: &Config) -> Result<(), StartError> {
        let store = Store::open(config.store.expose_url()).await?;
        store.close().await;
        Ok(())
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

    /// Serves from the store of another gateway of this process, as a second node does, for tests.
    pub fn store_of(mut self, gateway: &Gateway) -> Self {
        self.store = Some(gateway.shared().store.clone());
        self
    }

    /// Opens the gateway.
    ///
    /// # Errors
    ///
    /// As [`Gateway::open`].
    pub async fn open(self) -> Result<Gateway, StartError> {
        let Self {
            config,
            clock,
            store,
        } = self;
        let store = match store {
            Some(store) => store,
            None => open_store(&config.store).await?,
        };
        let listen = config.server.listen;
        match Live::open(config, store.clone(), clock).await {
            Ok(live) => {
                let live = Arc::new(live);
                let backchannel = BackChannel::new(Arc::clone(&live), Outbound::new()?);
                Ok(Gateway {
                    live,
                    backchannel: Arc::new(backchannel),
                    listen,
                    loading: Arc::default(),
                })
            }
            Err(error) => {
                store.close().await;
                Err(error)
            }
        }
    }
}

async fn open_store(config: &StoreConfig) -> Result<Store, StartError> {
    if config.is_unverified() {
        tracing::warn!(
            "the connection to PostgreSQL can be intercepted: add sslmode=verify-full to store.url, and sslrootcert if its certificate is of an authority of your own"
        );
    }
    let migrate = Migrate::if_allowed(config.migrate);
    Ok(Store::open_with(config.expose_url(), migrate).await?)
}

/// The gateway has stopped, since no write can succeed any more.
#[derive(Debug, Error)]
#[error("the store has stopped: no write can succeed any more")]
pub struct ServeError(());
