//! One conformance suite for every store, on real servers.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test")]

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use redis::aio::{ConnectionManager, MultiplexedConnection};
use sqlx::{
    AssertSqlSafe, PgPool, SqlitePool,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::SqliteConnectOptions,
};
use tempfile::TempDir;
use weixin::store::{
    MemoryStore, PostgresStore, Record, RedisStore, SqliteStore, Store, StoreKeys, Version,
};

const KEY: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

/// Callers at once.
const CROWD: i64 = 100;

fn service(variable: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| {
        panic!("{variable} is not set: run by ./scripts/test or scripts/with-services")
    })
}

fn keys() -> StoreKeys {
    StoreKeys::new(KEY).unwrap()
}

async fn sqlite(url: &str) -> SqliteStore {
    SqliteStore::connect(url, keys()).await.unwrap()
}

async fn postgres() -> PostgresStore {
    let url = service("WEIXIN_TEST_POSTGRES");
    PostgresStore::connect(&url, keys()).await.unwrap()
}

/// A pool of the site.
async fn postgres_pool() -> PgPool {
    let url = service("WEIXIN_TEST_POSTGRES");
    PgPool::connect(&url).await.unwrap()
}

/// The URL of a database file that does not exist yet.
fn file() -> (TempDir, String) {
    let directory = TempDir::new().unwrap();
    let url = format!("sqlite:{}", directory.path().join("store.db").display());
    (directory, url)
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_conforms() {
    conforms(MemoryStore::new(), "").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_in_memory_conforms() {
    conforms(sqlite("sqlite::memory:").await, "").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_sqlite_file_conforms() {
    let (_directory, url) = file();
    conforms(sqlite(&url).await, "").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_in_a_pool_of_the_site_conforms() {
    let (_directory, url) = file();
    let options: SqliteConnectOptions = url.parse().unwrap();
    let pool = SqlitePool::connect_with(options.create_if_missing(true));
    let store = SqliteStore::new(pool.await.unwrap(), keys());
    store.load("early").await.unwrap_err();
    store.migrate().await.unwrap();
    // Again, as at every start of the site.
    store.migrate().await.unwrap();
    conforms(store, "").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_conforms() {
    conforms(postgres().await, "conforms/").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_in_a_pool_of_the_site_conforms() {
    let store = PostgresStore::new(postgres_pool().await, keys());
    store.migrate().await.unwrap();
    // Again, as at every start of the site.
    store.migrate().await.unwrap();
    conforms(store, "conforms-in-pool/").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_of_the_sites_own_migrations_conforms() {
    let (_directory, url) = file();
    let options: SqliteConnectOptions = url.parse().unwrap();
    let pool = SqlitePool::connect_with(options.create_if_missing(true));
    let pool = pool.await.unwrap();
    sqlx::query(SqliteStore::SCHEMA)
        .execute(&pool)
        .await
        .unwrap();
    conforms(SqliteStore::new(pool, keys()), "").await;

    let pool = empty_schema("weixin_own_migrations").await;
    sqlx::query(PostgresStore::SCHEMA)
        .execute(&pool)
        .await
        .unwrap();
    conforms(PostgresStore::new(pool, keys()), "").await;
}

/// A pool whose tables are in a new schema of this name.
async fn empty_schema(name: &str) -> PgPool {
    for statement in ["drop schema if exists {} cascade", "create schema {}"] {
        let statement = AssertSqlSafe(statement.replace("{}", name));
        let done = sqlx::query(statement).execute(&postgres_pool().await).await;
        done.unwrap();
    }
    let options: PgConnectOptions = service("WEIXIN_TEST_POSTGRES").parse().unwrap();
    let options = options.options([("search_path", name)]);
    PgPoolOptions::new().connect_with(options).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_that_create_the_table_in_postgres_at_once_do_not_fail() {
    let pool = empty_schema("weixin_migrations").await;
    let servers: Vec<_> = (0..8)
        .map(|_| {
            let store = PostgresStore::new(pool.clone(), keys());
            tokio::spawn(async move { store.migrate().await.unwrap() })
        })
        .collect();
    for server in servers {
        server.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_conforms() {
    let url = service("WEIXIN_TEST_REDIS");
    let store = RedisStore::connect(&url, keys()).await.unwrap();
    conforms(store, "conforms/").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_over_a_connection_of_the_site_conforms() {
    let client = redis::Client::open(service("WEIXIN_TEST_REDIS")).unwrap();
    let connection = ConnectionManager::new(client).await.unwrap();
    let store = RedisStore::new(connection, keys());
    conforms(store, "conforms-over-connection/").await;
}

/// The promises of the documentation of [`Store`]. The keys begin with `prefix`, where others share the server.
async fn conforms(store: impl Store + 'static, prefix: &str) {
    let suite = Suite {
        store: Arc::new(store),
        prefix: prefix.to_owned(),
    };
    suite.a_record_is_replaced_by_its_version_only().await;
    suite.one_of_many_callers_writes().await;
    suite.a_stored_record_is_returned_unchanged().await;
    suite.expired_records_are_removed_and_no_others().await;
}

struct Suite<S> {
    store: Arc<S>,
    prefix: String,
}

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

/// In two hundred years.
fn later() -> SystemTime {
    at(200 * 365 * 24 * 60 * 60)
}

fn record(value: &str, version: i64) -> Record {
    Record::new(value.into(), Version(version), later())
}

impl<S: Store + 'static> Suite<S> {
    fn key(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// Version and value.
    async fn found(&self, key: &str) -> Option<(i64, Vec<u8>)> {
        let record = self.store.load(key).await.unwrap()?;
        Some((record.version().0, record.expose().to_vec()))
    }

    async fn replace(&self, key: &str, current: Option<i64>, new: Option<Record>) -> bool {
        let current = current.map(Version);
        let replaced = self.store.compare_exchange(key, current, new);
        replaced.await.unwrap()
    }

    #[expect(clippy::cognitive_complexity, reason = "one sequence of steps")]
    async fn a_record_is_replaced_by_its_version_only(&self) {
        let key = &self.key("a");
        assert_eq!(self.found(key).await, None);
        assert!(self.replace(key, None, None).await, "there is none");
        assert!(!self.replace(key, Some(1), Some(record("x", 2))).await);
        assert!(!self.replace(key, Some(1), None).await);
        assert_eq!(self.found(key).await, None);

        assert!(self.replace(key, None, Some(record("one", 1))).await);
        for (expected, new) in [
            (None, Some(record("x", 9))),
            (None, None),
            (Some(2), Some(record("x", 9))),
            (Some(2), None),
        ] {
            assert!(!self.replace(key, expected, new).await);
            assert_eq!(self.found(key).await, Some((1, b"one".to_vec())));
        }
        assert!(self.replace(key, Some(1), Some(record("two", 2))).await);
        assert!(!self.replace(key, Some(1), Some(record("x", 9))).await);
        assert_eq!(self.found(key).await, Some((2, b"two".to_vec())));
        assert!(self.replace(key, Some(2), None).await);
        assert_eq!(self.found(key).await, None);
        assert!(!self.replace(key, Some(2), None).await);
    }

    /// The callers, of many at once, whose write or removal has succeeded.
    async fn crowd(&self, current: Option<i64>, removes: bool) -> Vec<i64> {
        let callers: Vec<_> = (100..100 + CROWD)
            .map(|n| {
                let (store, key) = (Arc::clone(&self.store), self.key("crowd"));
                let new = (!removes).then(|| record(&n.to_string(), n));
                let current = current.map(Version);
                let written = async move { store.compare_exchange(&key, current, new).await };
                (n, tokio::spawn(written))
            })
            .collect();
        let mut winners = Vec::new();
        for (n, caller) in callers {
            if caller.await.unwrap().unwrap() {
                winners.push(n);
            }
        }
        winners
    }

    async fn one_of_many_callers_writes(&self) {
        let key = &self.key("crowd");
        for expected in [None, Some(1)] {
            if expected.is_some() {
                assert!(self.replace(key, None, Some(record("first", 1))).await);
            }
            let winners = self.crowd(expected, false).await;
            let [winner] = winners[..] else {
                panic!("{winners:?} have written");
            };
            let value = winner.to_string().into_bytes();
            assert_eq!(self.found(key).await, Some((winner, value)));
            assert_eq!(self.crowd(Some(winner), true).await.len(), 1);
            assert_eq!(self.found(key).await, None);
        }
    }

    async fn a_stored_record_is_returned_unchanged(&self) {
        let binary: Vec<u8> = (0..=u8::MAX).cycle().take(100_000).collect();
        let long = "k".repeat(500);
        let keys = [
            "",
            "A",
            "a ",
            "小明/🐼",
            "'; drop table weixin_store; --",
            "%_*?[a]",
            &long,
        ];
        let far = at(253_402_300_799) + Duration::from_millis(999);
        for (n, key) in keys.into_iter().enumerate() {
            let key = &self.key(&format!("stored/{key}"));
            for (value, version, expires) in [
                (&b""[..], i64::MIN, later()),
                (&binary, i64::MAX, far),
                (format!("{n}").as_bytes(), -1, later()),
            ] {
                let before = self.found(key).await.map(|(version, _)| version);
                let new = Record::new(value.to_vec(), Version(version), expires);
                assert!(self.replace(key, before, Some(new)).await);
                let found = self.store.load(key).await.unwrap().unwrap();
                assert_eq!((found.expose(), found.version().0), (value, version));
                let difference = expires.duration_since(found.expires_at()).unwrap();
                assert!(difference < Duration::from_secs(1), "{difference:?}");
            }
        }
        // Each key has its own record.
        for (n, key) in keys.into_iter().enumerate() {
            let key = &self.key(&format!("stored/{key}"));
            assert_eq!(
                self.found(key).await,
                Some((-1, n.to_string().into_bytes()))
            );
        }
    }

    async fn expired_records_are_removed_and_no_others(&self) {
        // Long ago, so that others who share the server lose nothing.
        let times = [
            (
                "early",
                SystemTime::UNIX_EPOCH - Duration::from_secs(5),
                false,
            ),
            ("now", at(3600), false),
            ("later", later(), true),
        ];
        for (name, expires, _) in times {
            let new = Record::new(b"x".to_vec(), Version(1), expires);
            assert!(self.replace(&self.key(name), None, Some(new)).await);
        }
        self.store.remove_expired(at(3600)).await.unwrap();
        for (name, _, stays) in times {
            let found = self.found(&self.key(name)).await;
            assert_eq!(found.is_some(), stays, "{name}");
        }
        assert!(
            self.replace(&self.key("now"), None, Some(record("new", 2)))
                .await
        );
    }
}

/// A value that was moved, or whose version or expiry was changed, by someone who can write to the database.
async fn does_not_open(store: &impl Store, key: &str) {
    let error = store.load(key).await.unwrap_err();
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(
        cause,
        "a record cannot be decrypted: it was written with another key, or changed"
    );
}

/// A database, by other statements than the store's.
trait Database {
    /// The number of rows that a statement changes.
    async fn change(&self, statement: String) -> u64;
    async fn values(&self, condition: &str) -> Vec<Vec<u8>>;
}

macro_rules! database {
    ($pool:ty) => {
        impl Database for $pool {
            async fn change(&self, statement: String) -> u64 {
                let changed = sqlx::query(AssertSqlSafe(statement)).execute(self).await;
                changed.unwrap().rows_affected()
            }

            async fn values(&self, condition: &str) -> Vec<Vec<u8>> {
                let query = format!("select value from weixin_store where {condition}");
                let query = sqlx::query_scalar(AssertSqlSafe(query));
                query.fetch_all(self).await.unwrap()
            }
        }
    };
}
database!(PgPool);
database!(SqlitePool);

async fn sql_is_bound(store: impl Store, database: impl Database) {
    for (name, change) in [
        ("moved", "key = 'bound/other'"),
        ("version", "version = version + 1"),
        ("expiry", "expires = expires + 1"),
    ] {
        let key = format!("bound/{name}");
        let written = store.compare_exchange(&key, None, Some(record("secret", 1)));
        assert!(written.await.unwrap());
        assert_eq!(store.load(&key).await.unwrap().unwrap().expose(), b"secret");
        let change = format!("update weixin_store set {change} where key = '{key}'");
        assert_eq!(database.change(change).await, 1);
        let moved = if name == "moved" { "bound/other" } else { &key };
        does_not_open(&store, moved).await;
    }
    // Nothing of it is readable.
    let values = database.values("key like 'bound/%'").await;
    assert_eq!(values.len(), 3);
    for sealed in values {
        assert!(!sealed.windows(6).any(|window| window == b"secret"));
    }
}

#[tokio::test]
async fn a_value_in_sqlite_opens_with_its_own_key_version_and_expiry_only() {
    let (_directory, url) = file();
    let store = sqlite(&url).await;
    sql_is_bound(store, SqlitePool::connect(&url).await.unwrap()).await;
}

#[tokio::test]
async fn a_value_in_postgres_opens_with_its_own_key_version_and_expiry_only() {
    sql_is_bound(postgres().await, postgres_pool().await).await;
}

#[tokio::test]
async fn a_value_in_redis_opens_with_its_own_key_version_and_expiry_only() {
    let url = service("WEIXIN_TEST_REDIS");
    let store = RedisStore::connect(&url, keys()).await.unwrap();
    let client = redis::Client::open(url).unwrap();
    let mut database: MultiplexedConnection =
        client.get_multiplexed_async_connection().await.unwrap();
    for (name, change) in [
        (
            "moved",
            &["RENAME", "weixin:bound/moved", "weixin:bound/other"][..],
        ),
        (
            "version",
            &["HINCRBY", "weixin:bound/version", "version", "1"],
        ),
        (
            "expiry",
            &["HINCRBY", "weixin:bound/expiry", "expires", "1"],
        ),
    ] {
        let key = format!("bound/{name}");
        let written = store.compare_exchange(&key, None, Some(record("secret", 1)));
        assert!(written.await.unwrap());
        let mut command = redis::cmd(change[0]);
        command
            .arg(&change[1..])
            .exec_async(&mut database)
            .await
            .unwrap();
        let moved = if name == "moved" { "bound/other" } else { &key };
        does_not_open(&store, moved).await;
        let sealed: Vec<u8> = redis::cmd("HGET")
            .arg(format!("weixin:{moved}"))
            .arg("value")
            .query_async(&mut database)
            .await
            .unwrap();
        assert!(!sealed.windows(6).any(|window| window == b"secret"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_that_open_one_sqlite_file_and_write_to_it_at_once_do_not_fail() {
    let (_directory, url) = file();
    let servers: Vec<_> = (0..8)
        .map(|server| {
            let url = url.clone();
            tokio::spawn(async move {
                let store = sqlite(&url).await;
                for n in 0..50 {
                    let key = format!("{server}/{n}");
                    let written = store.compare_exchange(&key, None, Some(record("x", 1)));
                    assert!(written.await.unwrap());
                    let key = format!("shared/{n}");
                    let written = store.compare_exchange(&key, None, Some(record("x", 1)));
                    written.await.unwrap();
                    assert!(store.load(&key).await.unwrap().is_some());
                }
            })
        })
        .collect();
    for server in servers {
        server.await.unwrap();
    }
}

#[tokio::test]
async fn an_sqlite_file_is_in_wal_mode() {
    let (_directory, url) = file();
    let _store = sqlite(&url).await;
    let database = SqlitePool::connect(&url).await.unwrap();
    let mode: String = sqlx::query_scalar("pragma journal_mode")
        .fetch_one(&database)
        .await
        .unwrap();
    assert_eq!(mode, "wal");
}
