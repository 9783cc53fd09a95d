//! The promises of the store, one function for each, run on SQLite and PostgreSQL.

mod cleanup;
mod consents;
mod fixture;
mod grants;
mod keys;
mod logins;
mod logouts;
mod merges;
mod operator;
mod refresh;
mod rows;
mod sessions;
mod speed;
mod sqlite_file;

/// Runs each function on each database.
macro_rules! on_each_database {
    ($($promise:ident),* $(,)?) => {
        mod sqlite {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
                async fn $promise() {
                    super::$promise(crate::store::conformance::fixture::Fixture::sqlite().await).await;
                }
            )*
        }

        mod postgres {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
                async fn $promise() {
                    super::$promise(crate::store::conformance::fixture::Fixture::postgres().await).await;
                }
            )*
        }
    };
}
use on_each_database;
