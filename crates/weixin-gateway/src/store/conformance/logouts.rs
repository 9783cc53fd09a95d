//! The end of sessions, and the outbox of logout tokens that follow from it.

use std::time::Duration;

use futures_util::future::join_all;

use super::{
    fixture::{
        Fixture, START, StandingClock, client, id, ids, later, login, new_grant, new_grant_of,
        session_of,
    },
    on_each_database,
};
use crate::{
    oidc::{ClientId, GrantId, Session, SessionId, Subject, Timestamp},
    store::{Store, StoreError, logouts::PendingLogout, session_end::EndReason},
};

on_each_database!(
    a_logout_ends_the_session_and_notes_each_of_its_clients,
    another_user_and_a_second_logout_note_each_client_once,
    a_session_without_clients_ends_in_silence,
    a_logout_token_is_taken_once,
    a_logout_token_is_taken_five_times_within_an_hour,
    a_logout_of_a_merged_user_is_noted_at_the_user_who_is_left,
    what_was_not_delivered_is_removed_and_recorded_after_the_last_attempt,
    what_was_delivered_is_removed,
    what_a_clock_that_was_ahead_has_noted_is_delivered,
);

const EXPIRED: Duration = Duration::from_hours(2);

fn other() -> ClientId {
    "other".parse().unwrap()
}

/// A session in which each of these clients has grants, one of them twice.
async fn session_with_grants(fixture: &Fixture, openid: &str) -> Session {
    let session = fixture.session(openid, START).await;
    for (client, seconds) in [(client(), 0), (client(), 60), (other(), 120)] {
        let grant = id(GrantId::from_bytes);
        let grant = new_grant_of(&client, &session, grant, later(seconds));
        fixture.redeem_grant(grant).await;
    }
    session
}

async fn end(store: &Store, sid: SessionId, now: Timestamp) -> bool {
    let ended = store.end_sessions(vec![sid], Vec::new(), (EndReason::LoggedOut, None), now);
    !ended.await.unwrap().is_empty()
}

/// As the delivery takes them: the rows of one client after the other.
async fn take_all(
    store: &Store,
    limit: usize,
    now: Timestamp,
) -> Result<Vec<PendingLogout>, StoreError> {
    let mut taken = Vec::new();
    for (client, _) in store.due_clients(now).await? {
        taken.extend(store.take_logouts(client, limit, now).await?);
    }
    Ok(taken)
}

async fn take(store: &Store, now: Timestamp) -> Vec<(String, i64)> {
    let taken: Result<_, StoreError> = take_all(store, 100, now).await;
    let row = |it: PendingLogout| (it.client.to_string(), it.attempt);
    let mut taken: Vec<_> = taken.unwrap().into_iter().map(row).collect();
    taken.sort();
    taken
}

/// Also those whose grants have expired long ago.
async fn a_logout_ends_the_session_and_notes_each_of_its_clients(fixture: Fixture) {
    let store = &fixture.store;
    let session = session_with_grants(&fixture, "oAlice").await;
    let others = session_with_grants(&fixture, "oBob").await;
    let now = START.after(EXPIRED);
    let sids = vec![session.sid, id(SessionId::from_bytes)];
    let ended = store.end_sessions(sids, Vec::new(), (EndReason::LoggedOutByClient, None), now);
    assert_eq!(ended.await.unwrap(), [(session.sid, session.user)]);
    let mut taken = take_all(store, 100, now).await.unwrap();
    taken.sort_by(|a, b| a.client.cmp(&b.client));
    let row = |client: ClientId| PendingLogout {
        id: format!("{} {client} {}", session.sid, session.user),
        client,
        sid: session.sid,
        subject: Subject::first(session.user),
        attempt: 1,
    };
    assert_eq!(taken, [row(other()), row(client())]);
    for sql in [
        "select count(*) from sessions where ended_reason = 'logged_out_by_client'",
        "select count(*) from users where logged_out_at is not null",
    ] {
        assert_eq!(fixture.count(sql).await, 1, "{sql}");
    }
    assert!(end(store, others.sid, now).await);
}

/// Another user logs in, in the browser of a first one.
async fn another_user_takes_the_browser(fixture: &Fixture) -> Session {
    let alice = session_with_grants(fixture, "oAlice").await;
    let bob = login(&ids("oBob", None), Some(&alice), later(60));
    session_of(fixture.log_in(bob).await.unwrap());
    alice
}

async fn another_user_and_a_second_logout_note_each_client_once(fixture: Fixture) {
    let store = &fixture.store;
    let alice = another_user_takes_the_browser(&fixture).await;
    let clients = [("other".to_owned(), 1), ("web".to_owned(), 1)];
    assert_eq!(take(store, later(60)).await, clients);
    // It has ended, and its user did not want it.
    assert!(!end(store, alice.sid, later(61)).await);
    assert_eq!(take(store, later(61)).await, []);
    let logged_out = "select count(*) from users where logged_out_at is not null";
    assert_eq!(fixture.count(logged_out).await, 0);
}

async fn a_session_without_clients_ends_in_silence(fixture: Fixture) {
    let session = fixture.session("oAlice", START).await;
    assert!(end(&fixture.store, session.sid, later(60)).await);
    assert_eq!(take(&fixture.store, later(60)).await, []);
}

