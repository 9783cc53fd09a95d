//! What a thief of the database finds of a user who was forgotten.

use std::fs;

use futures_util::future::join_all;
use sqlx::{AnyConnection, AssertSqlSafe, Connection};

use super::{
    fixture::{APP, Fixture, OTHER_APP, START, id, ids_in, later, login, new_grant, session_of},
    on_each_database,
};
use crate::{
    audit::{Event, EventKind},
    oidc::{GrantId, Profile, Session, UserId},
    store::{Durability, Migrate, Store, Undo, audit::EventId, forget::Removed, merges::Merge},
};

on_each_database!(
    a_thief_of_the_database_finds_nothing_of_a_forgotten_user,
    events_of_others_do_not_name_a_forgotten_user,
);

const OPENID: &str = "oForgottenOpenIdOfTheWebsite";
const OTHER_OPENID: &str = "oForgottenOpenIdOfTheAccount";
const UNIONID: &str = "uForgottenUnionId";
const OLD_NAME: &str = "Forgotten nickname, longer than the next one";
const NAME: &str = "Forgotten nickname";
const PICTURE: &str = "https://thirdwx.qlogo.cn/forgotten/132";

async fn log_in(fixture: &Fixture, app: &str, openid: &str, unionid: Option<&str>) -> Session {
    let login = login(&ids_in(app, openid, unionid), None, START);
    session_of(fixture.log_in(login).await.unwrap())
}

/// Enough users for pages that are split, some of them before and after the forgotten one in each index.
async fn other_users(fixture: &Fixture, name: &str) {
    let names: Vec<_> = (0..150).map(|it| format!("o{it:03}Forgo{name}")).collect();
    join_all(
        names
            .iter()
            .map(|name| log_in(fixture, APP, name, Some(name))),
    )
    .await;
}

async fn named(fixture: &Fixture, user: UserId, nickname: &str) {
    let profile = Profile {
        nickname: Some(nickname.to_owned()),
        picture: Some(PICTURE.to_owned()),
        read_at: Some(START),
    };
    let updated = fixture.store.update_profile(user, profile);
    updated.await.unwrap();
}

async fn merged(fixture: &Fixture, kept: UserId, absorbed: UserId) {
    let work = fixture
        .store
        .write(Durability::Durable, Undo::Savepoint, move |connection| {
            Box::pin(async move { Merge { kept, absorbed }.store(connection, later(1)).await })
        });
    work.await.unwrap();
}

async fn record(fixture: &Fixture, kind: EventKind, user: Option<UserId>, detail: &[UserId]) {
    let detail: Vec<_> = detail.iter().map(ToString::to_string).collect();
    let detail = Some(detail.join(" "));
    let event = Event {
        user,
        detail,
        ..Event::new(START, kind)
    };
    fixture.store.record(event).await.unwrap();
}

/// As the command does.
async fn forget(fixture: &Fixture, user: UserId) -> Removed {
    let event = Event {
        user: Some(user),
        ..Event::new(later(2), EventKind::UserForgotten)
    };
    let beside = Store::open_beside(&fixture.url, Migrate::Run)
        .await
        .unwrap();
    let event = (EventId::random().unwrap(), event);
    beside.forget(user, event, later(2)).await.unwrap()
}

/// A user with all that is stored about one, and another who was merged into it.
async fn merged_user(fixture: &Fixture) -> (UserId, UserId) {
    other_users(fixture, "Before").await;
    let kept = log_in(fixture, APP, OPENID, Some(UNIONID)).await;
    let absorbed = log_in(fixture, OTHER_APP, OTHER_OPENID, None).await.user;
    for name in [OLD_NAME, NAME] {
        named(fixture, kept.user, name).await;
        named(fixture, absorbed, name).await;
    }
    let grant = new_grant(&kept, id(GrantId::from_bytes), START);
    fixture.redeem_grant(grant).await;
    merged(fixture, kept.user, absorbed).await;
    other_users(fixture, "After").await;
    (kept.user, absorbed)
}

async fn a_thief_of_the_database_finds_nothing_of_a_forgotten_user(fixture: Fixture) {
    let (kept, absorbed) = merged_user(&fixture).await;
    let texts = [OPENID, OTHER_OPENID, UNIONID, OLD_NAME, NAME, PICTURE];
    let mut texts = texts.map(str::to_owned).to_vec();
    texts.push(absorbed.to_string());
    let is_old = |text: &&String| *text != OLD_NAME;
    let present: Vec<_> = texts.iter().filter(is_old).cloned().collect();
    let found = stolen(&fixture).await.find(&texts);
    assert!(present.iter().all(|text| found.contains(text)), "{found:?}");
    forget(&fixture, kept).await;
    let none: [&str; 0] = [];
    assert_eq!(stolen(&fixture).await.find(&texts), none);
    // The client must learn that the session has ended, and the operator must be able to prove the removal.
    assert_eq!(
        rows_with(&fixture, &kept.to_string()).await,
        ["audit", "logouts"]
    );
}

