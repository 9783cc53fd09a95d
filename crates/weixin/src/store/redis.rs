//! Records in Redis.

use std::time::SystemTime;

use redis::{
    Client, FromRedisValue, Script, ScriptInvocation,
    aio::{ConnectionManager, ConnectionManagerConfig},
    cmd,
};

use super::{
    Record, Store, StoreError, StoreFuture, StoreKeys, Version, context,
    time::{from_milliseconds, milliseconds},
};

/// Compares and writes in one step: an expected version (empty for none), then version, expiry and value; without
/// these three, the record is removed.
const REPLACE: &str = r"
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

/// Keeps records in Redis, encrypted, under keys that begin with `weixin:`. Redis removes what has expired.
pub struct RedisStore {
    connection: ConnectionManager,
    replace: Script,
    keys: StoreKeys,
}

impl std::fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RedisStore").finish_non_exhaustive()
    }
}

impl RedisStore {
    /// Connects: `redis://:password@host:6379/0`. A connection that breaks is made anew. For `rediss://` (TLS), let
    /// your `Cargo.toml` add a TLS feature to the `redis` crate.
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
        Ok(Self {
            connection,
            replace: Script::new(REPLACE),
            keys,
        })
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
        let version = version.into();
        let value = self.keys.open(&context(key, version, expires), &sealed)?;
        let expires = from_milliseconds(expires);
        Ok(Some(Record::new(value, version, expires)))
    }

    async fn write(
        &self,
        key: &str,
        expected: Option<Version>,
        record: Option<Record>,
    ) -> Result<bool, StoreError> {
        let expected = expected.map(|expected| expected.number().to_string());
        let mut script = self.replace.prepare_invoke();
        script.key(named(key)).arg(expected.unwrap_or_default());
        if let Some(record) = record {
            let expires = milliseconds(record.expires);
            let context = context(key, record.version, expires);
            script
                .arg(record.version.number())
                .arg(expires)
                .arg(self.keys.seal(&context, record.expose())?);
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

    fn replace<'a>(
        &'a self,
        key: &'a str,
        expected: Option<Version>,
        record: Option<Record>,
    ) -> StoreFuture<'a, bool> {
        Box::pin(self.write(key, expected, record))
    }

    fn remove_expired(&self, _: SystemTime) -> StoreFuture<'_, ()> {
        Box::pin(std::future::ready(Ok(())))
    }
}

fn failed(error: redis::RedisError) -> StoreError {
    StoreError::new(error)
}
