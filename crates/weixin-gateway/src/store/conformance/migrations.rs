//! Tables that are updated while a program of before uses them.

use std::time::Duration;

use sqlx::{AnyConnection, Connection};
use tokio::{
    task::{LocalSet, spawn_local},
    time::timeout,
};

use super::{
    fixture::{Fixture, START, ids, login, session_of},
    on_each_database,
};
use crate::{
    store::{Migrate, OpenError, Store, inspect::StoreState, inspect::inspect, migrations},
    upstream::link,
};

on_each_database!(
    the_program_of_before_goes_on_while_the_tables_are_updated,
    tables_are_left_alone_if_the_configuration_says_so,
);

const INSERT: &str = "insert into users (id, created_at, last_seen_at) values ($1, 1, 1)";
const IDS: &str = "select id from users order by created_at, id";

/// Statements of the first version, on one connection: they stay prepared.
async fn insert(old: &mut AnyConnection, id: &str) {
    let query = sqlx::query(INSERT).bind(id.to_owned());
    query.execute(old).await.unwrap();
}

async fn users(old: &mut AnyConnection) -> Vec<String> {
    sqlx::query_scalar(IDS).fetch_all(old).await.unwrap()
}

async fn the_program_of_before_goes_on_while_the_tables_are_updated(fixture: Fixture) {
    for version in 1..migrations::VERSION {
        update_from(version, &fixture.empty_database().await).await;
    }
}

async fn update_from(version: i64, url: &str) {
    let mut old = AnyConnection::connect(url).await.unwrap();
    migrations::run_until(&mut old, version).await.unwrap();
    insert(&mut old, "a").await;
    assert_eq!(users(&mut old).await, ["a"]);
    assert_state(url, StoreState::Outdated).await;

    let store = Store::open(url).await.unwrap();
    let login = login(&ids("oAlice", None), None, START);
    let alice = session_of(link::log_in(&store, login).await.unwrap());
    insert(&mut old, "b").await;
    let alice = alice.user.to_string();
    assert_eq!(users(&mut old).await, ["a", "b", &alice]);
    assert_state(url, StoreState::Current).await;
    store.close().await;
}

async fn assert_state(url: &str, expected: StoreState) {
    assert_eq!(inspect(url).await.unwrap(), expected);
}

async fn tables_are_left_alone_if_the_configuration_says_so(fixture: Fixture) {
    let url = fixture.empty_database().await;
    let error = Store::open_with(&url, Migrate::Never).await.unwrap_err();
    assert!(matches!(error, OpenError::Outdated), "{error:?}");
    // So does a command.
    let error = Store::open_beside(&url, Migrate::Never).await.unwrap_err();
    assert!(matches!(error, OpenError::Outdated), "{error:?}");
    assert_ne!(inspect(&url).await.unwrap(), StoreState::Current);
    Store::open(&url).await.unwrap().close().await;
    let store = Store::open_with(&url, Migrate::Never).await.unwrap();
    store.check().await.unwrap();
    store.close().await;
}

/// A backup reads all tables in one transaction. Beside it, a migration that changes a table waits; the nodes must not.
#[tokio::test]
async fn the_nodes_go_on_while_a_migration_of_postgresql_waits_for_a_backup() {
    let fixture = Fixture::postgres().await;
    let url = fixture.empty_database().await;
    let mut old = AnyConnection::connect(&url).await.unwrap();
    let before = migrations::VERSION - 1;
    migrations::run_until(&mut old, before).await.unwrap();
    let mut backup = AnyConnection::connect(&url).await.unwrap();
    let mut backup = backup.begin().await.unwrap();
    assert_eq!(sessions(&mut backup).await, 0);
    let pid = sqlx::query_scalar("select pg_backend_pid()::bigint");
    let pid: i64 = pid.fetch_one(&mut *backup).await.unwrap();
    let work = async move {
        let migrating = spawn_local(async move { Store::open(&url).await.unwrap() });
        for _ in 0..2 {
            fixture.waiting_for(pid, &migrating).await;
            let read = timeout(Duration::from_secs(30), sessions(&mut old)).await;
            assert_eq!(read.expect("it waits for the migration"), 0);
        }
        backup.rollback().await.unwrap();
        let store = migrating.await.unwrap();
        store.check().await.unwrap();
        store.close().await;
    };
    LocalSet::new().run_until(work).await;
}

async fn sessions(connection: &mut AnyConnection) -> i64 {
    let count = sqlx::query_scalar("select count(*) from sessions");
    count.fetch_one(connection).await.unwrap()
}

#[tokio::test]
async fn a_replica_of_postgresql_is_not_ready() {
    let fixture = Fixture::postgres().await;
    fixture.store.check().await.unwrap();
    let url = format!("{}&options[default_transaction_read_only]=on", fixture.url);
    let replica = Store::open_with(&url, Migrate::Never).await.unwrap();
    replica.check().await.unwrap_err();
}
