//! A PostgreSQL that does not respond. To what uses the table, a lock is the same as a server that has vanished with its address.

use std::time::Duration;

use tokio::{net::TcpListener, task::JoinHandle, time::timeout};

use super::fixture::{Fixture, Held, START, client};
use crate::{
    error_text::causes,
    store::{Durability, Store, StoreError, StoredClient, Undo, clients},
};

/// As many as the pool has connections, without those of the lock and of the test.
const ALL: i64 = 14;

const LOCK: &str = "lock table clients";

type Read = Result<Vec<StoredClient>, StoreError>;

fn read(fixture: &Fixture) -> JoinHandle<Read> {
    let store = fixture.store.clone();
    tokio::spawn(async move { store.clients().await })
}

fn write(fixture: &Fixture) -> JoinHandle<Result<bool, StoreError>> {
    let store = fixture.store.clone();
    tokio::spawn(async move {
        let write = store.write(Durability::Durable, Undo::Nothing, |connection| {
            Box::pin(async { clients::set_disabled(connection, &client(), true, START).await })
        });
        write.await
    })
}

/// Until all wait for the lock. Time stands still from then on.
async fn all_wait(fixture: &Fixture, held: &Held) {
    fixture.blocked_by(held, ALL).await;
    tokio::time::pause();
}

/// The store has connections again, although the lock is still held. Time goes on.
async fn store_works(fixture: &Fixture) {
    tokio::time::resume();
    for _ in 0..=ALL {
        fixture.store.check().await.unwrap();
    }
}

/// What waits for it, such as a request, has longer.
#[tokio::test]
async fn a_read_without_a_response_ends() {
    let fixture = Fixture::postgres().await;
    let held = fixture.hold(LOCK).await;
    let reads: Vec<_> = (0..ALL).map(|_| read(&fixture)).collect();
    all_wait(&fixture, &held).await;
    tokio::time::advance(Duration::from_secs(19)).await;
    assert!(!reads.iter().any(JoinHandle::is_finished));
    for read in reads {
        let read = timeout(Duration::from_secs(2), read).await.unwrap();
        let error = causes(&read.unwrap().unwrap_err());
        assert!(error.ends_with("the database does not respond"), "{error}");
    }
    store_works(&fixture).await;
    held.rollback().await;
    assert_eq!(fixture.store.clients().await.unwrap(), []);
}

/// Browsers that were closed meanwhile.
#[tokio::test]
async fn reads_whose_callers_are_gone_give_their_connections_up() {
    let fixture = Fixture::postgres().await;
    let held = fixture.hold(LOCK).await;
    let reads: Vec<_> = (0..ALL).map(|_| read(&fixture)).collect();
    all_wait(&fixture, &held).await;
    for read in reads {
        read.abort();
        assert!(read.await.unwrap_err().is_cancelled());
    }
    // So that the release has begun.
    tokio::task::yield_now().await;
    tokio::time::advance(Duration::from_secs(11)).await;
    store_works(&fixture).await;
    held.rollback().await;
}

#[tokio::test]
async fn a_write_without_a_response_ends() {
    let fixture = Fixture::postgres().await;
    let held = fixture.hold(LOCK).await;
    let writes: Vec<_> = (0..ALL).map(|_| write(&fixture)).collect();
    all_wait(&fixture, &held).await;
    tokio::time::advance(Duration::from_secs(29)).await;
    assert!(!writes.iter().any(JoinHandle::is_finished));
    for write in writes {
        let write = timeout(Duration::from_secs(2), write).await.unwrap();
        let error = causes(&write.unwrap().unwrap_err());
        assert!(error.ends_with("the database does not respond"), "{error}");
    }
    store_works(&fixture).await;
    held.rollback().await;
}

/// The process ends within its time.
#[tokio::test]
async fn a_store_closes_while_writes_wait() {
    let fixture = Fixture::postgres().await;
    let held = fixture.hold(LOCK).await;
    let writes: Vec<_> = (0..ALL).map(|_| write(&fixture)).collect();
    all_wait(&fixture, &held).await;
    let closed = timeout(Duration::from_secs(21), fixture.store.close());
    closed.await.unwrap();
    assert!(!writes.iter().any(JoinHandle::is_finished));
}

#[tokio::test]
async fn a_server_that_says_nothing_is_not_waited_for() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("postgres://weixin@{}/weixin", silent.local_addr().unwrap());
    sqlx::any::install_default_drivers();
    tokio::time::pause();
    let error = Store::open(&url).await.unwrap_err();
    assert_eq!(
        causes(&error),
        "the database cannot be opened: error communicating with database: the database does not respond"
    );
}

/// Else they would be all that the server can have, for all of its programs.
#[tokio::test]
async fn the_server_ends_a_connection_that_was_given_up() {
    let fixture = Fixture::postgres().await;
    let held = fixture.hold(LOCK).await;
    let reads: Vec<_> = (0..ALL).map(|_| read(&fixture)).collect();
    all_wait(&fixture, &held).await;
    for read in reads {
        read.abort();
    }
    tokio::task::yield_now().await;
    tokio::time::advance(Duration::from_secs(11)).await;
    tokio::time::resume();
    fixture.blocked_by_none(&held).await;
    held.rollback().await;
}
