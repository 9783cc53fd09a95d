//! One conformance suite for every store, on real servers.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test")]

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use redis::aio::MultiplexedConnection;
use sqlx::{AnyPool, Row, any::install_default_drivers};
use tempfile::TempDir;
use weixin::{MemoryStore, Record, RedisStore, SqlStore, Store, StoreKeys, Version};

const KEY: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

/// How many callers there are at once.
const CROWD: i64 = 100;

fn service(variable: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| {
        panic!("{variable} is not set: run by ./scripts/test or scripts/with-services")
    })
}

fn keys() -> StoreKeys {
    StoreKeys::new(KEY).unwrap()
}

async fn sql(url: &str) -> SqlStore {
    SqlStore::connect(url, keys()).await.unwrap()
}

/// A database file of the test's own.
fn file() -> (TempDir, String) {
    let directory = TempDir::new().unwrap();
    let url = format!(
        "sqlite:{}?mode=rwc",
        directory.path().join("store.db").display()
    );
    (directory, url)
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_conforms() {
    conforms(MemoryStore::new(), "").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_in_memory_conforms() {
    conforms(sql("sqlite::memory:").await, "").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_sqlite_file_conforms() {
    let (_directory, url) = file();
    conforms(sql(&url).await, "").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_conforms() {
    let url = service("WEIXIN_TEST_POSTGRES");
    conforms(sql(&url).await, "conforms/").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_conforms() {
    let url = service("WEIXIN_TEST_REDIS");
    let store = RedisStore::connect(&url, keys()).await.unwrap();
    conforms(store, "conforms/").await;
}

/// What the documentation of [`Store`] promises; the keys begin with `prefix`, where others share the server.
async fn conforms(store: impl Store + 'static, prefix: &str) {
    let suite = Suite {
        store: Arc::new(store),
        prefix: prefix.to_owned(),
    };
    suite.a_record_is_replaced_by_its_version_only().await;
    suite.of_a_crowd_one_writes().await;
    suite.what_is_kept_comes_back_as_it_was().await;
    suite.what_has_expired_is_removed_and_nothing_else().await;
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
    Record::new(value.into(), version.into(), later())
}

impl<S: Store + 'static> Suite<S> {
    fn key(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// Version and value.
    async fn found(&self, key: &str) -> Option<(i64, Vec<u8>)> {
        let record = self.store.load(key).await.unwrap()?;
        Some((record.version.number(), record.expose().to_vec()))
    }

    async fn replace(&self, key: &str, expected: Option<i64>, record: Option<Record>) -> bool {
        let expected = expected.map(Version::from);
        self.store.replace(key, expected, record).await.unwrap()
    }

    #[expect(clippy::cognitive_complexity, reason = "one story, told in order")]
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

    /// How many of the crowd were told that they have done it, and the number of the last of them.
    async fn crowd(&self, expected: Option<i64>, removes: bool) -> Vec<i64> {
        let callers: Vec<_> = (100..100 + CROWD)
            .map(|n| {
                let (store, key) = (Arc::clone(&self.store), self.key("crowd"));
                let new = (!removes).then(|| record(&n.to_string(), n));
                let expected = expected.map(Version::from);
                let written = async move { store.replace(&key, expected, new).await.unwrap() };
                (n, tokio::spawn(written))
            })
            .collect();
        let mut winners = Vec::new();
        for (n, caller) in callers {
            if caller.await.unwrap() {
                winners.push(n);
            }
        }
        winners
    }

    async fn of_a_crowd_one_writes(&self) {
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

    async fn what_is_kept_comes_back_as_it_was(&self) {
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
            let key = &self.key(&format!("kept/{key}"));
            for (value, version, expires) in [
                (&b""[..], i64::MIN, later()),
                (&binary, i64::MAX, far),
                (format!("{n}").as_bytes(), -1, later()),
            ] {
                let before = self.found(key).await.map(|(version, _)| version);
                let new = Record::new(value.to_vec(), version.into(), expires);
                assert!(self.replace(key, before, Some(new)).await);
                let found = self.store.load(key).await.unwrap().unwrap();
                assert_eq!((found.expose(), found.version.number()), (value, version));
                let difference = expires.duration_since(found.expires).unwrap();
                assert!(difference < Duration::from_secs(1), "{difference:?}");
            }
        }
        // Each has its own.
        for (n, key) in keys.into_iter().enumerate() {
            let key = &self.key(&format!("kept/{key}"));
            assert_eq!(
                self.found(key).await,
                Some((-1, n.to_string().into_bytes()))
            );
        }
    }

    async fn what_has_expired_is_removed_and_nothing_else(&self) {
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
            let new = Record::new(b"x".to_vec(), 1.into(), expires);
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

async fn sql_is_bound(url: &str) {
    install_default_drivers();
    let store = sql(url).await;
    let database = AnyPool::connect(url).await.unwrap();
    for (name, change) in [
        ("moved", "key = 'bound/other'"),
        ("version", "version = version + 1"),
        ("expiry", "expires = expires + 1"),
    ] {
        let key = format!("bound/{name}");
        store
            .replace(&key, None, Some(record("secret", 1)))
            .await
            .unwrap();
        assert_eq!(store.load(&key).await.unwrap().unwrap().expose(), b"secret");
        let change = format!("update weixin_store set {change} where key = '{key}'");
        let changed = sqlx::query(sqlx::AssertSqlSafe(change))
            .execute(&database)
            .await
            .unwrap();
        assert_eq!(changed.rows_affected(), 1);
        let moved = if name == "moved" { "bound/other" } else { &key };
        does_not_open(&store, moved).await;
    }
    // Nothing of it is readable.
    let rows = sqlx::query("select value from weixin_store where key like 'bound/%'");
    let rows = rows.fetch_all(&database).await.unwrap();
    assert_eq!(rows.len(), 3);
    for row in rows {
        let sealed: Vec<u8> = row.get(0);
        assert!(!sealed.windows(6).any(|window| window == b"secret"));
    }
}

#[tokio::test]
async fn a_value_in_sqlite_opens_with_its_own_key_version_and_expiry_only() {
    let (_directory, url) = file();
    sql_is_bound(&url).await;
}

#[tokio::test]
async fn a_value_in_postgres_opens_with_its_own_key_version_and_expiry_only() {
    sql_is_bound(&service("WEIXIN_TEST_POSTGRES")).await;
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
        store
            .replace(&key, None, Some(record("secret", 1)))
            .await
            .unwrap();
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
                let store = sql(&url).await;
                for n in 0..50 {
                    let key = format!("{server}/{n}");
                    let written = store.replace(&key, None, Some(record("x", 1))).await;
                    assert!(written.unwrap());
                    let key = format!("shared/{n}");
                    store
                        .replace(&key, None, Some(record("x", 1)))
                        .await
                        .unwrap();
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
    let _store = sql(&url).await;
    let database = AnyPool::connect(&url).await.unwrap();
    let mode: String = sqlx::query_scalar("pragma journal_mode")
        .fetch_one(&database)
        .await
        .unwrap();
    assert_eq!(mode, "wal");
}
