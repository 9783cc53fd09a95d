//! Codes are single-use, and grants end with what they depend on.

use futures_util::future::join_all;

use super::{
    fixture::{
        Fixture, START, StandingClock, client, id, later, new_grant, new_grant_of, other_issuer,
        secret,
    },
    on_each_database,
};
use crate::{
    oidc::{ClientId, Grant, GrantId, RedeemOutcome, Session, Subject, Timestamp},
    store::{Durability, Undo, revoke_many},
};

on_each_database!(
    a_grant_that_was_just_read_is_seen_revoked_at_once,
    what_others_revoke_is_seen_after_a_second,
    a_code_is_redeemed_once_among_a_hundred,
    a_grant_has_what_its_code_and_its_session_say,
    no_code_is_redeemed_after_the_end_of_its_session,
    no_code_is_redeemed_for_a_disabled_user,
    no_code_is_redeemed_at_another_issuer,
    no_code_of_before_a_revocation_of_its_client_is_redeemed,
    a_code_that_is_loaded_twice_revokes_nothing,
    a_code_that_is_used_again_later_revokes_its_grant,
    another_client_revokes_nothing,
    a_grant_ends_with_what_it_depends_on,
    an_offline_grant_outlives_its_session,
    a_client_receives_one_sub_whatever_becomes_of_its_grants,
    each_client_receives_a_sub_of_its_own,
    a_user_is_found_by_the_sub_of_a_client,
);

fn new_id() -> GrantId {
    id(GrantId::from_bytes)
}

fn granted(outcome: RedeemOutcome) -> Grant {
    match outcome {
        RedeemOutcome::Granted(grant) => grant,
        other => panic!("{other:?}"),
    }
}

fn name(outcome: &RedeemOutcome) -> &'static str {
    match outcome {
        RedeemOutcome::Granted(_) => "granted",
        RedeemOutcome::AlreadyUsed => "already used",
        RedeemOutcome::Reused(_) => "reused",
        RedeemOutcome::Ended => "ended",
    }
}

async fn no_code_of_before_a_revocation_of_its_client_is_redeemed(fixture: Fixture) {
    let session = fixture.session("oAlice", START).await;
    // The later one counts, whichever comes first.
    for second in [10, 20, 5] {
        let revoked = fixture
            .store
            .write(Durability::Durable, Undo::Nothing, move |connection| {
                Box::pin(async move {
                    revoke_many::codes_of_client(connection, &client(), later(second)).await
                })
            });
        revoked.await.unwrap();
    }
    let other: ClientId = "other".parse().unwrap();
    let tolerance = fixture.store.clock_tolerance().as_secs();
    for (client, issued, expected) in [
        (client(), 0, "ended"),
        (client(), 20 + tolerance, "ended"),
        (client(), 21 + tolerance, "granted"),
        (other, 0, "granted"),
    ] {
        let mut grant = new_grant_of(&client, &session, new_id(), later(issued));
        grant.created_at = later(30);
        let outcome = fixture.redeem_grant(grant).await;
        assert_eq!(name(&outcome), expected, "{client} {issued}");
    }
    let count = "select count(*) from client_revocations";
    for (second, rows) in [(619, 1), (620, 0)] {
        let clock = StandingClock::at(later(second));
        fixture.store.remove_expired(&clock).await.unwrap();
        assert_eq!(fixture.count(count).await, rows);
    }
}

async fn a_code_is_redeemed_once_among_a_hundred(fixture: Fixture) {
    let session = fixture.session("oAlice", START).await;
    // The first code of a client stores its sub as well.
    for _ in 0..2 {
        let code = new_id();
        let hundred = (0..100).map(|_| fixture.redeem(&session, code, START));
        let mut outcomes: Vec<_> = join_all(hundred).await.iter().map(name).collect();
        outcomes.sort_unstable();
        let mut expected = vec!["already used"; 99];
        expected.push("granted");
        assert_eq!(outcomes, expected);
    }
    assert_eq!(fixture.count("select count(*) from grants").await, 2);
    assert_eq!(fixture.count("select count(*) from subjects").await, 1);
}

