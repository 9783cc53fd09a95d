//! What a configuration means for those who register its callbacks with WeChat and set up its clients: for
//! `weixin gateway check`.

#[cfg(feature = "redis")]
use std::sync::Arc;
use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
};

use serde_json::{Map, Value};
use weixin::{AppId, app::App, clock::SystemClock, transport::Https};

#[cfg(feature = "redis")]
use crate::shared_logins::SharedLogins;
use crate::{
    config::{Config, Network},
    http::CALLBACK,
    oidc::{ClaimSource, Client, ClientAuth, Issuer, Profile, Subject, UserId, WechatIds, path},
    start_error::StartError,
};

/// How requests reach the gateway.
#[derive(Debug)]
#[non_exhaustive]
pub struct ServerOverview {
    /// The address on which it listens.
    pub listen: SocketAddr,
    /// The address on which metrics are served, if they are.
    pub metrics_listen: Option<SocketAddr>,
    /// The senders whose `X-Forwarded-For` counts: addresses and networks.
    pub trusted_proxies: Vec<String>,
    networks: Vec<Network>,
}

impl ServerOverview {
    /// Whether `X-Forwarded-For` of this sender counts.
    pub fn trusts(&self, sender: IpAddr) -> bool {
        self.networks.iter().any(|network| network.contains(sender))
    }

    /// Whether that of programs of this machine counts, and of no others.
    pub fn trusts_only_this_machine(&self) -> bool {
        !self.networks.is_empty() && self.networks.iter().all(Network::is_loopback)
    }

    /// Whether that of every sender counts.
    pub fn trusts_everyone(&self) -> bool {
        self.networks.iter().any(Network::is_everyone)
    }
}

/// An issuer, as its clients and WeChat see it.
#[derive(Debug)]
#[non_exhaustive]
pub struct IssuerOverview {
    /// The URL that clients are configured with.
    pub url: String,
    /// The URL of its metadata, for clients that do not derive it from the issuer.
    pub discovery_url: String,
    /// The URL to which WeChat sends browsers back.
    pub wechat_redirect_uri: String,
    /// Its apps.
    pub apps: Vec<AppOverview>,
}

/// An app of an issuer, ready to ask WeChat.
#[derive(Debug)]
#[non_exhaustive]
pub struct AppOverview {
    /// The name of its table.
    pub name: String,
    /// The app as the SDK calls it.
    pub app: App,
    /// The simulator in place of WeChat.
    pub endpoint: Option<String>,
    /// Whether its secret begins as an app ID does.
    pub has_app_id_as_secret: bool,
}

/// A client: what its own configuration needs, and what it will get.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ClientOverview {
    /// The client ID.
    pub id: String,
    /// The issuer that it is configured with.
    pub issuer: String,
    /// The redirect URIs that it may use.
    pub redirect_uris: Vec<String>,
    /// Whether it authenticates by a secret; otherwise it is public.
    pub has_secret: bool,
    /// Whether it may log users in without a question (`silent_login`).
    pub silent_login: bool,
    /// Whether it must use PKCE.
    pub needs_pkce: bool,
    /// The scopes that it may ask for, in one text.
    pub scopes: String,
    /// The algorithm that signs its ID tokens.
    pub id_token_alg: &'static str,
    /// What its claim templates make of a sample user.
    pub sample_claims: Map<String, Value>,
    /// The clients whose access tokens it may introspect, which need not exist.
    pub introspects: Vec<String>,
    /// The claims that it never gets in spite of a template, each with the scope that it would need to be allowed.
    pub claims_without_scope: Vec<(&'static str, &'static str)>,
}

impl Config {
    /// How requests reach the gateway.
    pub fn server(&self) -> ServerOverview {
        let networks = self.server.trusted_proxies.clone();
        ServerOverview {
            listen: self.server.listen,
            metrics_listen: self.metrics.listen,
            trusted_proxies: networks.iter().map(ToString::to_string).collect(),
            networks,
        }
    }

