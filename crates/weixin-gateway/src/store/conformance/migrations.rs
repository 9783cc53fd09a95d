//! Tables that are updated while a program of before uses them.

use sqlx::{AnyConnection, Connection};

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

#[tokio::test]
async fn a_replica_of_postgresql_is_not_ready() {
    let fixture = Fixture::postgres().await;
    fixture.store.check().await.unwrap();
    let url = format!("{}&options[default_transaction_read_only]=on", fixture.url);
    let replica = Store::open_with(&url, Migrate::Never).await.unwrap();
    replica.check().await.unwrap_err();
}
