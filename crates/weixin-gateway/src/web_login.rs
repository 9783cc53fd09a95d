//! How the users of each issuer log in with WeChat.

use std::sync::Arc;

use weixin::{clock::Clock, transport::Https};
use weixin_axum::{WebLogin, WebLoginBuilder};

#[cfg(feature = "redis")]
use crate::shared_logins::SharedLogins;
use crate::{
    config::{App, Config, IssuerConfig},
    http::CALLBACK,
    start_error::StartError,
};

/// The logins of all issuers, in their order. An issuer that is in the configuration of before, with the same apps, keeps
/// its login, which remembers the callbacks that were there.
pub(crate) fn all(
    config: &Config,
    clock: &Arc<dyn Clock>,
    before: Option<(&Config, &[WebLogin])>,
) -> Result<Arc<[WebLogin]>, StartError> {
    let https = Https::new()?;
    let share = sharing(config);
    let login = |issuer: &IssuerConfig| {
        let same = before.and_then(|(before, logins)| {
            let mut old = before.issuers.iter().zip(logins);
            old.find(|(old, _)| **old == *issuer && has_same_apps(config, before, issuer))
        });
        match same {
            Some((_, login)) => Ok(login.clone()),
            None => Ok(share(builder(config, issuer, &https, clock)?).build()?),
        }
    };
    config.issuers.iter().map(login).collect()
}

fn has_same_apps(config: &Config, before: &Config, issuer: &IssuerConfig) -> bool {
    issuer.apps.iter().all(|name| {
        let apps = [config, before].map(|config| config.apps.get(name));
        matches!(apps, [Some(new), Some(old)] if new.is_same(old))
    })
}

/// Lets logins share their callbacks with other nodes, by `[store] redis`.
#[cfg(feature = "redis")]
fn sharing(config: &Config) -> impl Fn(WebLoginBuilder) -> WebLoginBuilder {
    let master = &config.server.keys;
    let redis = config.store.redis().cloned();
    let store = redis.map(|url| Arc::new(SharedLogins::new(url, Arc::clone(master))));
    move |login| match &store {
        Some(store) => login.shared(Arc::clone(store)),
        None => login,
    }
}

/// Without the feature, no configuration has `[store] redis`.
#[cfg(not(feature = "redis"))]
fn sharing(_: &Config) -> impl Fn(WebLoginBuilder) -> WebLoginBuilder {
    |login| login
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
