//! Users who turn out to be one, and users who are split again.

use std::time::Duration;

use futures_util::future::join_all;

use super::{
    fixture::{
        APP, Fixture, OTHER_APP, START, client, id, ids, ids_in, known, later, login, new_grant,
        new_grant_of, session_of, silent_login,
    },
    on_each_database,
};
use crate::{
    oidc::{
        ClientId, Grant, GrantId, Profile, RedeemOutcome, Session, Subject, Timestamp, UserId,
        WechatIds,
    },
    store::{
        Durability, StoreError, Undo,
        identities::UnionIds,
        merges::{Ended, Merge},
    },
    upstream::{link::NewLogin, login_outcome::LoginOutcome, silent},
};

on_each_database!(
    a_late_unionid_merges_two_users,
    a_login_that_merges_users_undoes_their_logouts,
    a_session_of_the_absorbed_user_is_the_kept_ones,
    a_grant_of_the_absorbed_user_is_the_kept_ones,
    the_kept_user_has_the_wechat_ids_of_both,
    a_session_of_the_absorbed_user_is_renewed,
    a_client_receives_the_same_sub_after_a_merge,
    a_removed_grant_changes_no_sub,
    a_merge_beside_running_logins_loses_nothing,
    a_disabled_user_is_not_merged,
    a_disabled_kept_user_disables_all_sessions,
    a_chain_of_merges_is_one_merge,
    of_two_opposite_merges_one_wins,
    a_split_undoes_a_merge_and_ends_all_sessions_and_grants,
    a_split_ends_nothing_twice,
    two_people_whom_the_operator_merged_are_no_conflict,
    an_app_that_has_moved_replaces_the_unionids,
    only_the_same_openid_takes_a_new_unionid,
    a_user_who_came_first_through_another_moved_app_is_merged,
);

const MERGED: &str = "select count(*) from users where merged_into is not null";

const IDLE: Duration = Duration::from_hours(12);

/// A user without a UnionID, and one with it in another app.
struct Two {
    absorbed: Session,
    kept: Session,
}

impl Two {
    async fn users(fixture: &Fixture) -> Self {
        let absorbed = fixture.session("oAlice", START).await;
        let kept = login(&ids_in(OTHER_APP, "oA", Some("uAlice")), None, START);
        let kept = session_of(fixture.log_in(kept).await.unwrap());
        Self { absorbed, kept }
    }

    const fn merge(&self) -> Merge {
        Merge {
            kept: self.kept.user,
            absorbed: self.absorbed.user,
        }
    }
}

/// The login whose IDs belong to both users.
async fn merge_by_login(fixture: &Fixture, now: Timestamp) -> LoginOutcome {
    let both = login(&ids("oAlice", Some("uAlice")), None, now);
    fixture.log_in(both).await.unwrap()
}

/// A merge by the operator.
async fn merge(fixture: &Fixture, merge: Merge, now: Timestamp) -> Result<(), StoreError> {
    let work = fixture
        .store
        .write(Durability::Durable, Undo::Savepoint, move |connection| {
            Box::pin(async move {
                merge.lock(connection, now).await?;
                merge.store(connection, now).await
            })
        });
    work.await
}

async fn split(fixture: &Fixture, merge: Merge, now: Timestamp) -> Result<Ended, StoreError> {
    let work = fixture
        .store
        .write(Durability::Durable, Undo::Savepoint, move |connection| {
            Box::pin(async move { merge.split(connection, now).await })
        });
    work.await
}

async fn redeemed(
    fixture: &Fixture,
    client: &ClientId,
    session: &Session,
    now: Timestamp,
) -> Grant {
    let grant = new_grant_of(client, session, id(GrantId::from_bytes), now);
    match fixture.redeem_grant(grant).await {
        RedeemOutcome::Granted(grant) => grant,
        other => panic!("{other:?}"),
    }
}

/// The user whom a session is read as.
async fn user_of(fixture: &Fixture, session: &Session, now: Timestamp) -> Option<UserId> {
    let store = &fixture.store;
    let client = client();
    let found = store.session_of_code(session.sid, session.issuer, &client, now);
    found.await.unwrap().map(|found| found.session.user)
}

fn profile() -> Profile {
    Profile {
        nickname: Some("小明".to_owned()),
        picture: None,
        read_at: Some(START),
    }
}

fn named(client: &str) -> ClientId {
    client.parse().unwrap()
}

