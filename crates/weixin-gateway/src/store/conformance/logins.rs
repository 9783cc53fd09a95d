//! Which user a login is, and the session that follows.

use futures_util::future::join_all;
use weixin::UserIds;

use super::{
    fixture::{
        APP, Fixture, OTHER_APP, START, cookie, id, ids, ids_in, known, later, login, new_grant,
        session_of,
    },
    on_each_database,
};
use crate::{
    oidc::{GrantId, Profile, UserId, WechatIds},
    store::{
        Durability, StoreError, Undo,
        identities::LoginIdentities,
        users::{self, LockedUser},
    },
    upstream::{link, login_outcome::LoginOutcome},
};

on_each_database!(
    simultaneous_first_logins_of_a_user_create_one_user,
    a_unionid_that_comes_late_belongs_to_the_same_user,
    contradicting_ids_change_nothing,
    simultaneous_logins_that_contradict_each_other_change_one_user_once,
    without_an_id_there_is_no_user,
    a_disabled_user_does_not_log_in,
    only_the_owner_of_all_identities_is_locked,
    a_user_has_a_profile_and_the_ids_of_wechat,
);

const USERS: &str = "select count(*) from users";
const IDENTITIES: &str = "select count(*) from identities";
const SESSIONS: &str = "select count(*) from sessions";

fn conflict(outcome: Result<LoginOutcome, StoreError>) -> Vec<UserId> {
    match outcome.unwrap() {
        LoginOutcome::Conflict(users) => users,
        other => panic!("{other:?}"),
    }
}

async fn simultaneous_first_logins_of_a_user_create_one_user(fixture: Fixture) {
    let alice = ids("oAlice", Some("uAlice"));
    let logins = (0..20).map(|_| fixture.log_in(login(&alice, None, START)));
    let outcomes: Vec<_> = join_all(logins)
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    let is_created = |outcome: &&LoginOutcome| matches!(outcome, LoginOutcome::Created(_));
    assert_eq!(outcomes.iter().filter(is_created).count(), 1);
    let mut users: Vec<_> = outcomes.into_iter().map(|it| session_of(it).user).collect();
    users.dedup();
    assert_eq!(users.len(), 1);
    assert_eq!(fixture.count(USERS).await, 1);
    assert_eq!(fixture.count(IDENTITIES).await, 2);
    assert_eq!(fixture.count(SESSIONS).await, 20);
}

async fn a_unionid_that_comes_late_belongs_to_the_same_user(fixture: Fixture) {
    let first = fixture.session("oAlice", START).await;
    let late = login(&ids("oAlice", Some("uAlice")), None, later(1));
    assert_eq!(known(fixture.log_in(late).await).user, first.user);
    let other_app = login(&ids_in(OTHER_APP, "oA", Some("uAlice")), None, later(2));
    assert_eq!(known(fixture.log_in(other_app).await).user, first.user);
    let without = login(&ids_in(OTHER_APP, "oA", None), None, later(3));
    assert_eq!(known(fixture.log_in(without).await).user, first.user);
    assert_eq!(fixture.count(USERS).await, 1);
    assert_eq!(fixture.count(IDENTITIES).await, 3);
}

async fn contradicting_ids_change_nothing(fixture: Fixture) {
    let first = login(&ids("oAlice", Some("uAlice")), None, START);
    let first = session_of(fixture.log_in(first).await.unwrap());
    for contradicting in [ids("oAlice", Some("uOther")), ids("oOther", Some("uAlice"))] {
        let outcome = fixture.log_in(login(&contradicting, None, later(1))).await;
        assert_eq!(conflict(outcome), [first.user]);
    }
    assert_eq!(fixture.count(IDENTITIES).await, 2);
    assert_eq!(fixture.count(SESSIONS).await, 1);
}

async fn simultaneous_logins_that_contradict_each_other_change_one_user_once(fixture: Fixture) {
    let first = fixture.session("oAlice", START).await;
    let unionids: Vec<_> = (0..10).map(|number| format!("u{number}")).collect();
    let logins = unionids.iter().map(|unionid| {
        let login = login(&ids("oAlice", Some(unionid)), None, later(1));
        fixture.log_in(login)
    });
    let outcomes = join_all(logins).await.into_iter().map(Result::unwrap);
    let (known, others): (Vec<_>, Vec<_>) =
        outcomes.partition(|outcome| matches!(outcome, LoginOutcome::Known(_)));
    assert_eq!((known.len(), others.len()), (1, 9));
    for other in others {
        assert_eq!(conflict(Ok(other)), [first.user]);
    }
    assert_eq!(fixture.count(IDENTITIES).await, 2);
}

async fn without_an_id_there_is_no_user(fixture: Fixture) {
    let snapshot = login(&UserIds::default(), None, START);
    assert_eq!(conflict(fixture.log_in(snapshot).await), []);
    assert_eq!(fixture.count(USERS).await, 0);
    assert_eq!(fixture.count(SESSIONS).await, 0);
}

