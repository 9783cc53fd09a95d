//! Where tokens and used logins are kept, for programs of several processes.

use std::{fmt, sync::Arc, time::SystemTime};

use pyo3::{exceptions::PyValueError, prelude::*};
use tokio::sync::OnceCell;
use weixin::{
    AppSecret,
    error::{ParseError, StoreError},
    store::{
        MemoryStore, Record, RedisStore, SqliteStore, Store as WeixinStore, StoreFuture, StoreKeys,
        Version,
    },
};

use crate::{failure::raise, process::PerProcess, secret::SecretText};

/// Where tokens and used logins are kept: this process's memory, SQLite or Redis.
///
/// Programs of several processes (gunicorn, uvicorn ``--workers``) share ``sqlite:PATH`` on one machine, or
/// ``redis://HOST`` on several. Values are encrypted (AES-256-GCM) with the first key; all keys decrypt.
///
/// Fork before a store is in use, as gunicorn does: a child of a process that is using a SQLite store at that moment may
/// find it locked.
#[pyclass(frozen, module = "weixin_login")]
pub(crate) struct Store {
    place: Place,
    keys: Vec<AppSecret>,
    shared: PerProcess<Arc<dyn WeixinStore>>,
}

#[derive(Clone, Copy)]
enum Engine {
    Memory,
    Redis,
    Sqlite,
}

#[derive(Clone)]
struct Place {
    engine: Engine,
    /// It may contain a password.
    url: String,
}

impl Store {
    /// The store of this process. It connects when it is used.
    pub(crate) fn get(&self, py: Python<'_>) -> PyResult<Arc<dyn WeixinStore>> {
        let shared = self.shared.get(py, || {
            if matches!(self.place.engine, Engine::Memory) {
                return Ok(Arc::new(MemoryStore::new()) as Arc<dyn WeixinStore>);
            }
            Ok(Arc::new(Connected {
                place: self.place.clone(),
                keys: self.keys.iter().map(copy).collect::<PyResult<_>>()?,
                store: OnceCell::new(),
            }) as Arc<dyn WeixinStore>)
        })?;
        Ok(Arc::clone(&shared))
    }
}

fn copy(key: &AppSecret) -> PyResult<AppSecret> {
    let copied = AppSecret::new(key.expose());
    copied.map_err(|error| PyValueError::new_err(error.to_string()))
}

/// The first key encrypts; all decrypt.
fn store_keys(keys: &[AppSecret]) -> Result<StoreKeys, ParseError> {
    let mut keys = keys.iter().map(AppSecret::expose);
    let first = StoreKeys::new(keys.next().unwrap_or_default())?;
    keys.try_fold(first, StoreKeys::previous)
}

#[pymethods]
impl Store {
    #[new]
    #[pyo3(signature = (url, *keys))]
    fn new(py: Python<'_>, url: &str, keys: Vec<SecretText<'_>>) -> PyResult<Self> {
        let engine = match url.split(':').next() {
            Some("memory") => Engine::Memory,
            Some("redis") => Engine::Redis,
            Some("sqlite") => Engine::Sqlite,
            _ => {
                return Err(PyValueError::new_err(
                    "store: expected 'memory:', 'sqlite:PATH' or 'redis://HOST'",
                ));
            }
        };
        let secret = |key: &SecretText<'_>| {
            let text = key.text()?;
            // Its error says what a store key is; that of a secret does not.
            StoreKeys::new(text.as_str()).map_err(raise(py))?;
            AppSecret::new(text).map_err(raise(py))
        };
        let store = Self {
            place: Place {
                engine,
                url: url.to_owned(),
            },
            keys: keys.iter().map(secret).collect::<PyResult<_>>()?,
            shared: PerProcess::new(),
        };
        if !matches!(engine, Engine::Memory) {
            store_keys(&store.keys).map_err(raise(py))?;
        }
        Ok(store)
    }

    fn __repr__(&self) -> &'static str {
        match self.place.engine {
            Engine::Memory => "Store('memory:')",
            Engine::Redis => "Store('redis:…')",
            Engine::Sqlite => "Store('sqlite:…')",
        }
    }
}

/// A store that connects when it is first used, and again after a failure.
struct Connected {
    place: Place,
    keys: Vec<AppSecret>,
    store: OnceCell<Arc<dyn WeixinStore>>,
}

impl Connected {
    async fn store(&self) -> Result<&dyn WeixinStore, StoreError> {
        let connect = || async {
            let keys = store_keys(&self.keys).map_err(StoreError::new)?;
            let url = self.place.url.as_str();
            let store: Arc<dyn WeixinStore> = if matches!(self.place.engine, Engine::Redis) {
                Arc::new(RedisStore::connect(url, keys).await?)
            } else {
                let store = SqliteStore::connect(url, keys).await?;
                store.migrate().await?;
                Arc::new(store)
            };
            Ok(store)
        };
        self.store
            .get_or_try_init(connect)
            .await
            .map(|store| &**store)
    }
}

impl fmt::Debug for Connected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connected").finish_non_exhaustive()
    }
}

impl WeixinStore for Connected {
    fn load<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Record>> {
        Box::pin(async move { self.store().await?.load(key).await })
    }

    fn compare_exchange<'a>(
        &'a self,
        key: &'a str,
        current: Option<Version>,
        new: Option<Record>,
    ) -> StoreFuture<'a, bool> {
        Box::pin(async move {
            self.store()
                .await?
                .compare_exchange(key, current, new)
                .await
        })
    }

    fn remove_expired(&self, now: SystemTime) -> StoreFuture<'_, ()> {
        Box::pin(async move { self.store().await?.remove_expired(now).await })
    }
}
