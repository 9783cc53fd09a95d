//! How the users of each issuer log in with WeChat.

#[cfg(not(feature = "redis"))]
use std::convert::Infallible;
use std::sync::Arc;

use weixin::{clock::Clock, transport::Https};
use weixin_axum::{WebLogin, WebLoginBuilder};

#[cfg(feature = "redis")]
use crate::shared_logins::SharedLogins;
use crate::{
    config::{App, Config, IssuerConfig},
    http::CALLBACK,
    master_key::MasterKeys,
    start_error::StartError,
};

/// The logins of all issuers, in their order, and what they share with other nodes.
#[derive(Clone, Debug)]
pub(crate) struct WebLogins {
    logins: Arc<[WebLogin]>,
    sharing: Sharing,
}

impl WebLogins {
    pub(crate) fn iter(&self) -> impl Iterator<Item = &WebLogin> {
        self.logins.iter()
    }

    /// Takes over a changed key file.
    pub(crate) fn set_keys(&self, master: &Arc<MasterKeys>) {
        self.sharing.set_keys(master);
    }
}

/// The logins of a configuration. An issuer that is in the configuration of before, with the same apps, keeps its login, which
/// remembers the callbacks that were there. All keep what they share: another `[store] redis` needs a restart.
pub(crate) fn all(
    config: &Config,
    clock: &Arc<dyn Clock>,
    before: Option<(&Config, &WebLogins)>,
) -> Result<WebLogins, StartError> {
    let https = Https::new()?;
    let sharing = match before {
        Some((_, logins)) => logins.sharing.clone(),
        None => Sharing::new(config),
    };
    let login = |issuer: &IssuerConfig| {
        let same = before.and_then(|(before, logins)| {
            let mut old = before.issuers.iter().zip(logins.iter());
            old.find(|(old, _)| **old == *issuer && has_same_apps(config, before, issuer))
        });
        match same {
            Some((_, login)) => Ok(login.clone()),
            None => Ok(sharing
                .share(builder(config, issuer, &https, clock)?)
                .build()?),
        }
    };
    let logins: Result<_, StartError> = config.issuers.iter().map(login).collect();
    Ok(WebLogins {
        logins: logins?,
        sharing,
    })
}

fn has_same_apps(config: &Config, before: &Config, issuer: &IssuerConfig) -> bool {
    issuer.apps.iter().all(|name| {
        let apps = [config, before].map(|config| config.apps.get(name));
        matches!(apps, [Some(new), Some(old)] if new.is_same(old))
    })
}

/// Lets logins share their callbacks with other nodes, by `[store] redis`.
#[cfg(feature = "redis")]
#[derive(Clone, Debug)]
struct Sharing(Option<Arc<SharedLogins>>);

#[cfg(feature = "redis")]
impl Sharing {
    fn new(config: &Config) -> Self {
        let (redis, master) = (config.store.redis().cloned(), &config.server.keys);
        Self(redis.map(|url| Arc::new(SharedLogins::new(url, Arc::clone(master)))))
    }

    fn share(&self, login: WebLoginBuilder) -> WebLoginBuilder {
        match &self.0 {
            Some(store) => login.shared(Arc::clone(store)),
            None => login,
        }
    }

    fn set_keys(&self, master: &Arc<MasterKeys>) {
        if let Some(store) = &self.0 {
            store.set_keys(master);
        }
    }
}

/// Without the feature, no configuration has `[store] redis`.
#[cfg(not(feature = "redis"))]
#[derive(Clone, Debug)]
struct Sharing(Option<Infallible>);

#[cfg(not(feature = "redis"))]
impl Sharing {
    fn new(_: &Config) -> Self {
        Self(None)
    }

    fn share(&self, login: WebLoginBuilder) -> WebLoginBuilder {
        match self.0 {
            Some(never) => match never {},
            None => login,
        }
    }

    fn set_keys(&self, _: &Arc<MasterKeys>) {
        if let Some(never) = self.0 {
            match never {}
        }
    }
}

fn builder(
    config: &Config,
    issuer: &IssuerConfig,
    https: &Https,
    clock: &Arc<dyn Clock>,
) -> Result<WebLoginBuilder, StartError> {
    let IssuerConfig { issuer, apps } = issuer;
    let mut login = WebLogin::builder(issuer.endpoint(CALLBACK).parse()?);
    login = login.clock(Arc::clone(clock));
    for app in apps.iter().filter_map(|name| config.apps.get(name)) {
        login = with(login, app, https, clock)?;
    }
    Ok(login)
}

fn with(
    login: WebLoginBuilder,
    app: &App,
    https: &Https,
    clock: &Arc<dyn Clock>,
) -> Result<WebLoginBuilder, StartError> {
    Ok(match app.build(https, Arc::clone(clock))? {
        weixin::app::App::Website(app) => login.website(app),
        weixin::app::App::OfficialAccount(app) => login.official_account(app),
        _ => login,
    })
}
