//! The gateway: from its configuration to a router that serves.

use std::{collections::BTreeMap, net::SocketAddr, path::Path, sync::Arc};

use axum::Router;
use thiserror::Error;
use tokio::net::TcpListener;
use weixin::{
    clock::{Clock, SystemClock},
    transport::Https,
};
use weixin_axum::WebLogin;

use crate::{
    audit::{Event, EventKind},
    backchannel::BackChannel,
    config::{App, Config, IssuerConfig, StoreConfig},
    http::{self, CALLBACK, ClientAddresses, Provider, RateLimit, Server, SessionCookie, Shared},
    keys::{KeyError, KeySet, SigningKey},
    master_key::MasterKeys,
    oidc::{Algorithm, Client, ProviderMetadata, Timestamp},
    outbound::{Outbound, OutboundError},
    store::{OpenError, Store, StoreError, StoreState, backup, inspect},
};

/// An OpenID Provider whose users log in with WeChat.
#[derive(Debug)]
pub struct Gateway {
    router: Router,
    listen: SocketAddr,
    shared: Arc<Shared>,
    backchannel: BackChannel,
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
        self.router.clone()
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

    /// Removes what has expired, each minute, and tells clients of logouts. Returns when no write can succeed any more.
    pub async fn maintain(&self) {
        let store = &self.shared.store;
        tokio::select! {
            () = store.maintain(&*self.shared.clock) => {},
            () = self.shared.rate_limit.maintain() => {},
            () = self.backchannel.run() => {},
            () = store.stopped() => {},
        }
    }

    /// Runs the writes that wait, and lets the next gateway open the store.
    pub async fn close(&self) {
        self.shared.store.close().await;
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
        let algorithms = algorithms(config.clients.iter());
        let master = config.server.keys;
        let now = Timestamp::from(clock.now());
        let keys = match open_keys(&store, &master, &algorithms, now).await {
            Ok(keys) => keys,
            Err(error) => {
                store.close().await;
                return Err(error);
            }
        };
        let shared = Arc::new(Shared {
            store,
            clients: config.clients,
            keys,
            master,
            lifetimes: config.lifetimes,
            limits: config.limits,
            addresses: ClientAddresses::new(config.server.trusted_proxies),
            rate_limit: RateLimit::new(config.limits.logins_per_minute, Arc::clone(&clock)),
            clock,
        });
        let https = Https::new().map_err(StartError::from)?;
        let provider = |it: IssuerConfig| provider(it, &config.apps, &https, &shared);
        let providers = config.issuers.into_iter().map(provider);
        let providers = providers.collect::<Result<Vec<_>, _>>()?;
        Ok(Gateway {
            router: http::router(&providers, &shared),
            listen: config.server.listen,
            backchannel: BackChannel::new(Arc::clone(&shared), providers, Outbound::new()?),
            shared,
        })
    }
}

async fn open_store(config: &StoreConfig) -> Result<Store, StartError> {
    Ok(Store::open(config.expose_url()).await?)
}

/// The algorithms by which tokens are signed for these clients.
fn algorithms<'a>(clients: impl Iterator<Item = &'a Client>) -> Vec<Algorithm> {
    clients.map(|client| client.algorithm).collect()
}

/// The keys of the store. Those that are missing are made; of several nodes that start, one makes them.
async fn open_keys(
    store: &Store,
    master: &MasterKeys,
    needed: &[Algorithm],
    now: Timestamp,
) -> Result<KeySet, StartError> {
    let keys = KeySet::open(&store.keys().await?, master)?;
    let missing = keys.missing(needed);
    if missing.is_empty() {
        return Ok(keys);
    }
    for algorithm in missing {
        let made = tokio::task::spawn_blocking(move || SigningKey::generate(algorithm)).await;
        let key = made.unwrap_or(Err(KeyError::Generate))?;
        if store.insert_first_key(key.seal(master, now)?).await? {
            let detail = Some(key.kid().to_string());
            let event = Event::new(now, EventKind::KeyCreated);
            store.record(Event { detail, ..event }).await?;
        }
    }
    Ok(KeySet::open(&store.keys().await?, master)?)
}

fn provider(
    config: IssuerConfig,
    apps: &BTreeMap<String, App>,
    https: &Https,
    shared: &Arc<Shared>,
) -> Result<Arc<Provider>, StartError> {
    let IssuerConfig {
        issuer,
        apps: names,
    } = config;
    let redirect_uri = issuer.endpoint(CALLBACK).parse();
    let mut login = WebLogin::builder(redirect_uri.map_err(StartError::from)?);
    login = login.clock(Arc::clone(&shared.clock));
    for app in names.iter().filter_map(|name| apps.get(name)) {
        login = match app.build(https, Arc::clone(&shared.clock))? {
            weixin::app::App::Website(app) => login.website(app),
            weixin::app::App::OfficialAccount(app) => login.official_account(app),
            _ => login,
        };
    }
    let is_own = |client: &&Client| client.issuer == issuer.id();
    let algorithms = algorithms(shared.clients.iter().filter(is_own));
    let metadata = ProviderMetadata::new(&issuer, &algorithms);
    // Texts always serialize.
    let metadata = serde_json::to_string(&metadata).unwrap_or_default();
    Ok(Arc::new(Provider {
        web_login: login.build().map_err(StartError::from)?,
        cookie: SessionCookie::new(&issuer),
        metadata,
        issuer,
        shared: Arc::clone(shared),
    }))
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
    Outbound(#[from] OutboundError),
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