async fn a_disabled_user_does_not_log_in(fixture: Fixture) {
    let first = fixture.session("oAlice", START).await;
    fixture.execute("update users set disabled_at = 1").await;
    for (openid, unionid) in [("oAlice", None), ("oAlice", Some("uAlice"))] {
        let again = login(&ids(openid, unionid), Some(&first), later(60));
        let outcome = fixture.log_in(again).await.unwrap();
        assert!(matches!(outcome, LoginOutcome::Disabled(user) if user == first.user));
    }
    assert_eq!(fixture.count(IDENTITIES).await, 1);
    let idle = std::time::Duration::from_hours(12);
    let hash = cookie(&login(&ids("oAlice", None), None, START).session);
    let session = fixture.store.session(&hash, first.issuer, later(60), idle);
    assert!(session.await.unwrap().is_none());
}

/// Identities may have moved since the decision.
async fn only_the_owner_of_all_identities_is_locked(fixture: Fixture) {
    let alice = login(&ids("oAlice", Some("uAlice")), None, START);
    let alice = session_of(fixture.log_in(alice).await.unwrap()).user;
    fixture.session("oBob", START).await;
    for (openid, unionid, expected) in [
        ("oAlice", None, Some(LockedUser::Enabled)),
        ("oAlice", Some("uAlice"), Some(LockedUser::Enabled)),
        ("oAlice", Some("uOther"), None),
        ("oBob", None, None),
    ] {
        let identities = LoginIdentities::new(ids(openid, unionid).identities()).unwrap();
        let work = fixture
            .store
            .write(Durability::Relaxed, Undo::Nothing, move |connection| {
                Box::pin(
                    async move { users::lock_owner(connection, alice, &identities, START).await },
                )
            });
        assert_eq!(work.await.unwrap(), expected, "{openid} {unionid:?}");
    }
}

async fn a_user_has_a_profile_and_the_ids_of_wechat(fixture: Fixture) {
    let store = &fixture.store;
    let alice = login(&ids("oAlice", Some("uAlice")), None, START);
    let session = session_of(fixture.log_in(alice).await.unwrap());
    let user = session.user;
    assert_eq!(store.profile(user).await.unwrap(), Some(Profile::default()));
    let profile = Profile {
        nickname: Some("小明 👨\u{200d}👩\u{200d}👧".to_owned()),
        picture: None,
        read_at: Some(later(1)),
    };
    store.update_profile(user, profile.clone()).await.unwrap();
    assert_eq!(store.profile(user).await.unwrap(), Some(profile.clone()));
    let id = id(GrantId::from_bytes);
    fixture.redeem_grant(new_grant(&session, id, START)).await;
    let grant = store.grant(id, START).await.unwrap().unwrap();
    assert_eq!(grant.profile, profile);
    for (app, openid) in [(APP, Some("oAlice")), (OTHER_APP, None)] {
        let expected = WechatIds {
            unionid: Some("uAlice".parse().unwrap()),
            openid: openid.map(|openid| openid.parse().unwrap()),
            app: app.parse().unwrap(),
        };
        assert_eq!(
            store.wechat_ids(user, app.parse().unwrap()).await.unwrap(),
            expected
        );
    }
}

/// On SQLite no transaction can come between reading and writing.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_login_that_finds_its_identities_taken_begins_again() {
    let fixture = Fixture::postgres().await;
    let mut other = fixture.store.pool().begin().await.unwrap();
    let pid = sqlx::query_scalar("select pg_backend_pid()::bigint");
    let pid: i64 = pid.fetch_one(&mut *other).await.unwrap();
    for sql in [
        "insert into users (id, created_at, last_seen_at)
            values ('aaaaaaaaaaaaaaaaaaaaaaaaaa', 1, 1)",
        "insert into identities (identity, user_id, created_at)
            values ('open:wx0000000000000web:oAlice', 'aaaaaaaaaaaaaaaaaaaaaaaaaa', 1)",
    ] {
        sqlx::query(sql).execute(&mut *other).await.unwrap();
    }
    let store = fixture.store.clone();
    let login = login(&ids("oAlice", None), None, START);
    let login = tokio::spawn(async move { link::log_in(&store, login).await });
    // Until it waits for the other transaction.
    let blocked = "select count(*) from pg_stat_activity where $1 = any(pg_blocking_pids(pid))";
    let mut waiting = 0_i64;
    while waiting == 0 {
        let query = sqlx::query_scalar(blocked).bind(pid);
        waiting = query.fetch_one(fixture.store.pool()).await.unwrap();
    }
    other.commit().await.unwrap();
    let user = known(login.await.unwrap()).user;
    assert_eq!(user, UserId::from_bytes([0; 16]));
    assert_eq!(fixture.count(USERS).await, 1);
    assert_eq!(fixture.count(SESSIONS).await, 1);
}
