//! Sessions: renewed by the same user, ended by another one, valid by time.

use std::time::Duration;

use super::{
    fixture::{
        Fixture, START, client, cookie, id, ids, issuer, known, later, login, new_grant,
        other_issuer, session_of, silent_login,
    },
    on_each_database,
};
use crate::{
    oidc::{GrantId, LoginMethod, Session, Subject},
    secret::SecretHash,
    upstream::silent,
};

on_each_database!(
    the_same_user_keeps_the_session,
    another_user_ends_the_session,
    a_silent_login_renews_the_session_of_its_user_too,
    a_silent_login_ends_the_session_of_another_user_too,
    a_session_of_another_issuer_is_not_touched,
    a_session_is_found_by_its_cookie_at_its_issuer,
    a_session_ends_by_time_by_its_user_and_by_itself,
    a_session_that_is_seen_stays,
    a_session_says_what_the_client_has_received,
);

const ENDED_BY_ANOTHER: &str = "select count(*) from sessions where ended_reason = 'other_user'";
const IDLE: Duration = Duration::from_hours(12);
const SESSIONS: &str = "select count(*) from sessions";
const OPEN_SESSIONS: &str = "select count(*) from sessions where ended_at is null";

async fn the_same_user_keeps_the_session(fixture: Fixture) {
    let alice = ids("oAlice", None);
    let first = fixture.session("oAlice", START).await;
    let mut again = login(&alice, Some(&first), later(60));
    again.session.method = LoginMethod::InApp;
    let (cookie, request, end) = (
        cookie(&again.session),
        again.session.request,
        again.session.expires_at,
    );
    let renewed = known(fixture.log_in(again).await);
    assert_eq!((renewed.sid, renewed.user), (first.sid, first.user));
    assert_eq!(renewed.secret.expose(), first.secret.expose());
    assert_eq!(
        (renewed.request, renewed.method),
        (Some(request), LoginMethod::InApp)
    );
    let times = (renewed.auth_time, renewed.last_seen_at, renewed.expires_at);
    assert_eq!(times, (later(60), later(60), end));
    let idle = Duration::from_hours(12);
    let read = fixture
        .store
        .session(&cookie, first.issuer, later(60), idle);
    let read = read.await.unwrap().unwrap();
    assert_eq!(format!("{read:?}"), format!("{renewed:?}"));
    assert_eq!(fixture.count(SESSIONS).await, 1);
}

async fn another_user_ends_the_session(fixture: Fixture) {
    let alice = fixture.session("oAlice", START).await;
    let code = id(GrantId::from_bytes);
    fixture.redeem_grant(new_grant(&alice, code, START)).await;
    let bob = login(&ids("oBob", None), Some(&alice), later(60));
    let bob = session_of(fixture.log_in(bob).await.unwrap());
    assert_ne!((bob.sid, bob.user), (alice.sid, alice.user));
    assert_ne!(bob.secret.expose(), alice.secret.expose());
    assert_eq!(fixture.count(OPEN_SESSIONS).await, 1);
    assert!(
        fixture
            .store
            .grant(code, later(60))
            .await
            .unwrap()
            .is_none()
    );
    // Both users are known now: the end of a session waits for the disk all the same.
    let back = login(&ids("oAlice", None), Some(&bob), later(120));
    let back = known(fixture.log_in(back).await);
    assert_eq!(back.user, alice.user);
    assert_ne!(back.sid, alice.sid);
    assert_eq!(fixture.count(OPEN_SESSIONS).await, 1);
}

/// A session with a grant.
async fn redeemed(fixture: &Fixture, openid: &str) -> Session {
    let session = fixture.session(openid, START).await;
    fixture
        .redeem(&session, id(GrantId::from_bytes), START)
        .await;
    session
}

/// Of a browser whose session has been idle.
async fn a_silent_login_renews_the_session_of_its_user_too(fixture: Fixture) {
    let alice = redeemed(&fixture, "oAlice").await;
    let login = silent_login(&ids("oAlice", None), Some(&alice));
    let renewed = silent::log_in(&fixture.store, login).await;
    let renewed = renewed.unwrap().unwrap().session;
    assert_eq!((renewed.sid, renewed.auth_time), (alice.sid, later(60)));
    assert_eq!(fixture.count(OPEN_SESSIONS).await, 1);
}

