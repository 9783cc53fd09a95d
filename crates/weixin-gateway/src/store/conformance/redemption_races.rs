//! Codes that are redeemed while their session ends, or while their client is revoked. On PostgreSQL, either may come first;
//! SQLite has one writer.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::task::JoinHandle;
use weixin::clock::{Clock, SystemClock};

use super::{
    fixture::{Fixture, Held, START, client, id, later, new_grant, secret},
    on_each_database,
};
use crate::{
    admin::{Admin, RevokeTarget},
    audit::{Event, EventKind},
    oidc::{GrantId, RedeemOutcome, Session, Subject, Timestamp},
    store::{
        Durability, Undo,
        audit::EventId,
        revoke_many::{self, Remaining},
        session_end::EndReason,
    },
};

on_each_database!(a_code_that_is_redeemed_between_two_batches_gives_no_grant_that_stays);

const VALID: &str = "select count(*) from grants where revoked_at is null";
const GRANTS: &str = "select count(*) from grants";
const OUTBOX: &str = "select count(*) from logouts";

type Redeeming = JoinHandle<RedeemOutcome>;

/// A redemption that has read its session, and waits for a transaction before it writes the grant; and its connection.
async fn before_the_grant(fixture: &Fixture, session: &Session) -> (Held, Redeeming, i64) {
    let code = id(GrantId::from_bytes);
    let row = format!(
        "insert into grants select '{code}', secret, client, user_id, sub, sid, app, scopes, claims,
        auth_time, offline, seq, rotated_at, created_at, expires_at, ends_at, keep_until, null, null
        from grants"
    );
    let held = fixture.hold(row).await;
    let redeeming = redeem(fixture, session, code);
    let pid = fixture.waiting_for(held.pid, &redeeming).await;
    (held, redeeming, pid)
}

/// With a refresh token, and for a client that has received a `sub`.
fn redeem(fixture: &Fixture, session: &Session, code: GrantId) -> Redeeming {
    let now = session.auth_time.after(Duration::from_secs(1));
    let mut grant = new_grant(session, code, now);
    grant.is_offline = true;
    let (store, subject) = (fixture.store.clone(), Subject::first(session.user));
    tokio::spawn(async move {
        let redeemed = store.redeem(grant, Some(&subject), secret());
        redeemed.await.unwrap()
    })
}

/// A session whose client has received a `sub`. The only grant is another client's, and has ended.
async fn session(fixture: &Fixture, now: Timestamp) -> Session {
    let session = fixture.session("oAlice", now).await;
    let code = id(GrantId::from_bytes);
    fixture.redeem(&session, code, now).await;
    fixture
        .execute("update grants set client = 'other', revoked_at = 1")
        .await;
    session
}

