//! Refresh tokens: rotation, the grace period, reuse, and rows that are older than a token (RFC 9700 §4.14).

use futures_util::future::join_all;

use super::{
    fixture::{Fixture, START, client, id, later, new_grant},
    on_each_database,
};
use crate::{
    oidc::{
        ClientId, Grant, GrantId, GrantLifetimes, RedeemOutcome, Refresh, RefreshOutcome,
        RefreshToken, Session, Timestamp, fixtures::LIFETIMES,
    },
    store::Store,
};

on_each_database!(
    a_hundred_uses_of_a_token_get_the_same_successor,
    a_token_that_is_used_after_the_grace_period_revokes_its_grant,
    without_a_grace_period_a_second_use_is_reuse,
    a_rotation_of_a_clock_that_was_ahead_has_no_grace_period,
    a_token_newer_than_its_row_wins_and_older_ones_are_reuse,
    a_token_that_is_not_rotated_stays,
    a_kept_token_newer_than_its_row_makes_older_ones_reuse,
    the_use_of_a_kept_token_is_rarely_written,
    no_use_moves_the_absolute_end,
    no_token_is_used_after_the_end_of_what_it_depends_on,
    another_client_changes_nothing,
    a_grant_is_revoked_once_whatever_has_become_of_it,
    the_owner_of_a_grant_is_known_as_long_as_its_row,
    how_the_user_logged_in_is_known_until_the_session_is_renewed,
);

const DAY: u64 = 24 * 3600;

/// A new grant with refresh tokens, as the store has it.
async fn granted(fixture: &Fixture, session: &Session, is_offline: bool) -> Grant {
    let mut new = new_grant(session, id(GrantId::from_bytes), START);
    new.is_offline = is_offline;
    new.is_refreshable = true;
    (new.expires_at, new.ends_at) = (later(30 * DAY), later(180 * DAY));
    match fixture.redeem_grant(new).await {
        RedeemOutcome::Granted(grant) => grant,
        other => panic!("{other:?}"),
    }
}

async fn read(fixture: &Fixture, grant: &Grant, now: Timestamp) -> Option<Grant> {
    let found = fixture.store.grant(grant.id, now).await.unwrap();
    found.map(|found| found.grant)
}

fn use_of(grant: &Grant, number: u32, client: ClientId, rotates: bool) -> Refresh {
    let token = RefreshToken {
        grant: grant.id,
        number,
    };
    Refresh::of_token(token, client, rotates)
}

async fn refresh(
    store: &Store,
    refresh: Refresh,
    found: &Grant,
    lifetimes: &GrantLifetimes,
    now: Timestamp,
) -> RefreshOutcome {
    let outcome = store.refresh(refresh, found, lifetimes, now);
    outcome.await.unwrap()
}

/// Uses a token of the grant, with rotation.
async fn rotate(fixture: &Fixture, grant: &Grant, number: u32, now: Timestamp) -> RefreshOutcome {
    let usage = use_of(grant, number, client(), true);
    refresh(&fixture.store, usage, grant, &LIFETIMES, now).await
}

/// Uses a token that stays the same, as the endpoint does: it reads the grant first.
async fn keep(fixture: &Fixture, grant: &Grant, number: u32, now: Timestamp) -> RefreshOutcome {
    let found = read(fixture, grant, now).await.unwrap();
    let usage = use_of(grant, number, client(), false);
    refresh(&fixture.store, usage, &found, &LIFETIMES, now).await
}

/// The token with this number comes next, and the grant ends at the second if it is not used.
fn refreshed(number: u32, end: u64) -> RefreshOutcome {
    RefreshOutcome::Refreshed {
        number,
        expires_at: later(end),
    }
}

async fn a_hundred_uses_of_a_token_get_the_same_successor(fixture: Fixture) {
    let session = fixture.session("oAlice", START).await;
    let grant = granted(&fixture, &session, true).await;
    for number in 0..3 {
        let hundred = (0..100).map(|_| rotate(&fixture, &grant, number, later(5)));
        for outcome in join_all(hundred).await {
            assert_eq!(outcome, refreshed(number + 1, 30 * DAY + 5));
        }
    }
    let seen = read(&fixture, &grant, later(5)).await.unwrap();
    assert_eq!((seen.number, seen.rotated_at), (3, Some(later(5))));
}