async fn a_late_unionid_merges_two_users(fixture: Fixture) {
    let two = Two::users(&fixture).await;
    let outcome = merge_by_login(&fixture, later(1)).await;
    let LoginOutcome::Merged { begun, absorbed } = outcome else {
        panic!("{outcome:?}");
    };
    let user = begun.session.user;
    assert_eq!((user, absorbed), (two.kept.user, two.absorbed.user));
    for (ids, seconds) in [
        (ids("oAlice", Some("uAlice")), 2),
        (ids("oAlice", None), 3),
        (ids_in(OTHER_APP, "oA", None), 4),
        (ids_in("wx00000000000000app", "oNew", Some("uAlice")), 5),
    ] {
        let again = fixture.log_in(login(&ids, None, later(seconds))).await;
        assert_eq!(known(again).user, two.kept.user, "{ids:?}");
    }
    let merged = "select count(*) from users where merged_at = 1800000001000";
    assert_eq!(fixture.count(merged).await, 1);
    assert_eq!(fixture.count("select count(*) from identities").await, 4);
}

/// It is a login with a dialog: silent logins may follow.
async fn a_login_that_merges_users_undoes_their_logouts(fixture: Fixture) {
    let two = Two::users(&fixture).await;
    redeemed(&fixture, &client(), &two.absorbed, START).await;
    fixture.execute("update users set logged_out_at = 1").await;
    let both = ids("oAlice", Some("uAlice"));
    let merged = session_of(merge_by_login(&fixture, later(1)).await);
    let silent = silent::log_in(&fixture.store, silent_login(&both, None));
    let silent = silent.await.unwrap().map(|begun| begun.session.user);
    assert_eq!(silent, Some(merged.user));
}

async fn a_session_of_the_absorbed_user_is_the_kept_ones(fixture: Fixture) {
    let store = &fixture.store;
    let two = Two::users(&fixture).await;
    let cookie = login(&ids("oAlice", None), None, START);
    let hash = super::fixture::cookie(&cookie.session);
    fixture.log_in(cookie).await.unwrap();
    let (kept, issuer, client) = (two.kept.user, two.kept.issuer, client());
    store.update_profile(kept, profile()).await.unwrap();
    merge(&fixture, two.merge(), later(1)).await.unwrap();
    let session = store.session(&hash, issuer, later(2), IDLE).await;
    assert_eq!(session.unwrap().unwrap().user, kept);
    let of_code = store.session_of_code(two.absorbed.sid, issuer, &client, later(2));
    let of_code = of_code.await.unwrap().unwrap();
    assert_eq!((of_code.session.user, of_code.profile), (kept, profile()));
}

async fn a_grant_of_the_absorbed_user_is_the_kept_ones(fixture: Fixture) {
    let store = &fixture.store;
    let two = Two::users(&fixture).await;
    let before = redeemed(&fixture, &client(), &two.absorbed, START).await;
    let kept = two.kept.user;
    store.update_profile(kept, profile()).await.unwrap();
    merge(&fixture, two.merge(), later(1)).await.unwrap();
    let grant = store.grant(before.id, later(2)).await.unwrap().unwrap();
    assert_eq!((grant.grant.user, grant.profile), (kept, profile()));
    assert_eq!(grant.grant.subject, Subject::first(two.absorbed.user));
    let of_subject = store.user_of_subject(&client(), &before.subject).await;
    assert_eq!(of_subject.unwrap(), Some(kept));
}

async fn the_kept_user_has_the_wechat_ids_of_both(fixture: Fixture) {
    let two = Two::users(&fixture).await;
    merge(&fixture, two.merge(), later(1)).await.unwrap();
    for (app, openid) in [(APP, "oAlice"), (OTHER_APP, "oA")] {
        let expected = WechatIds {
            unionid: Some("uAlice".parse().unwrap()),
            openid: openid.parse().ok(),
            app: app.parse().unwrap(),
        };
        let ids = fixture
            .store
            .wechat_ids(two.kept.user, app.parse().unwrap());
        assert_eq!(ids.await.unwrap(), expected);
    }
}

async fn a_session_of_the_absorbed_user_is_renewed(fixture: Fixture) {
    let two = Two::users(&fixture).await;
    let both = login(
        &ids("oAlice", Some("uAlice")),
        Some(&two.absorbed),
        later(60),
    );
    let merged = session_of(fixture.log_in(both).await.unwrap());
    assert_eq!((merged.sid, merged.user), (two.absorbed.sid, two.kept.user));
    assert_eq!(merged.secret.expose(), two.absorbed.secret.expose());
    let again = login(&ids("oAlice", None), Some(&merged), later(120));
    let again = known(fixture.log_in(again).await);
    assert_eq!((again.sid, again.user), (two.absorbed.sid, two.kept.user));
    assert_eq!(fixture.count("select count(*) from sessions").await, 2);
}