/// Of a browser whose session has been idle.
async fn a_silent_login_ends_the_session_of_another_user_too(fixture: Fixture) {
    let bob = redeemed(&fixture, "oBob").await;
    redeemed(&fixture, "oAlice").await;
    let alices = ids("oAlice", None);
    let login = silent_login(&alices, Some(&bob));
    let state = login.session.state.clone();
    let begun = silent::log_in(&fixture.store, login);
    assert!(begun.await.unwrap().is_some());
    assert_eq!(fixture.count(ENDED_BY_ANOTHER).await, 1);
    assert_eq!(fixture.count("select count(*) from logouts").await, 1);
    // So does its callback that comes again, in a browser that another user has used since.
    let bob = fixture.session("oBob", later(61)).await;
    let mut repeat = silent_login(&alices, Some(&bob));
    repeat.session.state = state;
    let repeated = silent::log_in(&fixture.store, repeat);
    assert!(repeated.await.unwrap().is_some());
    assert_eq!(fixture.count(ENDED_BY_ANOTHER).await, 2);
}

async fn a_session_of_another_issuer_is_not_touched(fixture: Fixture) {
    let first = fixture.session("oAlice", START).await;
    let mut elsewhere = login(&ids("oAlice", None), Some(&first), later(60));
    elsewhere.session.issuer = other_issuer();
    let second = known(fixture.log_in(elsewhere).await);
    assert_eq!(second.user, first.user);
    assert_ne!(second.sid, first.sid);
    assert_eq!(fixture.count(OPEN_SESSIONS).await, 2);
}

/// A session and the hash of its cookie.
async fn session(fixture: &Fixture) -> (Session, SecretHash) {
    let login = login(&ids("oAlice", None), None, START);
    let cookie = cookie(&login.session);
    (session_of(fixture.log_in(login).await.unwrap()), cookie)
}

async fn a_session_is_found_by_its_cookie_at_its_issuer(fixture: Fixture) {
    let (session, cookie) = session(&fixture).await;
    let expected = Some(format!("{session:?}"));
    for (cookie, issuer, now, expected) in [
        (cookie, issuer(), START, expected),
        (cookie, other_issuer(), START, None),
        (SecretHash::of(b"x"), issuer(), START, None),
        (cookie, issuer(), START.after(IDLE), None),
    ] {
        let found = fixture.store.session(&cookie, issuer, now, IDLE).await;
        let found = found.unwrap().map(|session| format!("{session:?}"));
        assert_eq!(found, expected);
    }
}

async fn a_session_ends_by_time_by_its_user_and_by_itself(fixture: Fixture) {
    let (session, cookie) = session(&fixture).await;
    let is_found = async |now| {
        let found = fixture.store.session(&cookie, issuer(), now, IDLE).await;
        found.unwrap().is_some()
    };
    fixture
        .execute("update sessions set last_seen_at = expires_at")
        .await;
    assert!(!is_found(session.expires_at).await);
    for change in [
        "update users set disabled_at = 1",
        "update users set disabled_at = null",
        "update sessions set ended_at = 1",
    ] {
        fixture.execute(change).await;
        let is_valid = change.ends_with("null");
        assert_eq!(is_found(START).await, is_valid, "{change}");
    }
}

async fn a_session_that_is_seen_stays(fixture: Fixture) {
    let store = &fixture.store;
    let (session, cookie) = session(&fixture).await;
    let hour = 3600;
    for (seconds, seen) in [(299, 0), (11 * hour, 11 * hour), (10 * hour, 11 * hour)] {
        store.session_seen(&session, later(seconds)).await.unwrap();
        let session = store.session(&cookie, issuer(), later(10 * hour), IDLE);
        let session = session.await.unwrap().unwrap();
        assert_eq!(session.last_seen_at, later(seen), "{seconds}");
    }
    let session = store.session(&cookie, issuer(), later(22 * hour), IDLE);
    assert!(session.await.unwrap().is_some());
}

async fn a_session_says_what_the_client_has_received(fixture: Fixture) {
    let store = &fixture.store;
    let session = fixture.session("oAlice", START).await;
    let client = client();
    let of_code = async |issuer, now| {
        let read = store.session_of_code(session.sid, issuer, &client, now);
        read.await.unwrap()
    };
    let read = of_code(issuer(), START).await.unwrap();
    assert_eq!(format!("{:?}", read.session), format!("{session:?}"));
    assert_eq!(read.session.secret.expose(), session.secret.expose());
    assert_eq!(read.subject, None);
    let grant = new_grant(&session, id(GrantId::from_bytes), START);
    fixture.redeem_grant(grant).await;
    let read = of_code(issuer(), START).await.unwrap();
    assert_eq!(read.subject, Some(Subject::first(session.user)));
    assert!(of_code(other_issuer(), START).await.is_none());
    assert!(of_code(issuer(), session.expires_at).await.is_none());
}
