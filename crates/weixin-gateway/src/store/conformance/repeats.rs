//! A login whose callback comes again: its session goes on, and no other begins.

use futures_util::future::join_all;

use super::{
    fixture::{Fixture, START, id, ids, issuer, known, later, login, request, session_of},
    on_each_database,
};
use crate::{
    oidc::{RequestId, Session, SessionId},
    store::{
        Durability, Undo,
        merges::Ended,
        requests::NewRequest,
        revoke_many::{self, Remaining},
    },
    upstream::{link::NewLogin, login_outcome::LoginOutcome},
};

on_each_database!(
    a_repeat_gets_the_session_of_its_login,
    simultaneous_callbacks_of_a_login_are_one_session,
    a_repeat_begins_the_session_if_the_first_callback_has_not,
    a_repeat_begins_no_session_once_the_first_has_ended,
    a_repeat_during_a_revocation_of_everything_ends_with_it,
    a_repeat_creates_no_user_who_was_forgotten,
    a_login_with_another_code_is_no_repeat,
);

const SESSIONS: &str = "select count(*) from sessions";
const OPEN_SESSIONS: &str = "select count(*) from sessions where ended_at is null";
const USERS: &str = "select count(*) from users";

impl Fixture {
    async fn waiting(&self) -> RequestId {
        let (id, request) = (id(RequestId::from_bytes), request());
        let new = NewRequest::of_browser(id, &request);
        self.store.insert_request(new, 10, START).await.unwrap();
        id
    }
}

fn callback(request: RequestId, is_repeat: bool, seconds: u64) -> NewLogin {
    let mut login = login(&ids("oAlice", Some("uAlice")), None, later(seconds));
    login.session.request = request;
    login.session.is_repeat = is_repeat;
    login
}

fn is_used(outcome: Result<LoginOutcome, crate::store::StoreError>) -> bool {
    matches!(outcome.unwrap(), LoginOutcome::Used)
}

async fn first(fixture: &Fixture) -> (RequestId, Session) {
    let request = fixture.waiting().await;
    let first = fixture.log_in(callback(request, false, 1)).await;
    (request, session_of(first.unwrap()))
}

/// With its own cookie; when the user logged in does not change.
async fn a_repeat_gets_the_session_of_its_login(fixture: Fixture) {
    let (request, first) = first(&fixture).await;
    let repeat = callback(request, true, 30);
    let cookie = repeat.session.id_hash;
    let session = known(fixture.log_in(repeat).await);
    assert_eq!((session.sid, session.user), (first.sid, first.user));
    assert_eq!(
        (session.auth_time, session.expires_at),
        (first.auth_time, first.expires_at)
    );
    assert_eq!(session.last_seen_at, later(30));
    let idle = std::time::Duration::from_hours(1);
    let read = fixture.store.session(&cookie, issuer(), later(31), idle);
    assert_eq!(read.await.unwrap().map(|it| it.sid), Some(first.sid));
    assert_eq!(fixture.count(SESSIONS).await, 1);
}

async fn simultaneous_callbacks_of_a_login_are_one_session(fixture: Fixture) {
    let request = fixture.waiting().await;
    let logins = (0..20).map(|number| fixture.log_in(callback(request, number > 0, 1)));
    let outcomes = join_all(logins).await.into_iter();
    let mut sids: Vec<SessionId> = outcomes.map(|it| session_of(it.unwrap()).sid).collect();
    // Only the first callback may begin a session beside that of a repeat which was faster: it is no repeat.
    sids.sort_unstable();
    sids.dedup();
    assert!(sids.len() <= 2, "{sids:?}");
    let sessions = usize::try_from(fixture.count(SESSIONS).await).unwrap();
    assert_eq!(sessions, sids.len());
    assert_eq!(fixture.count(USERS).await, 1);
}

/// The browser has gone away before its session was stored.
async fn a_repeat_begins_the_session_if_the_first_callback_has_not(fixture: Fixture) {
    let request = fixture.waiting().await;
    let first = session_of(fixture.log_in(callback(request, true, 1)).await.unwrap());
    let again = known(fixture.log_in(callback(request, true, 2)).await);
    assert_eq!(again.sid, first.sid);
    assert_eq!(fixture.count(SESSIONS).await, 1);
}

async fn a_repeat_begins_no_session_once_the_first_has_ended(fixture: Fixture) {
    let (request, first) = first(&fixture).await;
    let user = first.user;
    let work = fixture
        .store
        .write(Durability::Durable, Undo::Savepoint, move |connection| {
            Box::pin(async move { revoke_many::of_user(connection, user, later(2)).await })
        });
    let ended = Ended {
        sessions: 1,
        grants: 0,
    };
    assert_eq!(work.await.unwrap(), ended);
    assert!(is_used(fixture.log_in(callback(request, true, 3)).await));
    assert_eq!(fixture.count(OPEN_SESSIONS).await, 0);
    // Another login of the same user has a request of its own.
    let other = fixture.waiting().await;
    known(fixture.log_in(callback(other, false, 4)).await);
    assert!(is_used(fixture.log_in(callback(request, true, 5)).await));
    assert_eq!(fixture.count(OPEN_SESSIONS).await, 1);
}

/// The batches come in the order of the IDs: one of a second session could be before those that are still to come.
async fn a_repeat_during_a_revocation_of_everything_ends_with_it(fixture: Fixture) {
    let (request, _) = first(&fixture).await;
    for _ in 0..10 {
        known(fixture.log_in(callback(request, true, 3)).await);
    }
    let work = fixture
        .store
        .write(Durability::Durable, Undo::Savepoint, |connection| {
            Box::pin(async move {
                revoke_many::batch(connection, None, Remaining::all(), later(2)).await
            })
        });
    work.await.unwrap();
    assert_eq!(fixture.count(OPEN_SESSIONS).await, 0);
    assert!(is_used(fixture.log_in(callback(request, true, 3)).await));
}

async fn a_repeat_creates_no_user_who_was_forgotten(fixture: Fixture) {
    let (request, _) = first(&fixture).await;
    for sql in [
        "delete from sessions",
        "delete from identities",
        "delete from users",
    ] {
        fixture.execute(sql).await;
    }
    assert!(is_used(fixture.log_in(callback(request, true, 3)).await));
    assert_eq!(fixture.count(USERS).await, 0);
    assert_eq!(fixture.count(SESSIONS).await, 0);
}

/// Two tabs can be sent to WeChat for one request.
async fn a_login_with_another_code_is_no_repeat(fixture: Fixture) {
    let (request, first) = first(&fixture).await;
    let second = known(fixture.log_in(callback(request, false, 2)).await);
    assert_ne!(second.sid, first.sid);
    // Of two, the later one's goes on.
    let repeat = known(fixture.log_in(callback(request, true, 3)).await);
    assert_eq!(repeat.sid, second.sid);
    assert_eq!(fixture.count(SESSIONS).await, 2);
}