async fn a_grant_has_what_its_code_and_its_session_say(fixture: Fixture) {
    let session = fixture.session("oAlice", START).await;
    let id = new_id();
    let grant = granted(fixture.redeem(&session, id, later(5)).await);
    let expected = new_grant(&session, id, later(5));
    let ids = (grant.id, grant.user, grant.sid, grant.client.clone());
    assert_eq!(ids, (id, session.user, session.sid, client()));
    assert_eq!(grant.subject, Subject::first(session.user));
    assert_eq!(
        (grant.scopes, &grant.claims),
        (expected.scopes, &expected.claims)
    );
    let times = (grant.auth_time, grant.expires_at, grant.ends_at);
    assert_eq!(times, (START, later(3605), later(3605)));
    let read = fixture.store.grant(id, later(6)).await.unwrap().unwrap();
    assert_eq!(format!("{:?}", read.grant), format!("{grant:?}"));
    assert_eq!(read.grant.secret.expose(), grant.secret.expose());
    assert_eq!(read.app, session.app);
}

const REVOKE_ALL: &str = "update grants set revoked_at = 1";

/// What this process commits is seen at once.
async fn a_grant_that_was_just_read_is_seen_revoked_at_once(fixture: Fixture) {
    let session = fixture.session("oAlice", START).await;
    let id = new_id();
    granted(fixture.redeem(&session, id, START).await);
    assert!(was_in_use(&fixture, id, START).await);
    fixture.execute(REVOKE_ALL).await;
    assert!(!was_in_use(&fixture, id, START).await);
}

async fn what_others_revoke_is_seen_after_a_second(fixture: Fixture) {
    let session = fixture.session("oAlice", START).await;
    let id = new_id();
    granted(fixture.redeem(&session, id, START).await);
    assert!(was_in_use(&fixture, id, START).await);
    fixture.execute_beside(REVOKE_ALL).await;
    let last = Timestamp::from_millis(START.millis() + 999);
    assert!(was_in_use(&fixture, id, last).await);
    assert!(!was_in_use(&fixture, id, later(1)).await);
}

/// By one statement if the client has received a `sub`, by two if not.
async fn assert_not_redeemed(fixture: &Fixture, session: &Session, now: Timestamp) {
    for subject in [Some(Subject::first(session.user)), None] {
        let grant = new_grant(session, new_id(), now);
        let redeemed = fixture.store.redeem(grant, subject.as_ref(), secret());
        assert_eq!(name(&redeemed.await.unwrap()), "ended");
    }
}

async fn no_code_is_redeemed_after_the_end_of_its_session(fixture: Fixture) {
    let session = fixture.session("oAlice", START).await;
    granted(fixture.redeem(&session, new_id(), START).await);
    assert_not_redeemed(&fixture, &session, session.expires_at).await;
    fixture.execute("update sessions set ended_at = 1").await;
    assert_not_redeemed(&fixture, &session, START).await;
    fixture.execute("delete from sessions").await;
    assert_not_redeemed(&fixture, &session, START).await;
    assert_eq!(fixture.count("select count(*) from grants").await, 1);
}

async fn no_code_is_redeemed_for_a_disabled_user(fixture: Fixture) {
    let session = fixture.session("oAlice", START).await;
    fixture.execute("update users set disabled_at = 1").await;
    assert_not_redeemed(&fixture, &session, START).await;
    assert_eq!(fixture.count("select count(*) from subjects").await, 0);
    fixture.execute("update users set disabled_at = null").await;
    granted(fixture.redeem(&session, new_id(), START).await);
    fixture.execute("update users set disabled_at = 1").await;
    assert_not_redeemed(&fixture, &session, START).await;
}

async fn no_code_is_redeemed_at_another_issuer(fixture: Fixture) {
    let mut session = fixture.session("oAlice", START).await;
    granted(fixture.redeem(&session, new_id(), START).await);
    session.issuer = other_issuer();
    assert_not_redeemed(&fixture, &session, START).await;
}

async fn a_code_that_is_loaded_twice_revokes_nothing(fixture: Fixture) {
    let session = fixture.session("oAlice", START).await;
    let id = new_id();
    granted(fixture.redeem(&session, id, START).await);
    assert_eq!(
        name(&fixture.redeem(&session, id, later(10)).await),
        "already used"
    );
    assert!(fixture.store.grant(id, later(10)).await.unwrap().is_some());
}

async fn a_code_that_is_used_again_later_revokes_its_grant(fixture: Fixture) {
    let session = fixture.session("oAlice", START).await;
    let (id, other) = (new_id(), new_id());
    granted(fixture.redeem(&session, id, START).await);
    granted(fixture.redeem(&session, other, START).await);
    for (second, outcome) in [(11, "reused"), (12, "already used")] {
        let again = fixture.redeem(&session, id, later(second)).await;
        assert_eq!(name(&again), outcome);
    }
    assert!(fixture.store.grant(id, later(11)).await.unwrap().is_none());
    assert!(
        fixture
            .store
            .grant(other, later(11))
            .await
            .unwrap()
            .is_some()
    );
    let reasons = "select count(*) from grants where revoked_reason = 'code_reused'";
    assert_eq!(fixture.count(reasons).await, 1);
}

