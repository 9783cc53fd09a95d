//! What waits for what on PostgreSQL: each of two writes that want the same rows succeeds. SQLite has one writer.

use tokio::task::JoinHandle;

use super::fixture::{Fixture, START, id, ids, issuer, known, later, login};
use crate::{
    audit::{Event, EventKind},
    oidc::{GrantId, Session, SessionId, UserId},
    store::{
        Durability, StoreError, Undo, audit::EventId, forget::Removed, merges::Ended, revoke_many,
        session_end::EndReason,
    },
    upstream::link,
};

const OPEN_SESSIONS: &str = "select count(*) from sessions where ended_at is null";
const SESSIONS: &str = "select sid from sessions for update";

impl Fixture {
    /// The users whose rows no transaction has locked.
    async fn free_users(&self) -> i64 {
        let free = "with free as (select id from users for update skip locked)
            select count(*) from free";
        self.count(free).await
    }

    fn log_out(
        &self,
        sids: &[SessionId],
    ) -> JoinHandle<Result<Vec<(SessionId, UserId)>, StoreError>> {
        let (store, sids) = (self.store.clone(), sids.to_vec());
        tokio::spawn(async move {
            store
                .end_sessions(sids, Vec::new(), (EndReason::LoggedOut, None), later(60))
                .await
        })
    }

    fn forgetting(&self, user: UserId) -> JoinHandle<Result<Removed, StoreError>> {
        let store = self.store.clone();
        let event = Event::new(later(60), EventKind::UserForgotten);
        let event = (EventId::random().unwrap(), event);
        tokio::spawn(async move { store.forget(user, event, later(60)).await })
    }

    fn revoking(&self, user: UserId) -> JoinHandle<Result<Ended, StoreError>> {
        let store = self.store.clone();
        tokio::spawn(async move {
            let work = store.write(Durability::Durable, Undo::Savepoint, move |connection| {
                Box::pin(async move { revoke_many::of_user(connection, user, later(60)).await })
            });
            work.await
        })
    }

    async fn seen_as(&self, openid: &str) -> Session {
        let session = self.session(openid, START).await;
        self.redeem(&session, id(GrantId::from_bytes), START).await;
        session
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_logout_and_a_login_in_its_session_both_succeed() {
    let fixture = Fixture::postgres().await;
    let alice = fixture.seen_as("oAlice").await;
    let held = fixture.hold(SESSIONS).await;
    let logout = fixture.log_out(&[alice.sid]);
    fixture.blocked_by(&held, 1).await;
    assert_eq!(fixture.free_users().await, 0);
    let (store, login) = (
        fixture.store.clone(),
        login(&ids("oAlice", None), Some(&alice), later(60)),
    );
    let login = tokio::spawn(async move { link::log_in(&store, login).await });
    fixture.blocked_by(&held, 2).await;
    held.rollback().await;
    let ended = logout.await.unwrap().unwrap();
    assert_eq!(ended, [(alice.sid, alice.user)]);
    let next = known(login.await.unwrap());
    assert_ne!(next.sid, alice.sid);
    assert_eq!(fixture.count(OPEN_SESSIONS).await, 1);
}

/// Both name two sessions, and each the one first that the other names last.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_logouts_at_once_end_all_sessions() {
    let fixture = Fixture::postgres().await;
    let mut sessions = Vec::new();
    for openid in ["oAlice", "oBob"] {
        let session = fixture.seen_as(openid).await;
        sessions.push((session.user, session.sid));
    }
    sessions.sort_unstable();
    let [(_, first), (_, last)] = sessions[..] else {
        panic!("two sessions")
    };
    let held = fixture.hold("select id from users for update").await;
    let one = fixture.log_out(&[last, first]);
    fixture.blocked_by(&held, 1).await;
    let other = fixture.log_out(&[first, last]);
    fixture.blocked_by(&held, 2).await;
    held.rollback().await;
    let mut ended = one.await.unwrap().unwrap();
    ended.extend(other.await.unwrap().unwrap());
    let mut ended: Vec<_> = ended.into_iter().map(|(sid, user)| (user, sid)).collect();
    ended.sort_unstable();
    assert_eq!(ended, sessions);
    assert_eq!(fixture.count(OPEN_SESSIONS).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_logout_and_the_removal_of_its_user_both_succeed() {
    let fixture = Fixture::postgres().await;
    let alice = fixture.seen_as("oAlice").await;
    let held = fixture.hold(SESSIONS).await;
    let logout = fixture.log_out(&[alice.sid]);
    fixture.blocked_by(&held, 1).await;
    let forgotten = fixture.forgetting(alice.user);
    fixture.blocked_by(&held, 2).await;
    held.rollback().await;
    logout.await.unwrap().unwrap();
    forgotten.await.unwrap().unwrap();
    let rows = "select (select count(*) from sessions) + (select count(*) from users)";
    assert_eq!(fixture.count(rows).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_revocation_and_a_logout_of_the_same_sessions_both_succeed() {
    let fixture = Fixture::postgres().await;
    let (alice, other) = (
        fixture.seen_as("oAlice").await,
        fixture.seen_as("oAlice").await,
    );
    let held = fixture.hold(SESSIONS).await;
    let revoked = fixture.revoking(alice.user);
    fixture.blocked_by(&held, 1).await;
    assert_eq!(fixture.free_users().await, 0);
    let logout = fixture.log_out(&[other.sid, alice.sid]);
    fixture.blocked_by(&held, 2).await;
    held.rollback().await;
    assert_eq!(revoked.await.unwrap().unwrap().sessions, 2);
    assert_eq!(logout.await.unwrap().unwrap(), []);
}

/// PostgreSQL undoes one of two transactions that wait for each other, here always the login's.
async fn deadlocks(fixture: &Fixture, times: &'static str) {
    fixture.execute("create sequence attempts").await;
    for sql in [
        "create function deadlock() returns trigger language plpgsql as $$ begin
            if nextval('attempts') <= tg_argv[0]::bigint then
                raise exception 'deadlock detected' using errcode = '40P01';
            end if;
            return new;
        end $$",
        times,
    ] {
        fixture.execute(sql).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_login_that_the_database_has_undone_begins_again() {
    let fixture = Fixture::postgres().await;
    let twice = "create trigger deadlocks before insert on sessions
        for each row execute function deadlock('2')";
    deadlocks(&fixture, twice).await;
    let alice = fixture.session("oAlice", START).await;
    assert_eq!(alice.issuer, issuer());
    let rows = "select (select count(*) from sessions) + (select count(*) from users)";
    assert_eq!(fixture.count(rows).await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_write_that_the_database_undoes_each_time_may_be_tried_again_later() {
    let fixture = Fixture::postgres().await;
    let always = "create trigger deadlocks before insert on sessions
        for each row execute function deadlock('9')";
    deadlocks(&fixture, always).await;
    let login = login(&ids("oAlice", None), None, START);
    let failed = fixture.log_in(login).await.unwrap_err();
    assert!(failed.is_rolled_back(), "{failed:?}");
    let rows = "select (select count(*) from sessions) + (select count(*) from users)
        + (select count(*) from logins) + (select count(*) from audit)";
    assert_eq!(fixture.count(rows).await, 0);
}