async fn a_token_that_is_used_after_the_grace_period_revokes_its_grant(fixture: Fixture) {
    let session = fixture.session("oAlice", START).await;
    let grant = granted(&fixture, &session, true).await;
    let other = granted(&fixture, &session, true).await;
    // The second use moves the idle end, and not the grace period.
    for second in [10, 69] {
        let outcome = rotate(&fixture, &grant, 0, later(second)).await;
        assert_eq!(outcome, refreshed(1, 30 * DAY + second));
    }
    let hundred = (0..100).map(|_| rotate(&fixture, &grant, 0, later(70)));
    let outcomes = join_all(hundred).await;
    let count = |outcome| outcomes.iter().filter(|it| **it == outcome).count();
    let counts = [RefreshOutcome::Reused, RefreshOutcome::Ended].map(count);
    assert_eq!(counts, [1, 99]);
    // The successor is of no use either, to thief and owner alike.
    let outcome = rotate(&fixture, &grant, 1, later(71)).await;
    assert_eq!(outcome, RefreshOutcome::Ended);
    let left = [&grant, &other].map(|grant| read(&fixture, grant, later(70)));
    let left = join_all(left).await;
    assert_eq!([left[0].is_some(), left[1].is_some()], [false, true]);
    let reasons = "select count(*) from grants where revoked_reason = 'reuse'";
    assert_eq!(fixture.count(reasons).await, 1);
}

/// Else a stolen token would be good for as long as the clock was ahead.
async fn a_rotation_of_a_clock_that_was_ahead_has_no_grace_period(fixture: Fixture) {
    let session = fixture.session("oAlice", START).await;
    for (ahead, expected) in [(120, refreshed(1, 30 * DAY)), (121, RefreshOutcome::Ended)] {
        let grant = granted(&fixture, &session, true).await;
        let rotated = rotate(&fixture, &grant, 0, later(ahead)).await;
        assert_eq!(rotated, refreshed(1, 30 * DAY + ahead));
        assert_eq!(rotate(&fixture, &grant, 0, START).await, expected);
        // The owner goes on.
        let next = rotate(&fixture, &grant, 1, later(1)).await;
        assert_eq!(next, refreshed(2, 30 * DAY + 1));
    }
}

async fn without_a_grace_period_a_second_use_is_reuse(fixture: Fixture) {
    let session = fixture.session("oAlice", START).await;
    let grant = granted(&fixture, &session, true).await;
    let lifetimes = GrantLifetimes {
        refresh_token_grace: std::time::Duration::ZERO,
        ..LIFETIMES
    };
    for expected in [refreshed(1, 30 * DAY), RefreshOutcome::Reused] {
        let usage = use_of(&grant, 0, client(), true);
        let outcome = refresh(&fixture.store, usage, &grant, &lifetimes, START).await;
        assert_eq!(outcome, expected);
    }
}

/// The row is that of a restored backup: the token with number 5 proves it.
async fn a_token_newer_than_its_row_wins_and_older_ones_are_reuse(fixture: Fixture) {
    let session = fixture.session("oAlice", START).await;
    let grant = granted(&fixture, &session, true).await;
    assert_eq!(
        rotate(&fixture, &grant, 5, later(10)).await,
        refreshed(6, 30 * DAY + 10)
    );
    assert_eq!(
        rotate(&fixture, &grant, 5, later(11)).await,
        refreshed(6, 30 * DAY + 11)
    );
    for (number, expected) in [(4, RefreshOutcome::Reused), (6, RefreshOutcome::Ended)] {
        let outcome = rotate(&fixture, &grant, number, later(12)).await;
        assert_eq!(outcome, expected, "{number}");
    }
}

async fn a_token_that_is_not_rotated_stays(fixture: Fixture) {
    let session = fixture.session("oAlice", START).await;
    let grant = granted(&fixture, &session, true).await;
    for day in [0, 20, 40, 60] {
        let now = later(day * DAY);
        let hundred = (0..100).map(|_| keep(&fixture, &grant, 0, now));
        for outcome in join_all(hundred).await {
            assert_eq!(outcome, refreshed(0, (day + 30) * DAY));
        }
    }
    let seen = read(&fixture, &grant, later(60 * DAY)).await.unwrap();
    assert_eq!((seen.number, seen.rotated_at), (0, None));
}

