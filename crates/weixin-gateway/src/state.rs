//! What requests are served with. It is replaced as a whole, so that each request sees one state: one configuration, the
//! clients and the keys of one moment.

use std::{sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use axum::{Router, extract::Request};
use tokio::sync::{Mutex, Notify};
use tower::ServiceExt;
use weixin::clock::Clock;
use weixin_axum::WebLogin;

use crate::{
    clients,
    config::{Config, IssuerConfig},
    http::{self, ClientAddresses, Provider, RateLimit, SessionCookie, Shared},
    key_file,
    keys::KeySet,
    oidc::{Algorithm, Client, Clients, ProviderMetadata, Timestamp},
    readiness::Readiness,
    reload::{Fixed, Reloaded},
    rotation::{self, Due},
    shared_clock::SharedClock,
    start_error::StartError,
    store::{Store, StoreError, StoredClient},
    telemetry,
    web_login::{self, WebLogins},
};

/// The state of a gateway, and how it is replaced.
#[derive(Debug)]
pub(crate) struct Live {
    current: ArcSwap<State>,
    replaced: Notify,
    fixed: Fixed,
    /// The name of this process among the nodes.
    node: String,
    /// One replacement at a time: each begins with the state that the one before has left.
    replacement: Mutex<()>,
}

/// The state at one moment.
#[derive(Debug)]
struct State {
    parts: Parts,
    shared: Arc<Shared>,
    providers: Arc<[Arc<Provider>]>,
    router: Router,
}

/// What a state is made of. A change takes the parts of the state before and replaces some: what it does not name, stays.
#[derive(Clone, Debug)]
struct Parts {
    store: Store,
    clock: Arc<dyn Clock>,
    readiness: Arc<Readiness>,
    config: Arc<Config>,
    /// One for each issuer of the configuration. They remember the callbacks that were there.
    logins: WebLogins,
    rate_limit: Arc<RateLimit>,
    keys: KeySet,
    stored: Arc<[StoredClient]>,
    /// Those of the file and of the store.
    clients: Clients,
}

impl Live {
    /// The first state.
    pub(crate) async fn open(
        config: Config,
        store: Store,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, StartError> {
        telemetry::describe_metrics();
        telemetry::begin();
        let readiness = Arc::new(Readiness::new(clock));
        readiness.clocks().compare_clock(&store).await?;
        readiness.clocks().warn_of_difference();
        let clock: Arc<dyn Clock> = Arc::new(SharedClock::new(Arc::clone(&readiness)));
        telemetry::config_loaded(config.hash, clock.now());
        let now = Timestamp::from(clock.now());
        let due = Due::at(now, readiness.clocks().knows_the_time());
        let stored: Arc<[_]> = store.clients().await?.into();
        let clients = clients::all(&config, &stored);
        let needed = algorithms(&clients);
        let node = key_file::node().map_err(StoreError::from)?;
        let keys = rotation::begin_keys(&store, &config.server, &node, &needed, due).await?;
        readiness.set_time_of_keys(due.is_known());
        let parts = Parts {
            keys,
            logins: web_login::all(&config, &clock, None)?,
            rate_limit: rate_limit(&config, &clock),
            config: Arc::new(config),
            stored,
            clients,
            store,
            clock,
            readiness,
        };
        Ok(Self {
            fixed: Fixed::of(&parts.config),
            node,
            current: ArcSwap::from_pointee(State::of(parts)),
            replaced: Notify::new(),
            replacement: Mutex::default(),
        })
    }

    /// The issuers at this moment.
    pub(crate) fn providers(&self) -> Arc<[Arc<Provider>]> {
        Arc::clone(&self.current.load().providers)
    }

    /// What the endpoints share at this moment.
    pub(crate) fn shared(&self) -> Arc<Shared> {
        Arc::clone(&self.current.load().shared)
    }

    /// How long connections are still accepted while the gateway stops.
    pub(crate) fn stop_delay(&self) -> Duration {
        self.current.load().parts.config.server.stop_delay
    }

    /// The configuration in use.
    pub(crate) fn config(&self) -> Arc<Config> {
        Arc::clone(&self.current.load().parts.config)
    }

    /// A router whose requests each get the state of their beginning.
    pub(crate) fn router(self: &Arc<Self>) -> Router {
        let live = Arc::clone(self);
        Router::new().fallback(move |request: Request| {
            let router = live.current.load().router.clone();
            router.oneshot(request)
        })
    }

    /// Makes the keys that are due, and takes over the keys and clients that other nodes and commands have changed.
    pub(crate) async fn refresh(&self) -> Result<(), StartError> {
        let _only = self.replacement.lock().await;
        let mut parts = self.current.load_full().parts.clone();
        let now = Timestamp::from(parts.clock.now());
        let due = Due::at(now, parts.readiness.clocks().knows_the_time());
        let stored = parts.store.clients().await?;
        let has_same_clients = *stored == *parts.stored;
        if !has_same_clients {
            parts.clients = clients::all(&parts.config, &stored);
            parts.stored = stored.into();
        }
        let (master, needed) = (&parts.config.server.keys, algorithms(&parts.clients));
        let rows = rotation::rotate(&parts.store, master, &needed, due).await?;
        // By a wrong time, keys would be missing.
        let has_same_keys = !due.is_known() || parts.keys.is_current(&rows, now);
        if !has_same_keys {
            parts.keys = rotation::open_keys(&rows, &parts.config.server, now)?;
        }
        if !(has_same_clients && has_same_keys) {
            let (keys, stored_clients) = (parts.keys.to_string(), parts.stored.len());
            self.replace(parts.clone());
            tracing::info!(keys, stored_clients, "read again");
        }
        parts.readiness.confirm_time_of_keys(due.is_known());
        Ok(key_file::compare(&parts.store, &parts.config.server, &self.node, now).await?)
    }

    /// Takes over a configuration. Nothing is changed by one that cannot be used.
    pub(crate) async fn reload(&self, config: Config) -> Result<Reloaded, StartError> {
        let _only = self.replacement.lock().await;
        let parts = &self.current.load_full().parts;
        let now = Timestamp::from(parts.clock.now());
        let due = Due::at(now, parts.readiness.clocks().knows_the_time());
        let stored: Arc<[_]> = parts.store.clients().await?.into();
        let clients = clients::all(&config, &stored);
        let needed = algorithms(&clients);
        let old = &parts.config;
        let logins = web_login::all(&config, &parts.clock, Some((old, &parts.logins)))?;
        let keys =
            rotation::begin_keys(&parts.store, &config.server, &self.node, &needed, due).await?;
        let reloaded = self.fixed.compare(&config);
        telemetry::config_loaded(config.hash, parts.clock.now());
        logins.set_keys(&config.server.keys);
        self.replace(Parts {
            keys,
            rate_limit: if old.limits == config.limits {
                Arc::clone(&parts.rate_limit)
            } else {
                rate_limit(&config, &parts.clock)
            },
            config: Arc::new(config),
            logins,
            stored,
            clients,
            store: parts.store.clone(),
            clock: Arc::clone(&parts.clock),
            readiness: Arc::clone(&parts.readiness),
        });
        parts.readiness.set_time_of_keys(due.is_known());
        Ok(reloaded)
    }

    /// Tells the other nodes that this one has ended. They notice a node that does not within 30 seconds.
    pub(crate) async fn leave(&self) {
        let _only = self.replacement.lock().await;
        let parts = &self.current.load_full().parts;
        let now = Timestamp::from(parts.clock.now());
        key_file::leave(&parts.store, &self.node, now).await;
    }

    /// Removes idle addresses from the limit of the present state.
    pub(crate) async fn maintain_limit(&self) {
        loop {
            let replaced = self.replaced.notified();
            let shared = self.shared();
            tokio::select! {
                () = shared.rate_limit.maintain() => {},
                () = replaced => {},
            }
        }
    }

    fn replace(&self, parts: Parts) {
        self.current.store(Arc::new(State::of(parts)));
        self.replaced.notify_waiters();
    }
}

impl State {
    fn of(parts: Parts) -> Self {
        let config = &parts.config;
        begin_metrics(config, &parts.clients);
        let shared = Arc::new(Shared {
            store: parts.store.clone(),
            clients: parts.clients.clone(),
            keys: parts.keys.clone(),
            master: Arc::clone(&config.server.keys),
            lifetimes: config.lifetimes,
            limits: config.limits,
            addresses: ClientAddresses::new(config.server.trusted_proxies.clone()),
            rate_limit: Arc::clone(&parts.rate_limit),
            readiness: Arc::clone(&parts.readiness),
            moved_apps: config.moved_apps(),
            clock: Arc::clone(&parts.clock),
        });
        let issuers = config.issuers.iter().zip(parts.logins.iter());
        let providers = issuers.map(|(issuer, login)| provider(config, issuer, login, &shared));
        let providers: Arc<[_]> = providers.collect();
        let router = http::router(&providers, &shared);
        Self {
            parts,
            shared,
            providers,
            router,
        }
    }
}

/// Begins the counters of each client.
fn begin_metrics(config: &Config, clients: &Clients) {
    for client in clients.iter() {
        let issuer = config.issuers.iter();
        let issuer = issuer.filter(|it| it.issuer.id() == client.issuer);
        let apps = issuer.flat_map(|it| &it.apps);
        let apps = apps.filter_map(|name| config.apps.get(name));
        telemetry::begin_client(client.id.as_str(), apps.map(|app| app.id.as_str()));
    }
}

/// The algorithms by which tokens are signed for these clients.
fn algorithms(clients: &Clients) -> Vec<Algorithm> {
    clients.iter().map(|client| client.algorithm).collect()
}

fn rate_limit(config: &Config, clock: &Arc<dyn Clock>) -> Arc<RateLimit> {
    Arc::new(RateLimit::new(&config.limits, Arc::clone(clock)))
}

fn provider(
    config: &Config,
    of: &IssuerConfig,
    login: &WebLogin,
    shared: &Arc<Shared>,
) -> Arc<Provider> {
    let issuer = of.issuer.clone();
    let is_own = |client: &&Client| client.issuer == issuer.id();
    let clients = shared.clients.iter().filter(is_own);
    let algorithms: Vec<_> = clients.map(|client| client.algorithm).collect();
    let metadata = ProviderMetadata::new(&issuer, &algorithms);
    // Texts always serialize.
    let metadata = serde_json::to_string(&metadata).unwrap_or_default();
    Arc::new(Provider {
        web_login: login.clone(),
        app_names: config.app_names(of),
        cookie: SessionCookie::new(&issuer),
        metadata,
        issuer,
        shared: Arc::clone(shared),
    })
}