async fn a_client_receives_the_same_sub_after_a_merge(fixture: Fixture) {
    let two = Two::users(&fixture).await;
    let [absorbed, kept] = [&two.absorbed, &two.kept].map(|it| Subject::first(it.user));
    let (knew_absorbed, knew_kept, knew_both, knew_none) =
        (named("a"), named("k"), named("b"), named("n"));
    redeemed(&fixture, &knew_absorbed, &two.absorbed, START).await;
    redeemed(&fixture, &knew_kept, &two.kept, START).await;
    redeemed(&fixture, &knew_both, &two.absorbed, START).await;
    redeemed(&fixture, &knew_both, &two.kept, START).await;
    merge(&fixture, two.merge(), later(1)).await.unwrap();
    for session in [&two.absorbed, &two.kept] {
        for (client, expected) in [
            (&knew_absorbed, &absorbed),
            (&knew_kept, &kept),
            (&knew_both, &kept),
            (&knew_none, &kept),
        ] {
            let grant = redeemed(&fixture, client, session, later(2)).await;
            assert_eq!((&grant.subject, grant.user), (expected, two.kept.user));
        }
    }
    assert_eq!(fixture.count("select count(*) from subjects").await, 5);
}

async fn a_removed_grant_changes_no_sub(fixture: Fixture) {
    let two = Two::users(&fixture).await;
    let before = redeemed(&fixture, &client(), &two.absorbed, START).await;
    merge(&fixture, two.merge(), later(1)).await.unwrap();
    fixture.execute("delete from grants").await;
    let after = redeemed(&fixture, &client(), &two.kept, later(2)).await;
    assert_eq!(after.subject, before.subject);
}