    /// The issuers, with their apps.
    ///
    /// # Errors
    ///
    /// [`StartError`] if there is no HTTP client to ask WeChat with.
    pub fn issuers(&self) -> Result<Vec<IssuerOverview>, StartError> {
        let https = Https::new()?;
        let app = |name: &String| {
            let app = self.apps.get(name)?;
            Some(app.build(&https, SystemClock).map(|built| AppOverview {
                name: name.clone(),
                app: built,
                endpoint: app.endpoint.as_ref().map(ToString::to_string),
                has_app_id_as_secret: app.secret.expose().starts_with("wx"),
            }))
        };
        let mut all = Vec::new();
        for it in &self.issuers {
            let apps = it.apps.iter().filter_map(app);
            all.push(IssuerOverview {
                url: it.issuer.to_string(),
                discovery_url: it.issuer.endpoint(path::CONFIGURATION),
                wechat_redirect_uri: it.issuer.endpoint(CALLBACK),
                apps: apps.collect::<Result<_, _>>()?,
            });
        }
        Ok(all)
    }

    /// The folder of SQLite's file, in which a gateway creates it, its log and its lock. `None` for PostgreSQL.
    pub fn database_folder(&self) -> Option<PathBuf> {
        self.store.folder()
    }

    /// Whether the connection to the database can be intercepted: PostgreSQL on another machine, without
    /// `sslmode=verify-full`.
    pub fn has_unverified_database(&self) -> bool {
        self.store.is_unverified()
    }

    /// Asks the Redis of `[store] redis`, which nodes share, for `weixin gateway check`. `None`: there is none.
    pub async fn inspect_redis(&self) -> Option<Result<(), weixin::error::StoreError>> {
        #[cfg(feature = "redis")]
        {
            let (url, keys) = (self.store.redis()?.clone(), Arc::clone(&self.server.keys));
            Some(SharedLogins::new(url, keys).inspect().await)
        }
        #[cfg(not(feature = "redis"))]
        None
    }

    /// The clients of all issuers.
    pub fn clients(&self) -> Vec<ClientOverview> {
        let clients = self.clients.iter();
        let clients = clients.filter_map(|client| self.overview(client));
        clients.collect()
    }

    pub(crate) fn overview(&self, client: &Client) -> Option<ClientOverview> {
        let mut issuers = self.issuers.iter();
        let issuer = issuers.find(|it| it.issuer.id() == client.issuer)?;
        let app = issuer.apps.iter().find_map(|name| self.apps.get(name))?;
        overview(client, &issuer.issuer, &app.id)
    }
}

fn overview(client: &Client, issuer: &Issuer, app: &AppId) -> Option<ClientOverview> {
    // IDs of the right form, which no user has.
    let id = format!("o{}", "0".repeat(27));
    let subject = Subject::try_from(UserId::from_bytes([0; 16]).to_string()).ok()?;
    let profile = Profile {
        nickname: Some("小明".to_owned()),
        ..Profile::default()
    };
    let ids = WechatIds {
        unionid: id.parse().ok(),
        openid: id.parse().ok(),
        app: app.clone(),
    };
    let user = ClaimSource {
        subject: &subject,
        profile: &profile,
        ids: &ids,
    };
    let claims = client.templates.render(user);
    let uris = client.redirect_uris.iter();
    Some(ClientOverview {
        id: client.id.to_string(),
        issuer: issuer.to_string(),
        redirect_uris: uris.map(ToString::to_string).collect(),
        has_secret: matches!(client.auth, ClientAuth::Confidential(_)),
        silent_login: client.silent_login,
        needs_pkce: client.needs_pkce(),
        scopes: client.scopes.to_string(),
        id_token_alg: client.algorithm.as_str(),
        introspects: client.introspects.iter().map(ToString::to_string).collect(),
        claims_without_scope: client.claims_without_scope().collect(),
        sample_claims: claims
            .filter_map(|(name, value)| Some((name.to_owned(), value?)))
            .collect(),
    })
}
