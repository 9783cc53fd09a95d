//! What requests are served with. It is replaced as a whole, so that each request sees one state: one configuration, the
//! clients and the keys of one moment.

use std::{collections::BTreeSet, sync::Arc};

use arc_swap::ArcSwap;
use axum::{Router, extract::Request};
use tower::ServiceExt;
use weixin::{AppId, clock::Clock, transport::Https};
use weixin_axum::WebLogin;

use crate::{
    config::{Config, IssuerConfig},
    gateway::StartError,
    http::{self, CALLBACK, ClientAddresses, Provider, RateLimit, SessionCookie, Shared},
    keys::KeySet,
    oidc::{Algorithm, Client, Clients, ProviderMetadata, Timestamp},
    rotation,
    store::{Store, identities::UnionIds},
    telemetry,
};

/// The state of a gateway, and how it is replaced.
#[derive(Debug)]
pub(crate) struct Live {
    current: ArcSwap<State>,
    /// One replacement at a time: each begins with the state that the one before has left.
    replacement: tokio::sync::Mutex<()>,
}

/// The state at one moment.
#[derive(Debug)]
struct State {
    parts: Parts,
    shared: Arc<Shared>,
    router: Router,
}

/// What a state is made of. A change takes the parts of the state before and replaces some: what it does not name, stays.
#[derive(Clone, Debug)]
struct Parts {
    store: Store,
    clock: Arc<dyn Clock>,
    config: Arc<Config>,
    /// One for each issuer of the configuration. They remember the callbacks that were there.
    logins: Arc<[WebLogin]>,
    rate_limit: Arc<RateLimit>,
    keys: KeySet,
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
        telemetry::config_loaded(config.hash, clock.now());
        let now = Timestamp::from(clock.now());
        let clients = config.clients.clone();
        let master = &config.server.keys;
        let rows = rotation::rotate(&store, master, &algorithms(&clients), now).await?;
        let parts = Parts {
            keys: KeySet::open(&rows, master, now)?,
            logins: logins(&config, &clock)?,
            rate_limit: rate_limit(&config, &clock),
            config: Arc::new(config),
            clients,
            store,
            clock,
        };
        Ok(Self {
            current: ArcSwap::from_pointee(State::of(parts)),
            replacement: tokio::sync::Mutex::default(),
        })
    }

    /// What the endpoints share at this moment.
    pub(crate) fn shared(&self) -> Arc<Shared> {
        Arc::clone(&self.current.load().shared)
    }

    /// A router whose requests each get the state of their beginning.
    pub(crate) fn router(self: &Arc<Self>) -> Router {
        let live = Arc::clone(self);
        Router::new().fallback(move |request: Request| {
            let router = live.current.load().router.clone();
            router.oneshot(request)
        })
    }

    /// Makes the keys that are due, and takes over those that other nodes and commands have made or removed.
    pub(crate) async fn refresh(&self) -> Result<(), StartError> {
        let _only = self.replacement.lock().await;
        let parts = &self.current.load_full().parts;
        let (master, now) = (
            &parts.config.server.keys,
            Timestamp::from(parts.clock.now()),
        );
        let needed = algorithms(&parts.clients);
        let rows = rotation::rotate(&parts.store, master, &needed, now).await?;
        if parts.keys.is_current(&rows, now) {
            return Ok(());
        }
        let keys = KeySet::open(&rows, master, now)?;
        tracing::info!(?keys, "signing keys have changed");
        self.replace(Parts {
            keys,
            ..parts.clone()
        });
        Ok(())
    }

    fn replace(&self, parts: Parts) {
        self.current.store(Arc::new(State::of(parts)));
    }
}

impl State {
    fn of(parts: Parts) -> Self {
        let config = &parts.config;
        let shared = Arc::new(Shared {
            store: parts.store.clone(),
            clients: parts.clients.clone(),
            keys: parts.keys.clone(),
            master: Arc::clone(&config.server.keys),
            lifetimes: config.lifetimes,
            limits: config.limits,
            addresses: ClientAddresses::new(config.server.trusted_proxies.clone()),
            rate_limit: Arc::clone(&parts.rate_limit),
            moved_apps: moved_apps(config),
            clock: Arc::clone(&parts.clock),
        });
        let issuers = config.issuers.iter().zip(&*parts.logins);
        let providers = issuers.map(|(issuer, login)| provider(issuer, login, &shared));
        let router = http::router(&providers.collect::<Vec<_>>(), &shared);
        Self {
            parts,
            shared,
            router,
        }
    }
}

/// The algorithms by which tokens are signed for these clients.
fn algorithms(clients: &Clients) -> Vec<Algorithm> {
    clients.iter().map(|client| client.algorithm).collect()
}

/// The apps whose users take new UnionIDs.
fn moved_apps(config: &Config) -> BTreeSet<AppId> {
    let apps = config.apps.values();
    let moved = apps.filter(|app| app.unionids == UnionIds::Replace);
    moved.map(|app| app.id.clone()).collect()
}

fn rate_limit(config: &Config, clock: &Arc<dyn Clock>) -> Arc<RateLimit> {
    Arc::new(RateLimit::new(&config.limits, Arc::clone(clock)))
}

fn logins(config: &Config, clock: &Arc<dyn Clock>) -> Result<Arc<[WebLogin]>, StartError> {
    let https = Https::new()?;
    let issuers = config.issuers.iter();
    let login = |issuer| login(config, issuer, &https, clock);
    issuers.map(login).collect()
}

/// How the users of an issuer log in with WeChat.
fn login(
    config: &Config,
    issuer: &IssuerConfig,
    https: &Https,
    clock: &Arc<dyn Clock>,
) -> Result<WebLogin, StartError> {
    let IssuerConfig { issuer, apps } = issuer;
    let mut login = WebLogin::builder(issuer.endpoint(CALLBACK).parse()?);
    login = login.clock(Arc::clone(clock));
    for app in apps.iter().filter_map(|name| config.apps.get(name)) {
        login = match app.build(https, Arc::clone(clock))? {
            weixin::app::App::Website(app) => login.website(app),
            weixin::app::App::OfficialAccount(app) => login.official_account(app),
            _ => login,
        };
    }
    Ok(login.build()?)
}

fn provider(config: &IssuerConfig, login: &WebLogin, shared: &Arc<Shared>) -> Arc<Provider> {
    let issuer = config.issuer.clone();
    let is_own = |client: &&Client| client.issuer == issuer.id();
    let clients = shared.clients.iter().filter(is_own);
    let algorithms: Vec<_> = clients.map(|client| client.algorithm).collect();
    let metadata = ProviderMetadata::new(&issuer, &algorithms);
    // Texts always serialize.
    let metadata = serde_json::to_string(&metadata).unwrap_or_default();
    Arc::new(Provider {
        web_login: login.clone(),
        cookie: SessionCookie::new(&issuer),
        metadata,
        issuer,
        shared: Arc::clone(shared),
    })
}
