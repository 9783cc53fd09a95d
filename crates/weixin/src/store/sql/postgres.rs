//! Records in PostgreSQL.

use sqlx::{PgPool, postgres::PgPoolOptions};

use super::{failed, sql_store};
use crate::{error::StoreError, store::StoreKeys};

/// A store in PostgreSQL: a table `weixin_store` with encrypted values.
#[derive(Debug)]
pub struct PostgresStore {
    pool: PgPool,
    keys: StoreKeys,
}

impl PostgresStore {
    /// A store in a pool of your site. Create its table by [`migrate`](Self::migrate), or by your own migrations with
    /// [`SCHEMA`](Self::SCHEMA).
    pub fn new(pool: PgPool, keys: StoreKeys) -> Self {
        Self { pool, keys }
    }

    /// Connects to `postgres://user:password@host/database` with at most eight connections, and creates the table if it is
    /// missing.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the database cannot be reached.
    pub async fn connect(url: &str, keys: StoreKeys) -> Result<Self, StoreError> {
        let pool = PgPoolOptions::new().max_connections(8).connect(url);
        let store = Self::new(pool.await.map_err(failed)?, keys);
        store.migrate().await?;
        Ok(store)
    }
}

sql_store!(PostgresStore);
