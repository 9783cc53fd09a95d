//! What came of a new configuration.

use std::net::SocketAddr;

use secrecy::ExposeSecret;
use thiserror::Error;

use crate::{
    config::{Config, ConfigError, Metrics},
    secret::SecretHash,
    start_error::StartError,
};

/// A gateway serves with a new configuration.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Reloaded {
    /// The settings that have changed and need a restart, such as `server.listen`: the gateway goes on with the old ones.
    pub needs_restart: Vec<&'static str>,
}

/// A new configuration cannot be used. The gateway serves with the one before.
#[derive(Debug, Error)]
#[error(transparent)]
pub struct ReloadError(Reason);

#[derive(Debug, Error)]
enum Reason {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Start(#[from] StartError),
}

impl<E: Into<Reason>> From<E> for ReloadError {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

/// The settings that a gateway has for as long as it runs.
#[derive(Clone, Debug)]
pub(crate) struct Fixed {
    listen: SocketAddr,
    metrics: Metrics,
    /// Of the store's URL, which may hold a password.
    store: SecretHash,
    redis: Option<SecretHash>,
}

impl Fixed {
    pub(crate) fn of(config: &Config) -> Self {
        let redis = config.store.redis();
        Self {
            listen: config.server.listen,
            metrics: config.metrics,
            store: SecretHash::of(config.store.expose_url().as_bytes()),
            redis: redis.map(|url| SecretHash::of(url.expose_secret().as_bytes())),
        }
    }

    /// What would have to be another one by a new configuration.
    pub(crate) fn compare(&self, config: &Config) -> Reloaded {
        let new = Self::of(config);
        let settings = [
            ("server.listen", self.listen == new.listen),
            ("metrics.listen", self.metrics == new.metrics),
            ("store.url", self.store == new.store),
            ("store.redis", self.redis == new.redis),
        ];
        let changed = settings.into_iter().filter(|(_, is_same)| !is_same);
        Reloaded {
            needs_restart: changed.map(|(name, _)| name).collect(),
        }
    }
}
