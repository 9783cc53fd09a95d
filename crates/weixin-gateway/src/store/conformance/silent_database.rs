//! A PostgreSQL that does not respond. To a read, a lock is the same as a server that has vanished with its address.

use std::time::Duration;

use super::fixture::Fixture;
use crate::error_text::causes;

#[tokio::test]
async fn a_read_ends_after_a_minute_and_the_next_one_has_another_connection() {
    let fixture = Fixture::postgres().await;
    let held = fixture.hold("lock table clients").await;
    let store = fixture.store.clone();
    let read = tokio::spawn(async move { store.clients().await });
    fixture.waiting_for(held.pid, &read).await;
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(59)).await;
    assert!(!read.is_finished());
    let read = tokio::time::timeout(Duration::from_secs(2), read).await;
    let error = read.unwrap().unwrap().unwrap_err();
    tokio::time::resume();
    assert!(
        causes(&error).ends_with("the database does not respond"),
        "{error:?}"
    );
    held.rollback().await;
    assert!(fixture.store.clients().await.unwrap().is_empty());
}
