//! One conformance suite for every store, on real servers.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test")]

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use weixin::{MemoryStore, Record, RedisStore, SqlStore, Store, StoreKeys, Version};

const KEY: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

fn service(variable: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| {
        panic!("{variable} is not set: run by ./scripts/test or scripts/with-services")
    })
}

fn keys() -> StoreKeys {
    StoreKeys::new(KEY).unwrap()
}

#[tokio::test]
async fn memory_conforms() {
    conforms(MemoryStore::new()).await;
}

#[tokio::test]
async fn sqlite_conforms() {
    conforms(SqlStore::connect("sqlite::memory:", keys()).await.unwrap()).await;
}

#[tokio::test]
async fn postgres_conforms() {
    let url = service("WEIXIN_TEST_POSTGRES");
    conforms(SqlStore::connect(&url, keys()).await.unwrap()).await;
}

#[tokio::test]
async fn redis_conforms() {
    let url = service("WEIXIN_TEST_REDIS");
    conforms(RedisStore::connect(&url, keys()).await.unwrap()).await;
}

/// What every store must do.
#[expect(clippy::cognitive_complexity, reason = "one story, told in order")]
async fn conforms(store: impl Store + 'static) {
    let store = Arc::new(store);
    let later = SystemTime::UNIX_EPOCH + Duration::from_hours(24 * 365 * 200);
    let record =
        |text: &str| Record::new(text.as_bytes().to_vec(), Version::random().unwrap(), later);
    assert!(store.load("a").await.unwrap().is_none());
    let first = record("one");
    assert!(store.replace("a", None, Some(first.clone())).await.unwrap());
    assert!(!store.replace("a", None, Some(record("two"))).await.unwrap());
    let found = store.load("a").await.unwrap().unwrap();
    assert_eq!(
        (found.expose(), found.version, found.expires),
        (&b"one"[..], first.version, later)
    );
    assert!(store.load("b").await.unwrap().is_none());

    // Of sixteen who expect the same version, one writes.
    let writers: Vec<_> = (0..16)
        .map(|n| {
            let (store, new) = (Arc::clone(&store), record(&n.to_string()));
            let expected = Some(first.version);
            tokio::spawn(async move { store.replace("a", expected, Some(new)).await.unwrap() })
        })
        .collect();
    let mut winners = 0;
    for writer in writers {
        winners += usize::from(writer.await.unwrap());
    }
    assert_eq!(winners, 1);
    assert!(!store.replace("a", Some(first.version), None).await.unwrap());
    let now = store.load("a").await.unwrap().unwrap().version;
    assert!(store.replace("a", Some(now), None).await.unwrap());
    assert!(store.load("a").await.unwrap().is_none());

    let soon = SystemTime::UNIX_EPOCH + Duration::from_hours(1);
    let expired = Record::new(b"x".to_vec(), Version::random().unwrap(), soon);
    store.replace("c", None, Some(expired)).await.unwrap();
    store.remove_expired(soon).await.unwrap();
    assert!(store.load("c").await.unwrap().is_none());
}
