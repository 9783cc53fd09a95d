//! Nodes whose clocks differ from that of a command: what a fast one has made before a revocation ends with it, and what a slow
//! one still takes.

use super::{
    fixture::{Fixture, START, client, id, ids, later, login, new_grant, revocation, session_of},
    on_each_database,
};
use crate::{
    oidc::{GrantId, RedeemOutcome, Session, Timestamp},
    store::{
        Durability, Undo,
        merges::Ended,
        revoke_many::{self, Remaining, Revocation},
    },
    time::CLOCK_TOLERANCE,
};

on_each_database!(
    everything_of_a_fast_node_is_revoked,
    the_grants_of_a_fast_node_are_revoked_with_their_client,
    the_codes_of_a_fast_node_are_revoked_with_their_client,
    what_a_slow_node_still_takes_is_revoked,
    a_code_that_is_redeemed_during_a_revocation_of_everything_gives_no_grant_that_stays,
);

const OPEN: &str = "select count(*) from sessions where ended_at is null";
const VALID: &str = "select count(*) from grants where revoked_at is null";

const fn tolerant(at: Timestamp) -> Revocation {
    Revocation {
        at,
        tolerance: CLOCK_TOLERANCE,
    }
}

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
    let ended = fixture.revoke_all(tolerant(START)).await;
    assert_eq!(ended, Ended { sessions, grants });
    assert_eq!(left(&fixture).await, (0, 0));
    logged_in(&fixture, "oDave", later(1)).await;
    assert_eq!(left(&fixture).await, (1, 1));
}

async fn the_grants_of_a_fast_node_are_revoked_with_their_client(fixture: Fixture) {
    for (openid, seconds) in [("oAlice", 0), ("oBob", 60), ("oCarol", 61)] {
        logged_in(&fixture, openid, later(seconds)).await;
    }
    let (sessions, grants) = (0, 2);
    let ended = fixture.revoke_batches(Some(client()), Remaining::grants(), tolerant(START));
    assert_eq!(ended.await, Ended { sessions, grants });
    assert_eq!(left(&fixture).await, (3, 1));
}

/// Only PostgreSQL has several nodes. With SQLite, a login right after the command is one.
async fn the_codes_of_a_fast_node_are_revoked_with_their_client(fixture: Fixture) {
    let session = fixture.session("oAlice", START).await;
    let store = &fixture.store;
    let work = store.write(Durability::Durable, Undo::Nothing, |connection| {
        Box::pin(async move { revoke_many::codes_of_client(connection, &client(), START).await })
    });
    work.await.unwrap();
    let rejected_until = store.clock_tolerance().as_secs();
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
        let found = matches!(outcome, RedeemOutcome::Ended);
        assert_eq!(found, is_ended, "{issued}: {outcome:?}");
    }
}

async fn what_a_slow_node_still_takes_is_revoked(fixture: Fixture) {
    let hour = 3_600;
    for (at, is_revoked) in [(hour + 60, false), (hour + 59, true)] {
        let session = logged_in(&fixture, "oAlice", START).await;
        fixture
            .execute("update sessions set expires_at = created_at + 3600000")
            .await;
        let user = session.user;
        let work = fixture
            .store
            .write(Durability::Durable, Undo::Savepoint, move |connection| {
                Box::pin(async move {
                    revoke_many::of_user(connection, user, tolerant(later(at))).await
                })
            });
        let is_ended = u64::from(is_revoked);
        assert_eq!(work.await.unwrap().sessions, 2 * is_ended, "{at}");
    }
}

/// As by an attacker who has many codes, or the key file and the database.
async fn a_code_that_is_redeemed_during_a_revocation_of_everything_gives_no_grant_that_stays(
    fixture: Fixture,
) {
    let session = fixture.session("oAlice", START).await;
    // Much later by its clock than anything the command knows.
    redeemed_offline(&fixture, &session, later(300)).await;
    let (sessions, grants) = (1, 1);
    let ended = fixture.revoke_all(revocation(later(1))).await;
    assert_eq!(ended, Ended { sessions, grants });
    let late = fixture
        .redeem(&session, id(GrantId::from_bytes), later(301))
        .await;
    assert!(matches!(late, RedeemOutcome::Ended), "{late:?}");
}
