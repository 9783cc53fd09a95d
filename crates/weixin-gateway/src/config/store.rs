//! Where the gateway's data are.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::store::sqlite_file;

use super::{database_tls, error::ConfigError, problem::both, secret::SecretText, url_parameters};

/// The table `[store]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StoreEntry {
    url: SecretText,
    redis: Option<SecretText>,
    #[serde(default = "default_migrate")]
    migrate: bool,
}

const fn default_migrate() -> bool {
    true
}

/// The databases.
pub(crate) struct StoreConfig {
    url: SecretString,
    redis: Option<SecretString>,
    /// Whether a start creates and updates the tables.
    pub(crate) migrate: bool,
}

/// Whether this program has the drivers of a store for several nodes.
const HAS_POSTGRES: bool = cfg!(feature = "postgres");
const HAS_REDIS: bool = cfg!(feature = "redis");

impl StoreEntry {
    pub(super) fn check(self) -> Result<StoreConfig, ConfigError> {
        let url = SecretString::from(self.url);
        let redis = self.redis.map(SecretString::from);
        check_url("store.url", url.expose_secret())?;
        if let Some(redis) = &redis {
            check_redis(redis.expose_secret())?;
        }
        Ok(StoreConfig {
            url,
            redis,
            migrate: self.migrate,
        })
    }
}

/// Checks the URL of a store, which is said to be at this place.
pub(crate) fn check_url(place: &str, url: &str) -> Result<(), ConfigError> {
    let error = |problem| Err(ConfigError::new(place, problem));
    if url.starts_with("sqlite:") {
        return url_parameters::check_sqlite(place, url);
    }
    if !(url.starts_with("postgres:") || url.starts_with("postgresql:")) {
        return error(both(
            "应为 sqlite:文件（例如 sqlite:gateway.db）或 postgres://用户:密码@主机/数据库",
            "expected sqlite:FILE, such as sqlite:gateway.db, or postgres://USER:PASSWORD@HOST/DATABASE",
        ));
    }
    if !HAS_POSTGRES {
        return error(both(
            "此程序编译时未启用 PostgreSQL（feature `postgres`）",
            "this program was built without PostgreSQL (feature `postgres`)",
        ));
    }
    url_parameters::check_postgres(place, url)
}

fn check_redis(url: &str) -> Result<(), ConfigError> {
    let error = |problem| Err(ConfigError::new("store.redis", problem));
    if url.starts_with("rediss:") {
        return error(both(
            "不支持以 TLS 连接 Redis：请使用内网或隧道",
            "TLS to Redis is not supported: use a private network or a tunnel",
        ));
    }
    let schemes = ["redis:", "redis+unix:", "unix:"];
    if !schemes.iter().any(|scheme| url.starts_with(scheme)) {
        return error(both(
            "应为 redis://:密码@主机/0",
            "expected redis://:PASSWORD@HOST/0",
        ));
    }
    if !HAS_REDIS {
        return error(both(
            "此程序编译时未启用 Redis（feature `redis`）",
            "this program was built without Redis (feature `redis`)",
        ));
    }
    url_parameters::check_redis("store.redis", url)
}

impl StoreConfig {
    /// The URL, which may hold a password.
    pub(crate) fn expose_url(&self) -> &str {
        self.url.expose_secret()
    }

    /// Whether the connection to PostgreSQL can be intercepted.
    pub(crate) fn is_unverified(&self) -> bool {
        let url = self.url.expose_secret();
        !url.starts_with("sqlite:") && database_tls::is_unverified(url)
    }

    /// Redis, which nodes share for callbacks that come twice.
    pub(crate) const fn redis(&self) -> Option<&SecretString> {
        self.redis.as_ref()
    }

    /// The folder of SQLite's file.
    pub(crate) fn folder(&self) -> Option<PathBuf> {
        let path = sqlite_file(self.url.expose_secret())?;
        match path.parent() {
            Some(folder) if folder.as_os_str().is_empty() => Some(PathBuf::from(".")),
            folder => folder.map(Path::to_owned),
        }
    }