async fn another_client_revokes_nothing(fixture: Fixture) {
    let session = fixture.session("oAlice", START).await;
    let id = new_id();
    granted(fixture.redeem(&session, id, START).await);
    let thief = new_grant_of(&"thief".parse().unwrap(), &session, id, later(30));
    assert_eq!(name(&fixture.redeem_grant(thief).await), "already used");
    assert!(fixture.store.grant(id, later(30)).await.unwrap().is_some());
}

/// Now or within the last second.
async fn was_in_use(fixture: &Fixture, id: GrantId, now: Timestamp) -> bool {
    fixture.store.recent_grant(id, now).await.unwrap().is_some()
}

async fn is_in_use(fixture: &Fixture, id: GrantId, now: Timestamp) -> bool {
    fixture.store.grant(id, now).await.unwrap().is_some()
}

async fn a_grant_ends_with_what_it_depends_on(fixture: Fixture) {
    let session = fixture.session("oAlice", START).await;
    let id = new_id();
    granted(fixture.redeem(&session, id, START).await);
    assert!(!is_in_use(&fixture, id, session.expires_at).await);
    for change in [
        "update users set disabled_at = 1",
        "update users set disabled_at = null",
        "update sessions set ended_at = 1",
        "update sessions set ended_at = null",
        "update grants set revoked_at = 1",
        "update grants set revoked_at = null",
        "delete from sessions",
    ] {
        fixture.execute(change).await;
        let is_valid = change.ends_with("null");
        assert_eq!(is_in_use(&fixture, id, START).await, is_valid, "{change}");
    }
}

async fn an_offline_grant_outlives_its_session(fixture: Fixture) {
    let session = fixture.session("oAlice", START).await;
    let id = new_id();
    granted(fixture.redeem(&session, id, START).await);
    fixture.execute("update grants set offline = 1").await;
    assert!(is_in_use(&fixture, id, session.expires_at).await);
    fixture.execute("delete from sessions").await;
    assert!(is_in_use(&fixture, id, START).await);
    fixture.execute("update users set disabled_at = 1").await;
    assert!(!is_in_use(&fixture, id, START).await);
}

async fn a_client_receives_one_sub_whatever_becomes_of_its_grants(fixture: Fixture) {
    let session = fixture.session("oAlice", START).await;
    let first = granted(fixture.redeem(&session, new_id(), START).await);
    assert_eq!(first.subject, Subject::first(session.user));
    // As after a merge: the client knows the user by another sub than the ID.
    fixture
        .execute("update subjects set sub = 'as-received'")
        .await;
    fixture.execute("delete from grants").await;
    let again = granted(fixture.redeem(&session, new_id(), START).await);
    assert_eq!(again.subject.as_str(), "as-received");
}

async fn each_client_receives_a_sub_of_its_own(fixture: Fixture) {
    let session = fixture.session("oAlice", START).await;
    granted(fixture.redeem(&session, new_id(), START).await);
    fixture
        .execute("update subjects set sub = 'as-received'")
        .await;
    let other = new_grant_of(&"other".parse().unwrap(), &session, new_id(), START);
    let other = granted(fixture.redeem_grant(other).await);
    assert_eq!(other.subject, Subject::first(session.user));
    let bob = fixture.session("oBob", START).await;
    let grant = granted(fixture.redeem(&bob, new_id(), START).await);
    assert_eq!(grant.subject, Subject::first(bob.user));
}

async fn a_user_is_found_by_the_sub_of_a_client(fixture: Fixture) {
    let alice = fixture.session("oAlice", START).await;
    let bob = fixture.session("oBob", START).await;
    granted(fixture.redeem(&alice, new_id(), START).await);
    let subject = Subject::first(alice.user);
    for (client, expected) in [("web", Some(alice.user)), ("other", None)] {
        let client = client.parse().unwrap();
        let found = fixture.store.user_of_subject(&client, &subject).await;
        assert_eq!(found.unwrap(), expected);
    }
    let unseen = Subject::first(bob.user);
    let found = fixture.store.user_of_subject(&client(), &unseen).await;
    assert_eq!(found.unwrap(), None);
}