/// Of several nodes, each with a store of its own on PostgreSQL, or of several tasks.
async fn a_logout_token_is_taken_once(fixture: Fixture) {
    for openid in ["oAlice", "oBob", "oCarol"] {
        let session = session_with_grants(&fixture, openid).await;
        assert!(end(&fixture.store, session.sid, later(300)).await);
    }
    let second = match fixture.url.strip_prefix("postgres") {
        Some(_) => Store::open(&fixture.url).await.unwrap(),
        None => fixture.store.clone(),
    };
    let stores = [&fixture.store, &second];
    let calls = (0..20).map(|it| take_all(stores[it % 2], 2, later(300)));
    let mut taken = join_all(calls).await;
    // Those that wanted the same rows may have left some.
    taken.push(take_all(&fixture.store, 100, later(300)).await);
    let mut ids: Vec<_> = taken
        .into_iter()
        .flat_map(Result::unwrap)
        .map(|it| it.id)
        .collect();
    assert_eq!(ids.len(), 6);
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 6);
}

async fn a_logout_token_is_taken_five_times_within_an_hour(fixture: Fixture) {
    let store = &fixture.store;
    let session = fixture.session("oAlice", START).await;
    let grant = new_grant(&session, id(GrantId::from_bytes), START);
    fixture.redeem_grant(grant).await;
    assert!(end(store, session.sid, START).await);
    let mut attempts = Vec::new();
    for minute in 0..120 {
        for (client, attempt) in take(store, later(minute * 60)).await {
            attempts.push((minute, client, attempt));
        }
    }
    let web = |minute, attempt| (minute, "web".to_owned(), attempt);
    let expected = [web(0, 1), web(2, 2), web(7, 3), web(20, 4), web(50, 5)];
    assert_eq!(attempts, expected);
}

async fn what_a_clock_that_was_ahead_has_noted_is_delivered(fixture: Fixture) {
    let store = &fixture.store;
    let session = fixture.session("oAlice", START).await;
    let grant = new_grant(&session, id(GrantId::from_bytes), START);
    fixture.redeem_grant(grant).await;
    let year = 365 * 24 * 3_600;
    assert!(end(store, session.sid, later(year)).await);
    assert_eq!(take(store, later(60)).await, []);
    fixture.clean(later(60)).await;
    assert_eq!(take(store, later(1859)).await, []);
    assert_eq!(take(store, later(1860)).await, [("web".to_owned(), 1)]);
}

async fn a_logout_of_a_merged_user_is_noted_at_the_user_who_is_left(fixture: Fixture) {
    let alice = fixture.session("oAlice", START).await;
    fixture
        .execute("update users set merged_into = 'aaaaaaaaaaaaaaaaaaaaaaaaaa', merged_at = 1")
        .await;
    fixture
        .execute("insert into users (id, created_at, last_seen_at) values ('aaaaaaaaaaaaaaaaaaaaaaaaaa', 1, 1)")
        .await;
    assert!(end(&fixture.store, alice.sid, later(60)).await);
    let logged_out = "select count(*) from users where id = 'aaaaaaaaaaaaaaaaaaaaaaaaaa' and logged_out_at is not null";
    assert_eq!(fixture.count(logged_out).await, 1);
}

const OUTBOX: &str = "select count(*) from logouts";
const UNDELIVERED: &str = "select count(*) from audit where event = 'logout.undelivered'";

async fn remove_expired(fixture: &Fixture, now: Timestamp) {
    let clock = StandingClock::at(now);
    fixture.store.remove_expired(&clock).await.unwrap();
}

/// As if each node had ended before its attempt did: the operator can see that the clients may not have been told.
async fn what_was_not_delivered_is_removed_and_recorded_after_the_last_attempt(fixture: Fixture) {
    let session = session_with_grants(&fixture, "oAlice").await;
    assert!(end(&fixture.store, session.sid, START).await);
    for minute in [0, 2, 7, 20, 50] {
        remove_expired(&fixture, later(minute * 60)).await;
        assert_eq!(take(&fixture.store, later(minute * 60)).await.len(), 2);
    }
    for (minute, waiting, undelivered) in [(60, 2, 0), (81, 0, 2), (82, 0, 2)] {
        remove_expired(&fixture, later(minute * 60)).await;
        let counts = (
            fixture.count(OUTBOX).await,
            fixture.count(UNDELIVERED).await,
        );
        assert_eq!(counts, (waiting, undelivered), "after {minute} minutes");
    }
    let named = "select count(distinct client) from audit, sessions
        where event = 'logout.undelivered' and detail = sid";
    assert_eq!(fixture.count(named).await, 2);
}

async fn what_was_delivered_is_removed(fixture: Fixture) {
    let session = session_with_grants(&fixture, "oAlice").await;
    assert!(end(&fixture.store, session.sid, START).await);
    for logout in take_all(&fixture.store, 100, START).await.unwrap() {
        fixture.store.remove_logout(&logout).await.unwrap();
    }
    assert_eq!(fixture.count(OUTBOX).await, 0);
}