async fn a_kept_token_newer_than_its_row_makes_older_ones_reuse(fixture: Fixture) {
    let session = fixture.session("oAlice", START).await;
    let grant = granted(&fixture, &session, true).await;
    for _ in 0..2 {
        assert_eq!(
            keep(&fixture, &grant, 5, START).await,
            refreshed(5, 30 * DAY)
        );
    }
    assert_eq!(
        keep(&fixture, &grant, 4, START).await,
        RefreshOutcome::Reused
    );
    assert!(read(&fixture, &grant, START).await.is_none());
}

async fn the_use_of_a_kept_token_is_rarely_written(fixture: Fixture) {
    let session = fixture.session("oAlice", START).await;
    let grant = granted(&fixture, &session, true).await;
    for (second, end) in [
        (1, 30 * DAY),
        (DAY - 1, 30 * DAY),
        (DAY, 31 * DAY),
        (DAY + 1, 31 * DAY),
        (2 * DAY, 32 * DAY),
    ] {
        let outcome = keep(&fixture, &grant, 0, later(second)).await;
        assert_eq!(outcome, refreshed(0, end), "{second}");
        let seen = read(&fixture, &grant, later(second)).await.unwrap();
        assert_eq!(seen.expires_at, later(end), "{second}");
    }
}

async fn no_use_moves_the_absolute_end(fixture: Fixture) {
    let session = fixture.session("oAlice", START).await;
    let (kept, rotated) = (
        granted(&fixture, &session, true).await,
        granted(&fixture, &session, true).await,
    );
    for day in (10..180).step_by(10) {
        let (now, end) = (later(day * DAY), (day + 30).min(180) * DAY);
        assert_eq!(keep(&fixture, &kept, 0, now).await, refreshed(0, end));
        let number = u32::try_from(day / 10).unwrap();
        let outcome = rotate(&fixture, &rotated, number - 1, now).await;
        assert_eq!(outcome, refreshed(number, end), "{day}");
    }
    let outcome = rotate(&fixture, &rotated, 17, later(180 * DAY)).await;
    assert_eq!(outcome, RefreshOutcome::Ended);
}

/// What a grant depends on, what undoes it, and whether an offline grant does not depend on it.
const ENDS: [(&str, &str, bool); 6] = [
    (
        "update sessions set sid = 'gone ' || sid",
        "update sessions set sid = substr(sid, 6)",
        true,
    ),
    (
        "update sessions set ended_at = 1",
        "update sessions set ended_at = null",
        true,
    ),
    (
        "update sessions set expires_at = expires_at - 604800000",
        "update sessions set expires_at = expires_at + 604800000",
        true,
    ),
    (
        "update users set disabled_at = 1",
        "update users set disabled_at = null",
        false,
    ),
    (
        "update grants set expires_at = expires_at - 2592000000",
        "update grants set expires_at = expires_at + 2592000000",
        false,
    ),
    (
        "update grants set revoked_at = 1",
        "update grants set revoked_at = null",
        false,
    ),
];

/// The token was replaced within the grace period, so that none of the failed uses is reuse.
async fn no_token_is_used_after_the_end_of_what_it_depends_on(fixture: Fixture) {
    let session = fixture.session("oAlice", START).await;
    let of_session = granted(&fixture, &session, false).await;
    let offline = granted(&fixture, &session, true).await;
    let both = async |second| {
        let outcomes = [&of_session, &offline].map(|it| rotate(&fixture, it, 0, later(second)));
        join_all(outcomes).await
    };
    let (ended, same) = (RefreshOutcome::Ended, refreshed(1, 30 * DAY + 11));
    both(11).await;
    for (change, undo, is_kept) in ENDS {
        fixture.execute(change).await;
        let expected = [ended, if is_kept { same } else { ended }];
        assert_eq!(both(11).await, expected, "{change}");
        fixture.execute(undo).await;
        assert_eq!(both(11).await, [same, same], "{undo}");
    }
}