/// What ends the session, or the codes of its client, begins while a redemption is held back, and waits for it. Then both go
/// on. Returns the result of the end.
async fn while_redeeming<T: Send + 'static>(
    fixture: &Fixture,
    session: &Session,
    end: impl Future<Output = T> + Send + 'static,
) -> T {
    let (held, redeeming, pid) = before_the_grant(fixture, session).await;
    let ending = tokio::spawn(end);
    fixture.waiting_for(pid, &ending).await;
    held.rollback().await;
    let outcome = redeeming.await.unwrap();
    assert!(matches!(outcome, RedeemOutcome::Granted(_)), "{outcome:?}");
    ending.await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_code_that_waits_for_the_end_of_its_session_gives_nothing() {
    let fixture = Fixture::postgres().await;
    let session = session(&fixture, START).await;
    let held = fixture.hold("update sessions set ended_at = 1").await;
    let redeeming = redeem(&fixture, &session, id(GrantId::from_bytes));
    fixture.waiting_for(held.pid, &redeeming).await;
    held.commit().await;
    let outcome = redeeming.await.unwrap();
    assert!(matches!(outcome, RedeemOutcome::Ended), "{outcome:?}");
    assert_eq!(fixture.count(VALID).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_grant_that_is_made_during_the_revocation_of_its_user_ends() {
    let fixture = Fixture::postgres().await;
    let session = session(&fixture, START).await;
    let (store, user) = (fixture.store.clone(), session.user);
    let end = async move {
        let work = store.write(Durability::Durable, Undo::Savepoint, move |connection| {
            Box::pin(async move { revoke_many::of_user(connection, user, later(2)).await })
        });
        work.await.unwrap()
    };
    let ended = while_redeeming(&fixture, &session, end).await;
    assert_eq!((ended.sessions, ended.grants), (1, 1));
    assert_eq!(fixture.count(VALID).await, 0);
}

/// Also the client whose grant is made last is told.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_client_that_gets_a_grant_during_a_logout_is_told_of_it() {
    let fixture = Fixture::postgres().await;
    let session = session(&fixture, START).await;
    let (store, sids) = (fixture.store.clone(), vec![session.sid]);
    let end = async move {
        let ended = store.end_sessions(sids, Vec::new(), (EndReason::LoggedOut, None), later(2));
        ended.await.unwrap()
    };
    let ended = while_redeeming(&fixture, &session, end).await;
    assert_eq!(ended, [(session.sid, session.user)]);
    assert_eq!(fixture.count(OUTBOX).await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_forgotten_user_leaves_no_grant_that_is_made_meanwhile() {
    let fixture = Fixture::postgres().await;
    let session = session(&fixture, START).await;
    let (store, user) = (fixture.store.clone(), session.user);
    let event = Event::new(later(2), EventKind::UserForgotten);
    let event = (EventId::random().unwrap(), event);
    let end = async move { store.forget(user, event, later(2)).await.unwrap() };
    while_redeeming(&fixture, &session, end).await;
    assert_eq!(fixture.count(GRANTS).await, 0);
}

/// An operator goes by the time of the database.
async fn session_now(fixture: &Fixture) -> Session {
    session(fixture, SystemClock.now().into()).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_grant_that_is_made_during_a_revocation_of_everything_ends() {
    let fixture = Fixture::postgres().await;
    let session = session_now(&fixture).await;
    let admin = Admin::open(&fixture.config()).await.unwrap();
    let end = async move { admin.revoke(RevokeTarget::All).await.unwrap() };
    let revoked = while_redeeming(&fixture, &session, end).await;
    assert_eq!((revoked.sessions, revoked.grants), (1, 1));
    assert_eq!(fixture.count(VALID).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_grant_that_is_made_during_the_revocation_of_its_client_ends() {
    let fixture = Fixture::postgres().await;
    let session = session_now(&fixture).await;
    let admin = Admin::open(&fixture.config()).await.unwrap();
    let target = RevokeTarget::Client(client().to_string());
    let end = async move { admin.revoke(target).await.unwrap() };
    let revoked = while_redeeming(&fixture, &session, end).await;
    assert_eq!((revoked.sessions, revoked.grants), (0, 1));
    assert_eq!(fixture.count(VALID).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_grant_that_is_made_during_the_removal_of_its_client_ends() {
    let fixture = Fixture::postgres().await;
    let session = session_now(&fixture).await;
    fixture.add_client(client()).await;
    let config = fixture.config();
    let admin = Admin::open(&config).await.unwrap();
    let end = async move {
        admin
            .remove_client(&config, client().as_str())
            .await
            .unwrap();
    };
    while_redeeming(&fixture, &session, end).await;
    assert_eq!(fixture.count(VALID).await, 0);
}

/// More sessions than one batch ends. The last one goes on until its turn comes, with a time that no command can know.
async fn a_code_that_is_redeemed_between_two_batches_gives_no_grant_that_stays(fixture: Fixture) {
    let openids: Vec<_> = (0..251).map(|it| format!("o{it}")).collect();
    let sessions = openids.iter().map(|openid| fixture.session(openid, START));
    let sessions = join_all(sessions).await;
    let last = sessions.iter().max_by_key(|it| it.sid.to_string()).unwrap();
    let begun = later(2);
    let first = fixture
        .store
        .write(Durability::Durable, Undo::Savepoint, move |connection| {
            Box::pin(
                async move { revoke_many::batch(connection, None, Remaining::all(), begun).await },
            )
        });
    let (ended, remaining) = first.await.unwrap();
    assert_eq!((ended.sessions, ended.grants), (250, 0));
    let mut grant = new_grant(last, id(GrantId::from_bytes), later(300));
    grant.is_offline = true;
    let outcome = fixture.redeem_grant(grant).await;
    assert!(matches!(outcome, RedeemOutcome::Granted(_)), "{outcome:?}");
    let ended = fixture.revoke_batches(None, remaining, begun);
    let ended = ended.await;
    assert_eq!((ended.sessions, ended.grants), (1, 1));
    assert_eq!(fixture.count(VALID).await, 0);
}
