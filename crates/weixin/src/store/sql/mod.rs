//! Records in SQLite or PostgreSQL, by one SQL text.

#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;

#[cfg(feature = "postgres")]
pub use self::postgres::PostgresStore;
#[cfg(feature = "sqlite")]
pub use self::sqlite::SqliteStore;
use crate::error::StoreError;

/// SQLite accepts PostgreSQL's types and placeholders.
const SCHEMA: &str = "create table if not exists weixin_store (
    key text primary key,
    version bigint not null,
    expires bigint not null,
    value bytea not null
)";
const SELECT: &str = "select version, expires, value from weixin_store where key = $1";
const INSERT: &str = "insert into weixin_store (version, expires, value, key)
    values ($1, $2, $3, $4) on conflict (key) do nothing";
const UPDATE: &str = "update weixin_store set version = $1, expires = $2, value = $3
    where key = $4 and version = $5";
const DELETE: &str = "delete from weixin_store where key = $1 and version = $2";
const DELETE_EXPIRED: &str = "delete from weixin_store where expires <= $1";

/// A driver's error may name the database's user, but no stored value.
fn failed(error: sqlx::Error) -> StoreError {
    StoreError::new(error)
}

/// Implements `Store` for a struct with a `pool` of one driver and `keys`. sqlx has a trait for every database, but no
/// bounds short enough to be generic over it.
macro_rules! sql_store {
    ($store:ident) => {
        impl $store {
            /// The table, for your own migrations.
            pub const SCHEMA: &'static str = super::SCHEMA;

            /// Creates the table if it is missing.
            ///
            /// # Errors
            ///
            /// [`StoreError`](crate::error::StoreError) if the database rejects it.
            pub async fn migrate(&self) -> Result<(), crate::error::StoreError> {
                let created = sqlx::query(Self::SCHEMA).execute(&self.pool).await;
                if created.is_err() {
                    // Of several servers that start at once, PostgreSQL may reject all but one.
                    let again = sqlx::query(Self::SCHEMA).execute(&self.pool);
                    again.await.map_err(super::failed)?;
                }
                Ok(())
            }

            async fn read(
                &self,
                key: &str,
            ) -> Result<Option<crate::store::Record>, crate::error::StoreError> {
                let row: Option<(i64, i64, Vec<u8>)> = sqlx::query_as(super::SELECT)
                    .bind(key)
                    .fetch_optional(&self.pool)
                    .await
                    .map_err(super::failed)?;
                row.map(|row| crate::store::encryption::open(&self.keys, key, row))
                    .transpose()
            }

            async fn write(
                &self,
                key: &str,
                current: Option<crate::store::Version>,
                new: &crate::store::Record,
            ) -> Result<bool, crate::error::StoreError> {
                let (version, expires, sealed) =
                    crate::store::encryption::seal(&self.keys, key, new)?;
                let text = if current.is_some() {
                    super::UPDATE
                } else {
                    super::INSERT
                };
                let mut query = sqlx::query(text)
                    .bind(version)
                    .bind(expires)
                    .bind(sealed)
                    .bind(key);
                if let Some(current) = current {
                    query = query.bind(current.0);
                }
                let done = query.execute(&self.pool).await.map_err(super::failed)?;
                Ok(done.rows_affected() == 1)
            }

            async fn remove(
                &self,
                key: &str,
                current: Option<crate::store::Version>,
            ) -> Result<bool, crate::error::StoreError> {
                let Some(current) = current else {
                    return Ok(self.read(key).await?.is_none());
                };
                let query = sqlx::query(super::DELETE).bind(key).bind(current.0);
                let done = query.execute(&self.pool).await.map_err(super::failed)?;
                Ok(done.rows_affected() == 1)
            }
        }

        impl crate::store::Store for $store {
            fn load<'a>(
                &'a self,
                key: &'a str,
            ) -> crate::store::StoreFuture<'a, Option<crate::store::Record>> {
                Box::pin(self.read(key))
            }

            fn compare_exchange<'a>(
                &'a self,
                key: &'a str,
                current: Option<crate::store::Version>,
                new: Option<crate::store::Record>,
            ) -> crate::store::StoreFuture<'a, bool> {
                Box::pin(async move {
                    match new {
                        Some(new) => self.write(key, current, &new).await,
                        None => self.remove(key, current).await,
                    }
                })
            }

            fn remove_expired(
                &self,
                now: std::time::SystemTime,
            ) -> crate::store::StoreFuture<'_, ()> {
                Box::pin(async move {
                    let now = crate::store::time::milliseconds(now);
                    let query = sqlx::query(super::DELETE_EXPIRED).bind(now);
                    query.execute(&self.pool).await.map_err(super::failed)?;
                    Ok(())
                })
            }
        }
    };
}
use sql_store;
