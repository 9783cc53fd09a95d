//! Nodes whose clocks differ from that of a command: what a fast one has made before a revocation ends with it, and what a slow
//! one still takes.

use super::{
    fixture::{
        Fixture, START, StandingClock, client, id, ids, later, login, new_grant, session_of,
    },
    on_each_database,
};
use crate::{
    oidc::{GrantId, RedeemOutcome, Session, Timestamp},
    store::{
        Durability, Undo,
        merges::Ended,
        revoke_many::{self, Remaining},
    },
};

on_each_database!(
    everything_of_a_fast_node_is_revoked,
    the_grants_of_a_fast_node_are_revoked_with_their_client,
    the_codes_of_a_fast_node_are_revoked_with_their_client,
    what_seems_to_have_expired_is_revoked,
    a_revocation_by_a_clock_that_was_ahead_rejects_no_later_codes,
    a_code_that_is_redeemed_during_a_revocation_of_everything_gives_no_grant_that_stays,
);

const OPEN: &str = "select count(*) from sessions where ended_at is null";
const VALID: &str = "select count(*) from grants where revoked_at is null";

/// A session with a grant that stays valid without it.
async fn logged_in(fixture: &Fixture, openid: &str, now: Timestamp) -> Session {
    let session = session_of(
        fixture
            .log_in(login(&ids(openid, None), None, now))
            .await
            .unwrap(),
    );
    redeemed_offline(fixture, &session, now).await;
    session
}

async fn redeemed_offline(fixture: &Fixture, session: &Session, now: Timestamp) {
    let mut grant = new_grant(session, id(GrantId::from_bytes), now);
    grant.is_offline = true;
    let outcome = fixture.redeem_grant(grant).await;
    assert!(matches!(outcome, RedeemOutcome::Granted(_)), "{outcome:?}");
}

async fn left(fixture: &Fixture) -> (i64, i64) {
    (fixture.count(OPEN).await, fixture.count(VALID).await)
}

/// Also of one so fast that it is not ready, and served before it knew. What begins afterwards stays, whatever its time.
async fn everything_of_a_fast_node_is_revoked(fixture: Fixture) {
    for (openid, seconds) in [("oAlice", 0), ("oBob", 60), ("oCarol", 3_600)] {
        logged_in(&fixture, openid, later(seconds)).await;
    }
    let (sessions, grants) = (3, 3);
    let ended = fixture.revoke_all(START).await;
    assert_eq!(ended, Ended { sessions, grants });
    assert_eq!(left(&fixture).await, (0, 0));
    logged_in(&fixture, "oDave", later(1)).await;
    assert_eq!(left(&fixture).await, (1, 1));
}

async fn the_grants_of_a_fast_node_are_revoked_with_their_client(fixture: Fixture) {
    for (openid, seconds) in [("oAlice", 0), ("oBob", 60), ("oCarol", 3_600)] {
        logged_in(&fixture, openid, later(seconds)).await;
    }
    let (sessions, grants) = (0, 3);
    let ended = fixture.revoke_batches(Some(client()), Remaining::grants(), START);
    assert_eq!(ended.await, Ended { sessions, grants });
    assert_eq!(left(&fixture).await, (3, 0));
    logged_in(&fixture, "oDave", later(1)).await;
    assert_eq!(left(&fixture).await, (4, 1));
}

/// Only PostgreSQL has several nodes. With SQLite, a login right after the command is one.
async fn the_codes_of_a_fast_node_are_revoked_with_their_client(fixture: Fixture) {
    let session = fixture.session("oAlice", START).await;
    revoke_codes(&fixture, 0).await;
    let rejected_until = fixture.store.clock_tolerance().as_secs();
    let is_postgres = fixture.url.starts_with("postgres");
    assert_eq!(rejected_until, if is_postgres { 60 } else { 0 });
    for (issued, is_ended) in [
        (0, true),
        (rejected_until, true),
        (rejected_until + 1, false),
    ] {
        let outcome = fixture
            .redeem(&session, id(GrantId::from_bytes), later(issued))
            .await;
        assert_eq!(is_rejected(&outcome), is_ended, "{issued}: {outcome:?}");
    }
}

/// As on the database's own machine, whose clock is wrong. Once it is right, no code is rejected for a year.
async fn a_revocation_by_a_clock_that_was_ahead_rejects_no_later_codes(fixture: Fixture) {
    let year = 365 * 24 * 3_600;
    let session = fixture.session("oAlice", START).await;
    let redeemed = async |seconds| {
        let outcome = fixture.redeem(&session, id(GrantId::from_bytes), later(seconds));
        !is_rejected(&outcome.await)
    };
    revoke_codes(&fixture, year).await;
    assert!(!redeemed(600).await);
    // A second command, or the next minute.
    revoke_codes(&fixture, 600).await;
    assert!(redeemed(661).await);
    revoke_codes(&fixture, year).await;
    assert!(!redeemed(661).await);
    let clock = StandingClock::at(later(662));
    fixture.store.remove_expired(&clock).await.unwrap();
    assert!(redeemed(662).await);
}

fn is_rejected(outcome: &RedeemOutcome) -> bool {
    matches!(outcome, RedeemOutcome::Ended)
}

async fn revoke_codes(fixture: &Fixture, seconds: u64) {
    let (store, now) = (&fixture.store, later(seconds));
    let work = store.write(Durability::Durable, Undo::Nothing, move |connection| {
        Box::pin(async move { revoke_many::codes_of_client(connection, &client(), now).await })
    });
    work.await.unwrap();
}

/// By a clock that is wrong until it is set again, or by that of a slow node.
async fn what_seems_to_have_expired_is_revoked(fixture: Fixture) {
    let far = later(10 * 365 * 24 * 3_600);
    let (sessions, grants) = (1, 1);
    let alice = logged_in(&fixture, "oAlice", START).await;
    let user = alice.user;
    let store = &fixture.store;
    let work = store.write(Durability::Durable, Undo::Savepoint, move |connection| {
        Box::pin(async move { revoke_many::of_user(connection, user, far).await })
    });
    assert_eq!(work.await.unwrap(), Ended { sessions, grants });
    logged_in(&fixture, "oBob", START).await;
    let ended = fixture.revoke_batches(Some(client()), Remaining::grants(), far);
    let sessions = 0;
    assert_eq!(ended.await, Ended { sessions, grants });
    logged_in(&fixture, "oCarol", START).await;
    let sessions = 2;
    assert_eq!(fixture.revoke_all(far).await, Ended { sessions, grants });
    assert_eq!(left(&fixture).await, (0, 0));
}

/// As by an attacker who has many codes, or the key file and the database.
async fn a_code_that_is_redeemed_during_a_revocation_of_everything_gives_no_grant_that_stays(
    fixture: Fixture,
) {
    let session = fixture.session("oAlice", START).await;
    // Much later by its clock than anything the command knows.
    redeemed_offline(&fixture, &session, later(300)).await;
    let (sessions, grants) = (1, 1);
    let ended = fixture.revoke_all(later(1)).await;
    assert_eq!(ended, Ended { sessions, grants });
    let late = fixture
        .redeem(&session, id(GrantId::from_bytes), later(301))
        .await;
    assert!(matches!(late, RedeemOutcome::Ended), "{late:?}");
}
