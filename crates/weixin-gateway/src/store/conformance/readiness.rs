//! What `/readyz` asks the store.

use std::sync::{Arc, atomic::Ordering};

use futures_util::future::join_all;
use weixin::clock::SystemClock;

use super::{fixture::Fixture, on_each_database};
use crate::readiness::Readiness;

/// Everyone can open it, as often as they like.
async fn many_checks_at_once_ask_the_store_once(fixture: Fixture) {
    let readiness = Readiness::new(Arc::new(SystemClock));
    let commits = || fixture.store.commits().relaxed.load(Ordering::Relaxed);
    let before = commits();
    let checks = (0..100).map(|_| readiness.check_store(&fixture.store));
    for checked in join_all(checks).await {
        checked.unwrap();
    }
    assert_eq!(commits() - before, 1);
}

on_each_database![many_checks_at_once_ask_the_store_once];
