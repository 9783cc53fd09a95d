//! A login and its event: neither is stored without the other.

use super::{
    fixture::{APP, Fixture, OTHER_APP, START, id, ids, ids_in, later, login, silent_login},
    on_each_database,
};
use crate::{
    oidc::GrantId,
    store::StoreError,
    upstream::{link::NewLogin, login_outcome::LoginOutcome, silent},
};

on_each_database!(
    each_outcome_has_its_event,
    a_login_whose_event_cannot_be_stored_changes_nothing,
    each_disabled_user_at_a_request_has_an_event,
);

/// Logins that create a user, find it, give it another ID, create a second one, and merge both.
fn logins() -> [NewLogin; 5] {
    let ids = [
        ids("oAlice", None),
        ids("oAlice", None),
        ids("oAlice", Some("uAlice")),
        ids_in(OTHER_APP, "oOther", None),
        ids_in(OTHER_APP, "oOther", Some("uAlice")),
    ];
    ids.map(|ids| login(&ids, None, START))
}

async fn log_in_silently(fixture: &Fixture) -> Result<bool, StoreError> {
    let login = silent_login(&ids("oAlice", Some("uAlice")), None);
    let session = silent::log_in(&fixture.store, login);
    Ok(session.await?.is_some())
}

async fn events(fixture: &Fixture) -> Vec<String> {
    let events = "select event from audit order by at, event";
    let query = sqlx::query_scalar(events).fetch_all(fixture.store.pool());
    query.await.unwrap()
}

/// The rows that a login writes. Each login counts as a change of `last_seen_at` too.
async fn rows(fixture: &Fixture) -> [i64; 4] {
    let mut counts = [0; 4];
    for (count, sql) in counts.iter_mut().zip([
        "select count(*) from users",
        "select count(*) from users where merged_into is not null",
        "select count(*) from identities",
        "select count(*) from sessions",
    ]) {
        *count = fixture.count(sql).await;
    }
    counts
}

/// A silent login needs a client that knows the user.
async fn known_to_the_client(fixture: &Fixture) {
    let session = fixture.session("oAlice", START).await;
    fixture
        .redeem(&session, id(GrantId::from_bytes), START)
        .await;
}

async fn each_outcome_has_its_event(fixture: Fixture) {
    for login in logins() {
        fixture.log_in(login).await.unwrap();
    }
    known_to_the_client(&fixture).await;
    assert!(log_in_silently(&fixture).await.unwrap());
    let contradicting = login(&ids_in(APP, "oAlice", Some("uMallory")), None, later(61));
    let conflict = fixture.log_in(contradicting).await.unwrap();
    assert!(
        matches!(conflict, LoginOutcome::Conflict(_)),
        "{conflict:?}"
    );
    fixture.execute("update users set disabled_at = 1").await;
    let disabled = login(&ids("oAlice", None), None, later(62));
    fixture.log_in(disabled).await.unwrap();
    let expected = [
        "login.ok",
        "login.ok",
        "login.ok",
        "user.created",
        "user.created",
        "user.merged",
        "login.silent",
        "user.conflict",
        "login.rejected",
    ];
    assert_eq!(events(&fixture).await, expected);
}

async fn a_login_whose_event_cannot_be_stored_changes_nothing(fixture: Fixture) {
    for login in logins() {
        assert_changes_nothing(&fixture, login).await;
    }
    known_to_the_client(&fixture).await;
    let before = rows(&fixture).await;
    fixture.execute("alter table audit rename to away").await;
    let failed = log_in_silently(&fixture).await;
    assert!(matches!(failed, Err(StoreError::Database(_))), "{failed:?}");
    assert_eq!(rows(&fixture).await, before);
}

/// A login fails without the table of the events, and succeeds with it.
async fn assert_changes_nothing(fixture: &Fixture, login: NewLogin) {
    let before = rows(fixture).await;
    fixture.execute("alter table audit rename to away").await;
    let again = super::fixture::login(&login.ids, None, START);
    let failed = fixture.log_in(login).await;
    assert!(matches!(failed, Err(StoreError::Database(_))), "{failed:?}");
    assert_eq!(rows(fixture).await, before);
    fixture.execute("alter table away rename to audit").await;
    fixture.log_in(again).await.unwrap();
    assert_ne!(rows(fixture).await, before);
}

/// Two browsers can be sent to WeChat for one request, and a user may try again.
async fn each_disabled_user_at_a_request_has_an_event(fixture: Fixture) {
    let mut users = Vec::new();
    for openid in ["oAlice", "oBob"] {
        users.push(fixture.session(openid, START).await.user.to_string());
    }
    fixture.execute("update users set disabled_at = 1").await;
    let request = login(&ids("oAlice", None), None, START).session.request;
    for openid in ["oAlice", "oBob", "oAlice"] {
        let mut rejected = login(&ids(openid, None), None, later(1));
        rejected.session.request = request;
        let outcome = fixture.log_in(rejected).await.unwrap();
        assert!(matches!(outcome, LoginOutcome::Disabled(_)), "{outcome:?}");
    }
    let rejected = "select user_id from audit where event = 'login.rejected' order by user_id";
    let query = sqlx::query_scalar(rejected).fetch_all(fixture.store.pool());
    let recorded: Vec<String> = query.await.unwrap();
    let sorted = |mut users: Vec<String>| {
        users.sort();
        users
    };
    assert_eq!(sorted(recorded), sorted(users));
}