async fn another_client_changes_nothing(fixture: Fixture) {
    let session = fixture.session("oAlice", START).await;
    let grant = granted(&fixture, &session, true).await;
    rotate(&fixture, &grant, 0, START).await;
    for number in [0, 1, 2] {
        let usage = use_of(&grant, number, "thief".parse().unwrap(), true);
        let outcome = refresh(&fixture.store, usage, &grant, &LIFETIMES, later(90)).await;
        assert_eq!(outcome, RefreshOutcome::Ended, "{number}");
    }
    assert_eq!(
        rotate(&fixture, &grant, 1, later(90)).await,
        refreshed(2, 30 * DAY + 90)
    );
}

/// That of a user who is disabled now, too: it must not be there when the user is enabled again.
async fn a_grant_is_revoked_once_whatever_has_become_of_it(fixture: Fixture) {
    let session = fixture.session("oAlice", START).await;
    let grant = granted(&fixture, &session, true).await;
    let other = granted(&fixture, &session, true).await;
    fixture.execute("update users set disabled_at = 1").await;
    fixture.execute("update sessions set ended_at = 1").await;
    for is_first in [true, false] {
        let revoked = fixture.store.revoke(grant.id, later(1)).await;
        assert_eq!(revoked.unwrap(), is_first);
    }
    fixture.execute("update users set disabled_at = null").await;
    let left = [&grant, &other].map(|grant| read(&fixture, grant, START));
    let left = join_all(left).await;
    assert_eq!([left[0].is_some(), left[1].is_some()], [false, true]);
}

async fn the_owner_of_a_grant_is_known_as_long_as_its_row(fixture: Fixture) {
    let session = fixture.session("oAlice", START).await;
    let grant = granted(&fixture, &session, true).await;
    fixture.execute("update users set disabled_at = 1").await;
    fixture.execute("update grants set revoked_at = 1").await;
    let owner = fixture.store.grant_owner(grant.id).await.unwrap().unwrap();
    assert_eq!((owner.client, owner.user), (client(), session.user));
    assert_eq!(owner.secret.expose(), grant.secret.expose());
    let unknown = fixture.store.grant_owner(id(GrantId::from_bytes)).await;
    assert!(unknown.unwrap().is_none());
}

async fn how_the_user_logged_in_is_known_until_the_session_is_renewed(fixture: Fixture) {
    let session = fixture.session("oAlice", START).await;
    let grant = granted(&fixture, &session, true).await;
    for (change, expected) in [
        ("update sessions set last_seen_at = 5", Some(session.method)),
        ("update sessions set auth_time = auth_time + 1", None),
        ("delete from sessions", None),
    ] {
        fixture.execute(change).await;
        let found = fixture.store.grant(grant.id, START).await;
        assert_eq!(found.unwrap().unwrap().method, expected, "{change}");
    }
}

/// A rotation and a revocation are on the disk before the client hears of them: else an older token would be valid again.
#[tokio::test]
async fn all_but_the_use_of_a_kept_token_waits_for_the_disk() {
    use std::sync::atomic::Ordering::Relaxed;

    let fixture = Fixture::sqlite().await;
    let durable = || {
        let commits = fixture.store.commits();
        (commits.durable.load(Relaxed), commits.relaxed.load(Relaxed))
    };
    let session = fixture.session("oAlice", START).await;
    granted(&fixture, &session, true).await; // with a new subject
    assert_eq!(durable(), (2, 0));
    let grant = granted(&fixture, &session, false).await;
    assert_eq!(durable(), (3, 0));
    keep(&fixture, &grant, 0, later(5)).await;
    assert_eq!(durable(), (3, 0));
    keep(&fixture, &grant, 0, later(2 * DAY)).await;
    assert_eq!(durable(), (3, 1));
    keep(&fixture, &grant, 5, later(2 * DAY)).await; // newer than its row
    assert_eq!(durable(), (4, 1));
    rotate(&fixture, &grant, 5, later(2 * DAY)).await;
    assert_eq!(durable(), (5, 1));
    rotate(&fixture, &grant, 1, later(2 * DAY)).await; // reuse
    assert_eq!(durable(), (6, 1));
    fixture.store.revoke(grant.id, START).await.unwrap();
    assert_eq!(durable(), (7, 1));
}
