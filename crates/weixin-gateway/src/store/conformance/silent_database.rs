//! A PostgreSQL that does not respond. To what uses the table, a lock is the same as a server that has vanished with its address.

use std::{fmt::Debug, future::poll_fn, pin::pin, task::Poll, time::Duration};

use tokio::{net::TcpListener, task::JoinHandle, time::timeout};

use super::{
    copies,
    fixture::{Fixture, Held, START, client},
};
use crate::{
    error_text::causes,
    store::{Durability, Store, StoreError, StoredClient, Undo, clients, copy::copy},
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

/// All connections, which wait for the lock. Time stands still.
async fn waiting<T>(
    task: impl Fn(&Fixture) -> JoinHandle<T>,
) -> (Fixture, Held, Vec<JoinHandle<T>>) {
    let fixture = Fixture::postgres().await;
    let held = fixture.hold(LOCK).await;
    let tasks = (0..ALL).map(|_| task(&fixture)).collect();
    fixture.blocked_by(&held, ALL).await;
    tokio::time::pause();
    (fixture, held, tasks)
}

/// All end after so many seconds, and no sooner.
async fn end_after<T: Debug>(seconds: u64, tasks: Vec<JoinHandle<Result<T, StoreError>>>) {
    tokio::time::advance(Duration::from_secs(seconds - 1)).await;
    assert!(!tasks.iter().any(JoinHandle::is_finished));
    for task in tasks {
        let done = timeout(Duration::from_secs(2), task).await.unwrap();
        let error = causes(&done.unwrap().unwrap_err());
        assert!(error.ends_with("the database does not respond"), "{error}");
    }
}

/// Browsers that were closed meanwhile.
async fn go_away<T: Debug>(tasks: Vec<JoinHandle<T>>) {
    for task in tasks {
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());
    }
    // So that the release has begun.
    tokio::task::yield_now().await;
    tokio::time::advance(Duration::from_secs(11)).await;
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
    let (fixture, held, reads) = waiting(read).await;
    end_after(20, reads).await;
    store_works(&fixture).await;
    held.rollback().await;
    assert_eq!(fixture.store.clients().await.unwrap(), []);
}

#[tokio::test]
async fn reads_whose_callers_are_gone_give_their_connections_up() {
    let (fixture, held, reads) = waiting(read).await;
    go_away(reads).await;
    store_works(&fixture).await;
    held.rollback().await;
}

#[tokio::test]
async fn a_write_without_a_response_ends() {
    let (fixture, held, writes) = waiting(write).await;
    end_after(30, writes).await;
    store_works(&fixture).await;
    held.rollback().await;
}

/// The process ends within its time.
#[tokio::test]
async fn a_store_closes_while_writes_wait() {
    let (fixture, _held, writes) = waiting(write).await;
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
    let (fixture, held, reads) = waiting(read).await;
    go_away(reads).await;
    tokio::time::resume();
    fixture.blocked_by_none(&held).await;
    held.rollback().await;
}

/// A copy whose statement waits for this lock ends after five minutes, and no sooner: the error.
async fn error_of_copy(from: &str, to: &str, lock: &str) -> String {
    let fixture = Fixture::postgres().await;
    let held = fixture.hold(lock).await;
    let mut copied = pin!(copy(from, to, |_| {}));
    tokio::select! {
        done = &mut copied => panic!("{done:?}"),
        () = fixture.blocked_by(&held, 1) => {}
    }
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(299)).await;
    let early = poll_fn(|context| Poll::Ready(copied.as_mut().poll(context)));
    assert!(early.await.is_pending());
    tokio::time::advance(Duration::from_secs(2)).await;
    // SQLite's file is closed by another thread.
    tokio::time::resume();
    let error = causes(&copied.await.unwrap_err());
    held.rollback().await;
    error
}

/// A table of the schema that this URL names.
fn table(url: &str, name: &str) -> String {
    let (_, schema) = url.rsplit_once('=').unwrap();
    format!("lock table {schema}.{name}")
}

#[tokio::test]
async fn a_copy_to_a_database_without_a_response_ends() {
    let (sqlite, postgres) = (Fixture::sqlite().await, Fixture::postgres().await);
    let from = copies::closed_sqlite(&sqlite).await;
    assert_eq!(
        error_of_copy(&from, &postgres.url, &table(&postgres.url, "audit")).await,
        "the target cannot be written: the database failed: error communicating with database: the database does not respond"
    );
}

#[tokio::test]
async fn a_copy_from_a_database_without_a_response_ends() {
    let sqlite = Fixture::sqlite().await;
    let (from, to) = (
        copies::schema_of_a_user().await,
        sqlite.empty_database().await,
    );
    Store::open(&from).await.unwrap().close().await;
    for (name, reason) in [
        ("_sqlx_migrations", "the database cannot be opened"),
        ("audit", "the database failed"),
    ] {
        assert_eq!(
            error_of_copy(&from, &to, &table(&from, name)).await,
            format!(
                "the store cannot be read: {reason}: error communicating with database: the database does not respond"
            )
        );
    }
}