async fn events_of_others_do_not_name_a_forgotten_user(fixture: Fixture) {
    let mut users = Vec::new();
    for name in ["oAlice", "oBob", "oCarol"] {
        users.push(log_in(&fixture, APP, name, None).await.user);
    }
    let [alice, bob, carol] = users[..] else {
        panic!("three users")
    };
    record(&fixture, EventKind::UserConflict, None, &[bob, alice]).await;
    record(&fixture, EventKind::UserMerged, Some(bob), &[alice]).await;
    record(&fixture, EventKind::UserSplit, Some(carol), &[alice]).await;
    record(&fixture, EventKind::UserSplit, Some(carol), &[bob]).await;
    forget(&fixture, alice).await;
    let events = "select event || ' ' || coalesce(user_id, '-') || ' ' || detail from audit
        where detail is not null order by event, detail";
    let query = sqlx::query_scalar(events).fetch_all(fixture.store.pool());
    let mut expected = [
        format!("user.conflict - {bob} forgotten"),
        format!("user.merged {bob} forgotten"),
        format!("user.split {carol} forgotten"),
        format!("user.split {carol} {bob}"),
    ];
    expected.sort();
    let mut events: Vec<String> = query.await.unwrap();
    events.sort();
    assert_eq!(events, expected);
}

/// What a thief has: the bytes of each file of SQLite, or the text of each row of PostgreSQL.
struct Stolen(Vec<String>);

impl Stolen {
    fn find(&self, texts: &[String]) -> Vec<String> {
        let is_there = |text: &&String| self.0.iter().any(|it| it.contains(text.as_str()));
        texts.iter().filter(is_there).cloned().collect()
    }
}

async fn stolen(fixture: &Fixture) -> Stolen {
    if fixture.url.starts_with("postgres") {
        let tables = tables(fixture).await;
        return Stolen(tables.into_iter().flat_map(|(_, rows)| rows).collect());
    }
    let files = fs::read_dir(fixture.directory.path()).unwrap();
    let bytes = files.map(|file| fs::read(file.unwrap().path()).unwrap());
    Stolen(
        bytes
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .collect(),
    )
}

/// Each table, with the text of its rows.
async fn tables(fixture: &Fixture) -> Vec<(String, Vec<String>)> {
    let mut connection = AnyConnection::connect(&fixture.url).await.unwrap();
    let names = "select cast(table_name as text) from information_schema.tables
        where table_schema = current_schema() order by 1";
    let names: Vec<String> = sqlx::query_scalar(names)
        .fetch_all(&mut connection)
        .await
        .unwrap();
    assert!(names.len() > 10, "{names:?}");
    let mut tables = Vec::new();
    for name in names {
        let rows = AssertSqlSafe(format!("select cast(it as text) from {name} it"));
        let rows = sqlx::query_scalar(rows).fetch_all(&mut connection).await;
        tables.push((name, rows.unwrap()));
    }
    tables
}

/// The tables that have a text in a column where an ID may be.
async fn rows_with(fixture: &Fixture, text: &str) -> Vec<&'static str> {
    let columns = [
        (
            "audit",
            "select count(*) from audit where user_id = $1 and event = 'user.forgotten'",
        ),
        (
            "consents",
            "select count(*) from consents where user_id = $1",
        ),
        (
            "grants",
            "select count(*) from grants where $1 in (user_id, sub)",
        ),
        (
            "identities",
            "select count(*) from identities where user_id = $1",
        ),
        ("logouts", "select count(*) from logouts where sub = $1"),
        (
            "sessions",
            "select count(*) from sessions where user_id = $1",
        ),
        (
            "subjects",
            "select count(*) from subjects where $1 in (user_id, sub)",
        ),
        (
            "users",
            "select count(*) from users where $1 in (id, merged_into)",
        ),
    ];
    let mut found = Vec::new();
    for (table, sql) in columns {
        let count = sqlx::query_scalar::<_, i64>(sql).bind(text.to_owned());
        if count.fetch_one(fixture.store.pool()).await.unwrap() > 0 {
            found.push(table);
        }
    }
    found
}
