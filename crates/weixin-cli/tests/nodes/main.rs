//! Gateways that are killed, stopped, upgraded and doubled under load.
//!
//! `./scripts/test` starts PostgreSQL and Redis. `WEIXIN_TEST_KILLS=1000` kills a gateway on SQLite as often.
#![cfg(unix)]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod backup;
mod browser;
mod clocks;
mod copy_store;
mod full_disk;
mod key_files;
mod kills;
mod load;
mod lost_commits;
mod node;
mod postgres;
mod postgres_backup;
mod proxy;
mod restart;
mod several;
mod site;
mod stop;
mod upgrade;
