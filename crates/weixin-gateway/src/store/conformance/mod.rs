//! The promises of the store, one function for each, run on SQLite in memory, SQLite on a disk, and PostgreSQL.
//!
//! In memory means a file in `/dev/shm`: SQLite's `:memory:` belongs to one connection, and its shared cache locks whole
//! tables and knows no WAL, so a store with one writer and several readers would promise other things there.

mod cleanup;
mod client_removal;
mod clocks;
mod consents;
mod copies;
mod fixture;
mod forgotten;
mod grants;
mod keys;
mod lock_order;
mod locked_grants;
mod login_events;
mod logins;
mod logouts;
mod merges;
mod migrations;
mod operator;
mod plans;
mod readiness;
mod redemption_races;
mod refresh;
mod repeats;
mod rows;
mod session_renewals;
mod sessions;
mod silent_database;
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

        #[cfg(target_os = "linux")]
        mod sqlite_in_memory {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
                async fn $promise() {
                    super::$promise(crate::store::conformance::fixture::Fixture::memory().await).await;
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
