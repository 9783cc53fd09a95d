//! Records in Redis.

use std::time::SystemTime;

use redis::{
    Client, FromRedisValue, Script, ScriptInvocation,
    aio::{ConnectionManager, ConnectionManagerConfig},
    cmd,
};

use super::{Record, Store, StoreFuture, StoreKeys, Version, encryption};
use crate::error::StoreError;

/// Compares and writes in one step. Arguments: the current version (empty for none), then version, expiry and value of
/// the new record; without these three, the record is removed.
const COMPARE_EXCHANGE: &str = r"
local version = redis.call('HGET', KEYS[1], 'version') or ''
if version ~= ARGV[1] then return 0 end
if #ARGV == 1 then
  redis.call('DEL', KEYS[1])
else
  redis.call('HSET', KEYS[1], 'version', ARGV[2], 'expires', ARGV[3], 'value', ARGV[4])
  redis.call('PEXPIREAT', KEYS[1], ARGV[3])
end
return 1
";

/// A store in Redis: encrypted values under keys that begin with `weixin:`. Redis removes expired records by itself.
pub struct RedisStore {
    connection: ConnectionManager,
    compare_exchange: Script,
    keys: StoreKeys,
}

impl std::fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RedisStore").finish_non_exhaustive()
    }
}

impl RedisStore {
    /// A store over a connection of your site.
    pub fn new(connection: ConnectionManager, keys: StoreKeys) -> Self {
        Self {
            connection,
            compare_exchange: Script::new(COMPARE_EXCHANGE),
            keys,
        }
    }

    /// Connects to `redis://:password@host:6379/0`, and reconnects when the connection breaks. For `rediss://` (TLS), add a
    /// TLS feature to the crate `redis` in your `Cargo.toml`.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if Redis cannot be reached.
    pub async fn connect(url: &str, keys: StoreKeys) -> Result<Self, StoreError> {
        let client = Client::open(url).map_err(failed)?;
        let config = ConnectionManagerConfig::new().set_number_of_retries(2);
        let connection = ConnectionManager::new_with_config(client, config)
            .await
            .map_err(failed)?;
        Ok(Self::new(connection, keys))
    }

    async fn read(&self, key: &str) -> Result<Option<Record>, StoreError> {
        type Fields = (Option<i64>, Option<i64>, Option<Vec<u8>>);
        let fields: Fields = cmd("HMGET")
            .arg(named(key))
            .arg(&["version", "expires", "value"])
            .query_async(&mut self.connection.clone())
            .await
            .map_err(failed)?;
        let (Some(version), Some(expires), Some(sealed)) = fields else {
            return Ok(None);
        };
        encryption::open(&self.keys, key, (version, expires, sealed)).map(Some)
    }

    async fn write(
        &self,
        key: &str,
        current: Option<Version>,
        new: Option<Record>,
    ) -> Result<bool, StoreError> {
        let current = current.map(|Version(current)| current.to_string());
        let mut script = self.compare_exchange.prepare_invoke();
        script.key(named(key)).arg(current.unwrap_or_default());
        if let Some(new) = new {
            let (version, expires, sealed) = encryption::seal(&self.keys, key, &new)?;
            script.arg(version).arg(expires).arg(sealed);
        }
        self.invoke(&script).await
    }

    async fn invoke<T: FromRedisValue>(
        &self,
        script: &ScriptInvocation<'_>,
    ) -> Result<T, StoreError> {
        let mut connection = self.connection.clone();
        script.invoke_async(&mut connection).await.map_err(failed)
    }
}

fn named(key: &str) -> String {
    format!("weixin:{key}")
}

impl Store for RedisStore {
    fn load<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Record>> {
        Box::pin(self.read(key))
    }

    fn compare_exchange<'a>(
        &'a self,
        key: &'a str,
        current: Option<Version>,
        new: Option<Record>,
    ) -> StoreFuture<'a, bool> {
        Box::pin(self.write(key, current, new))
    }

    fn remove_expired(&self, _: SystemTime) -> StoreFuture<'_, ()> {
        Box::pin(std::future::ready(Ok(())))
    }
}

fn failed(error: redis::RedisError) -> StoreError {
    StoreError::new(error)
}