    /// Makes a SQLite file relative to a folder, as the other files of a configuration are.
    pub(super) fn below(&mut self, folder: &Path) {
        let url = self.url.expose_secret();
        let file = url.strip_prefix("sqlite:").unwrap_or_default();
        let file = file.strip_prefix("//").unwrap_or(file);
        let is_relative =
            !file.is_empty() && !file.starts_with(':') && Path::new(file).is_relative();
        if is_relative && !folder.as_os_str().is_empty() {
            let folder = escape(&folder.to_string_lossy());
            self.url = format!("sqlite:{folder}/{file}").into();
        }
    }
}

/// A path as SQLite's driver reads it, which decodes a URL.
fn escape(path: &str) -> String {
    let escapes = [("%", "%25"), ("?", "%3F"), ("#", "%23")];
    let replace = |path: String, (letter, escaped)| path.replace(letter, escaped);
    escapes.into_iter().fold(path.to_owned(), replace)
}

impl fmt::Debug for StoreConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoreConfig(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(toml: &str) -> Result<StoreConfig, String> {
        let entry = toml::from_str::<StoreEntry>(toml).unwrap();
        entry.check().map_err(|error| error.to_string())
    }

    #[test]
    fn a_store_is_a_file_or_a_server_that_nodes_share() {
        let alone = check("url = 'sqlite:gateway.db'").unwrap();
        assert!(alone.migrate && alone.redis().is_none());
        let shared = "url = 'postgres://gateway:hunter2@db/gateway?sslmode=verify-full'
            redis = 'redis://:hunter2@cache/0'
            migrate = false";
        let shared = check(shared).unwrap();
        assert!(!shared.migrate && shared.redis().is_some());
        assert_eq!(format!("{shared:?}"), "StoreConfig(..)");
        for url in ["redis+unix:/run/redis.sock", "unix:/run/redis.sock"] {
            check(&format!("url = 'postgresql://db/gateway'\nredis = '{url}'")).unwrap();
        }
        for (url, redis, expected) in [
            (
                "mysql://hunter2@db/x",
                "redis://cache",
                "store.url: expected sqlite:FILE, such as sqlite:gateway.db, or postgres://USER:PASSWORD@HOST/DATABASE",
            ),
            (
                "sqlite:gateway.db",
                "rediss://:hunter2@cache",
                "store.redis: TLS to Redis is not supported: use a private network or a tunnel",
            ),
            (
                "sqlite:gateway.db",
                "cache:hunter2",
                "store.redis: expected redis://:PASSWORD@HOST/0",
            ),
        ] {
            let error = check(&format!("url = '{url}'\nredis = '{redis}'")).unwrap_err();
            assert_eq!(error, expected);
        }
    }

    #[test]
    fn a_database_is_relative_to_the_folder_of_the_file() {
        for (folder, url, expected) in [
            ("/etc/x", "sqlite:gateway.db", "sqlite:/etc/x/gateway.db"),
            ("a", "sqlite://b/gateway.db", "sqlite:a/b/gateway.db"),
            ("/50% #1?", "sqlite:x.db", "sqlite:/50%25 %231%3F/x.db"),
            ("", "sqlite:gateway.db", "sqlite:gateway.db"),
            ("/etc/x", "sqlite:/var/gateway.db", "sqlite:/var/gateway.db"),
            (
                "/etc/x",
                "sqlite:///var/gateway.db",
                "sqlite:///var/gateway.db",
            ),
            ("/etc/x", "sqlite::memory:", "sqlite::memory:"),
            ("/etc/x", "postgres://db/x", "postgres://db/x"),
        ] {
            let mut store = check(&format!("url = '{url}'")).unwrap();
            store.below(Path::new(folder));
            assert_eq!(store.expose_url(), expected);
        }
    }
}