/// Logins of both users, and first codes of a client, while they become one.
#[expect(clippy::cognitive_complexity, reason = "one story, told in order")]
async fn a_merge_beside_running_logins_loses_nothing(fixture: Fixture) {
    let two = Two::users(&fixture).await;
    let logins = (0..8).map(|_| fixture.log_in(login(&ids("oAlice", None), None, later(1))));
    let late = (0..4).map(|number| {
        let ids = ids_in(&format!("wx{number}"), "oNew", Some("uAlice"));
        let login = login(&ids, None, later(1));
        fixture.log_in(login)
    });
    let merges = (0..4).map(|_| merge_by_login(&fixture, later(1)));
    let codes = (0..8).map(|_| {
        let grant = new_grant(&two.absorbed, id(GrantId::from_bytes), later(1));
        fixture.redeem_grant(grant)
    });
    let (logins, late, merges, codes) = tokio::join!(
        join_all(logins),
        join_all(late),
        join_all(merges),
        join_all(codes)
    );
    let sessions = logins.into_iter().chain(late).map(Result::unwrap);
    for session in sessions.chain(merges).map(session_of) {
        assert_eq!(
            user_of(&fixture, &session, later(2)).await,
            Some(two.kept.user)
        );
    }
    let after = redeemed(&fixture, &client(), &two.kept, later(2)).await;
    for code in codes {
        match code {
            RedeemOutcome::Granted(grant) => assert_eq!(grant.subject, after.subject),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(fixture.count("select count(*) from identities").await, 7);
    assert_eq!(fixture.count("select count(*) from subjects").await, 1);
    assert_eq!(fixture.count(MERGED).await, 1);
}

async fn a_disabled_user_is_not_merged(fixture: Fixture) {
    let two = Two::users(&fixture).await;
    for (user, sql) in [
        (
            two.absorbed.user,
            "update users set disabled_at = 1 where id in
            (select user_id from identities where identity like '%oAlice')",
        ),
        (
            two.kept.user,
            "update users set disabled_at = case when disabled_at = 1 then null else 1 end",
        ),
    ] {
        fixture.execute(sql).await;
        let outcome = merge_by_login(&fixture, later(1)).await;
        assert!(
            matches!(outcome, LoginOutcome::Disabled(it) if it == user),
            "{outcome:?}"
        );
    }
    assert_eq!(fixture.count(MERGED).await, 0);
}

#[expect(clippy::cognitive_complexity, reason = "one story, told in order")]
async fn a_disabled_kept_user_disables_all_sessions(fixture: Fixture) {
    let two = Two::users(&fixture).await;
    let grant = redeemed(&fixture, &client(), &two.absorbed, START).await;
    merge(&fixture, two.merge(), later(1)).await.unwrap();
    fixture
        .execute("update users set disabled_at = 1 where merged_into is null")
        .await;
    for session in [&two.absorbed, &two.kept] {
        assert_eq!(user_of(&fixture, session, later(2)).await, None);
        let outcome = fixture
            .redeem(session, id(GrantId::from_bytes), later(2))
            .await;
        assert!(matches!(outcome, RedeemOutcome::Ended), "{outcome:?}");
    }
    assert!(
        fixture
            .store
            .grant(grant.id, later(2))
            .await
            .unwrap()
            .is_none()
    );
    let outcome = merge_by_login(&fixture, later(2)).await;
    assert!(matches!(outcome, LoginOutcome::Disabled(user) if user == two.kept.user));
}

async fn a_chain_of_merges_is_one_merge(fixture: Fixture) {
    let sessions = [
        fixture.session("o1", START).await,
        fixture.session("o2", START).await,
        fixture.session("o3", START).await,
    ];
    let [first, second, third] = [0, 1, 2].map(|number: usize| sessions[number].user);
    for (kept, absorbed) in [(second, first), (third, second)] {
        merge(&fixture, Merge { kept, absorbed }, later(1))
            .await
            .unwrap();
    }
    for session in &sessions {
        assert_eq!(user_of(&fixture, session, later(2)).await, Some(third));
    }
    for (kept, absorbed) in [(first, third), (third, first)] {
        let outcome = merge(&fixture, Merge { kept, absorbed }, later(2)).await;
        assert!(matches!(outcome, Err(StoreError::Conflict)), "{outcome:?}");
    }
}

async fn of_two_opposite_merges_one_wins(fixture: Fixture) {
    let two = Two::users(&fixture).await;
    let Merge { kept, absorbed } = two.merge();
    let opposite = Merge {
        kept: absorbed,
        absorbed: kept,
    };
    let merges = (0..10).map(|number| {
        let one = if number % 2 == 0 {
            two.merge()
        } else {
            opposite
        };
        merge(&fixture, one, later(1))
    });
    let outcomes = join_all(merges).await;
    let won = outcomes.iter().filter(|it| it.is_ok()).count();
    let conflicts = outcomes
        .iter()
        .filter(|it| matches!(it, Err(StoreError::Conflict)));
    assert_eq!((won, conflicts.count()), (1, 9));
}

/// What had ended keeps its reason.
async fn a_split_ends_nothing_twice(fixture: Fixture) {
    let two = Two::users(&fixture).await;
    merge(&fixture, two.merge(), later(200)).await.unwrap();
    redeemed(&fixture, &client(), &two.absorbed, later(300)).await;
    for sql in [
        "update sessions set ended_at = 1, ended_reason = 'x'",
        "update grants set revoked_at = 1, revoked_reason = 'x'",
    ] {
        fixture.execute(sql).await;
    }
    let ended = split(&fixture, two.merge(), later(400)).await;
    assert_eq!(ended.unwrap(), Ended::default());
    for (count, expected) in [
        ("select count(*) from sessions where ended_reason = 'x'", 2),
        ("select count(*) from grants where revoked_reason = 'x'", 1),
    ] {
        assert_eq!(fixture.count(count).await, expected, "{count}");
    }
}

/// Also what has begun before, by whatever clock.
async fn a_split_undoes_a_merge_and_ends_all_sessions_and_grants(fixture: Fixture) {
    let two = Two::users(&fixture).await;
    redeemed(&fixture, &client(), &two.absorbed, START).await;
    merge(&fixture, two.merge(), later(200)).await.unwrap();
    let since = login(&ids("oAlice", None), None, later(300));
    known(fixture.log_in(since).await);
    let grant = redeemed(&fixture, &named("new"), &two.absorbed, later(300)).await;
    assert_eq!(grant.subject, Subject::first(two.kept.user));
    let ended = split(&fixture, two.merge(), later(400)).await.unwrap();
    assert_eq!(
        ended,
        Ended {
            sessions: 3,
            grants: 2
        }
    );
    let open = "select count(*) from sessions where ended_at is null";
    let valid = "select count(*) from grants where revoked_at is null";
    let left = (fixture.count(open).await, fixture.count(valid).await);
    assert_eq!(left, (0, 0));
    assert_split(&fixture, &two).await;
}

/// Each user has its own `sub` at a client that knew neither before.
async fn assert_split(fixture: &Fixture, two: &Two) {
    let session = fixture.log_in(login(&ids("oAlice", None), None, later(501)));
    let session = known(session.await);
    assert_eq!(session.user, two.absorbed.user);
    let again = redeemed(fixture, &named("new"), &session, later(502)).await;
    assert_eq!(again.subject, Subject::first(two.absorbed.user));
    let outcome = split(fixture, two.merge(), later(503)).await;
    assert!(matches!(outcome, Err(StoreError::Conflict)), "{outcome:?}");
}

async fn two_people_whom_the_operator_merged_are_no_conflict(fixture: Fixture) {
    let first = login(&ids("o1", Some("u1")), None, START);
    let first = session_of(fixture.log_in(first).await.unwrap()).user;
    let second = login(&ids("o2", Some("u2")), None, later(1));
    let second = session_of(fixture.log_in(second).await.unwrap()).user;
    let crossed = || login(&ids("o1", Some("u2")), None, later(2));
    let outcome = fixture.log_in(crossed()).await.unwrap();
    let LoginOutcome::Conflict(mut users) = outcome else {
        panic!("{outcome:?}")
    };
    users.sort_unstable();
    assert_eq!(users, [first.min(second), first.max(second)]);
    let (kept, absorbed) = (first, second);
    merge(&fixture, Merge { kept, absorbed }, later(3))
        .await
        .unwrap();
    assert_eq!(known(fixture.log_in(crossed()).await).user, first);
    for ids in [
        ids("o1", Some("u1")),
        ids("o2", Some("u2")),
        ids_in(OTHER_APP, "oNew", Some("u2")),
    ] {
        let outcome = fixture.log_in(login(&ids, None, later(4))).await;
        assert_eq!(known(outcome).user, first, "{ids:?}");
    }
    let stranger = login(&ids("o1", Some("u3")), None, later(5));
    let outcome = fixture.log_in(stranger).await.unwrap();
    assert!(matches!(outcome, LoginOutcome::Conflict(_)), "{outcome:?}");
}

/// A login through an app that has moved to another Open Platform account.
fn moved(app: &str, openid: &str, unionid: &str) -> NewLogin {
    let mut moved = login(&ids_in(app, openid, Some(unionid)), None, later(2));
    moved.unionids = UnionIds::Replace;
    moved
}

async fn an_app_that_has_moved_replaces_the_unionids(fixture: Fixture) {
    Two::users(&fixture).await;
    let alice = session_of(merge_by_login(&fixture, later(1)).await).user;
    let kept = fixture.log_in(login(&ids("oAlice", Some("uNew")), None, later(2)));
    assert!(matches!(kept.await.unwrap(), LoginOutcome::Conflict(_)));
    let new = fixture.log_in(moved(APP, "oAlice", "uNew")).await;
    assert_eq!(known(new).user, alice);
    // The other app moves later: until then it has the old UnionID, and then the new one.
    for unionid in ["uAlice", "uNew"] {
        let other = login(&ids_in(OTHER_APP, "oA", Some(unionid)), None, later(3));
        assert_eq!(known(fixture.log_in(other).await).user, alice);
    }
    let wechat = fixture.store.wechat_ids(alice, APP.parse().unwrap()).await;
    assert_eq!(wechat.unwrap().unionid, "uNew".parse().ok());
}

async fn only_the_same_openid_takes_a_new_unionid(fixture: Fixture) {
    let alice = login(&ids("oAlice", Some("uAlice")), None, START);
    let alice = session_of(fixture.log_in(alice).await.unwrap());
    let stranger = fixture.log_in(moved(APP, "oStranger", "uStranger")).await;
    assert_ne!(session_of(stranger.unwrap()).user, alice.user);
    let contradicting = fixture.log_in(moved(APP, "oStranger", "uAlice")).await;
    assert!(matches!(contradicting.unwrap(), LoginOutcome::Conflict(_)));
}

async fn a_user_who_came_first_through_another_moved_app_is_merged(fixture: Fixture) {
    let other = fixture.log_in(moved(OTHER_APP, "oB", "uBob")).await;
    let bob = login(&ids("oBob", Some("uOld")), None, later(1));
    let bob = session_of(fixture.log_in(bob).await.unwrap());
    match fixture.log_in(moved(APP, "oBob", "uBob")).await.unwrap() {
        LoginOutcome::Merged { begun, absorbed } => {
            let expected = (session_of(other.unwrap()).user, bob.user);
            assert_eq!((begun.session.user, absorbed), expected);
        }
        other => panic!("{other:?}"),
    }
}
