//! A login whose callback comes again: its session goes on, and no other begins.

use futures_util::future::join_all;

use super::{
    fixture::{
        Fixture, START, begun_by, cookie, cookies_of, id, ids, issuer, known, later, login,
        request, session_of,
    },
    on_each_database,
};
use crate::{
    oidc::{RequestId, Session, SessionId},
    store::{
        Durability, Undo, merges::Ended, requests::NewRequest, revoke_many, session_end::EndReason,
        session_login::BrowserSession,
    },
    upstream::{link::NewLogin, login_outcome::LoginOutcome},
};

on_each_database!(
    a_repeat_gets_the_session_and_the_cookie_of_its_login,
    simultaneous_callbacks_of_a_login_are_one_session_with_one_cookie,
    a_repeat_is_known_at_a_node_whose_first_key_is_another,
    a_repeat_begins_no_session_once_the_first_has_ended,
    a_repeat_during_a_revocation_of_everything_ends_with_it,
    a_repeat_creates_no_user_who_was_forgotten,
    two_logins_for_one_request_have_a_session_each,
    a_used_state_logs_no_one_else_in,
    a_used_state_is_known_for_two_hours,
    a_login_under_way_when_its_browser_logs_out_begins_no_session,
);

const SESSIONS: &str = "select count(*) from sessions";
const OPEN_SESSIONS: &str = "select count(*) from sessions where ended_at is null";
const USERS: &str = "select count(*) from users";
const LOGINS: &str = "select count(*) from logins";

impl Fixture {
    async fn waiting(&self) -> RequestId {
        let (id, request) = (id(RequestId::from_bytes), request());
        let new = NewRequest::of_browser(id, &request);
        self.store.insert_request(new, 10, START).await.unwrap();
        id
    }

    /// Logs Alice in.
    async fn first(&self) -> (Callback, Session) {
        let first = Callback::new(self.waiting().await, "state");
        let session = session_of(self.log_in(first.at(1)).await.unwrap());
        (first, session)
    }
}

/// A callback of Alice's browser, which may come several times.
struct Callback {
    request: RequestId,
    state: &'static str,
}

impl Callback {
    const fn new(request: RequestId, state: &'static str) -> Self {
        Self { request, state }
    }

    fn at(&self, seconds: u64) -> NewLogin {
        self.with("oAlice", "uAlice", seconds)
    }

    fn with(&self, openid: &str, unionid: &str, seconds: u64) -> NewLogin {
        let mut login = login(&ids(openid, Some(unionid)), None, later(seconds));
        login.session.request = self.request;
        self.state.clone_into(&mut login.session.state);
        login
    }
}

fn is_used(outcome: Result<LoginOutcome, crate::store::StoreError>) -> bool {
    matches!(outcome.unwrap(), LoginOutcome::Used)
}

/// When the user logged in does not change.
async fn a_repeat_gets_the_session_and_the_cookie_of_its_login(fixture: Fixture) {
    let callback = Callback::new(fixture.waiting().await, "state");
    let new = callback.at(1);
    let set = cookie(&new.session);
    let first = session_of(fixture.log_in(new).await.unwrap());
    let repeat = fixture.log_in(callback.at(30)).await.unwrap();
    let LoginOutcome::Repeated(BrowserSession { session, cookie }) = repeat else {
        panic!("{repeat:?}")
    };
    assert!(cookie.hash().is(&set));
    assert_eq!((session.sid, session.user), (first.sid, first.user));
    assert_eq!(
        (session.auth_time, session.expires_at),
        (first.auth_time, first.expires_at)
    );
    let idle = std::time::Duration::from_hours(1);
    let read = fixture.store.session(&set, issuer(), later(31), idle);
    assert_eq!(read.await.unwrap().map(|it| it.sid), Some(first.sid));
    assert_eq!(fixture.count(SESSIONS).await, 1);
}

/// While the key file is changed, and one node has loaded it and the other has not.
async fn a_repeat_is_known_at_a_node_whose_first_key_is_another(fixture: Fixture) {
    const OLD: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    const NEW: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
    for (state, first, second, is_known) in [
        ("second line", &[OLD, NEW][..], &[NEW, OLD][..], true),
        ("back", &[NEW, OLD], &[OLD, NEW], true),
        ("same", &[NEW, OLD], &[NEW, OLD], true),
        ("removed", &[OLD, NEW], &[NEW], false),
    ] {
        let callback = Callback::new(fixture.waiting().await, state);
        let mut new = callback.at(1);
        new.session.cookies = cookies_of(first);
        let set = cookie(&new.session);
        let begun = session_of(fixture.log_in(new).await.unwrap());
        let mut repeat = callback.at(2);
        repeat.session.cookies = cookies_of(second);
        match fixture.log_in(repeat).await.unwrap() {
            LoginOutcome::Repeated(BrowserSession { session, cookie }) => {
                let is_same = (session.sid == begun.sid, cookie.hash().is(&set));
                assert_eq!((is_same, is_known), ((true, true), true), "{state}");
            }
            LoginOutcome::Used => assert!(!is_known, "{state}"),
            other => panic!("{state}: {other:?}"),
        }
    }
}

/// Whichever response the browser receives last.
async fn simultaneous_callbacks_of_a_login_are_one_session_with_one_cookie(fixture: Fixture) {
    let callback = Callback::new(fixture.waiting().await, "state");
    let logins = (0..20).map(async |_| {
        let begun = begun_by(fixture.log_in(callback.at(1)).await.unwrap());
        (begun.session.sid, *begun.cookie.hash().as_bytes())
    });
    let mut answers: Vec<(SessionId, [u8; 32])> = join_all(logins).await;
    answers.sort_unstable();
    answers.dedup();
    assert_eq!(answers.len(), 1);
    let rows = (fixture.count(SESSIONS).await, fixture.count(USERS).await);
    assert_eq!(rows, (1, 1));
}

async fn a_repeat_begins_no_session_once_the_first_has_ended(fixture: Fixture) {
    let (callback, first) = fixture.first().await;
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
    assert!(is_used(fixture.log_in(callback.at(3)).await));
    assert_eq!(fixture.count(OPEN_SESSIONS).await, 0);
    // Another login of the same user.
    let other = Callback::new(fixture.waiting().await, "other");
    known(fixture.log_in(other.at(4)).await);
    assert!(is_used(fixture.log_in(callback.at(5)).await));
    assert_eq!(fixture.count(OPEN_SESSIONS).await, 1);
}

/// The batches come in the order of the IDs: one of a second session could be before those that are still to come.
async fn a_repeat_during_a_revocation_of_everything_ends_with_it(fixture: Fixture) {
    let (callback, first) = fixture.first().await;
    for _ in 0..10 {
        let session = session_of(fixture.log_in(callback.at(3)).await.unwrap());
        assert_eq!(session.sid, first.sid);
    }
    fixture.revoke_all(later(2)).await;
    assert_eq!(fixture.count(OPEN_SESSIONS).await, 0);
    assert!(is_used(fixture.log_in(callback.at(3)).await));
}

async fn a_repeat_creates_no_user_who_was_forgotten(fixture: Fixture) {
    let (callback, _) = fixture.first().await;
    for sql in [
        "delete from sessions",
        "delete from identities",
        "delete from users",
    ] {
        fixture.execute(sql).await;
    }
    assert!(is_used(fixture.log_in(callback.at(3)).await));
    assert_eq!(fixture.count(USERS).await, 0);
    assert_eq!(fixture.count(SESSIONS).await, 0);
}

/// Two tabs or two browsers can be sent to WeChat for one request. A repeat in one takes nothing from the other.
async fn two_logins_for_one_request_have_a_session_each(fixture: Fixture) {
    let (callback, first) = fixture.first().await;
    let other = Callback::new(callback.request, "other");
    let second = known(fixture.log_in(other.at(2)).await);
    assert_ne!(second.sid, first.sid);
    for (callback, session) in [(&callback, first), (&other, second)] {
        let repeat = session_of(fixture.log_in(callback.at(3)).await.unwrap());
        assert_eq!(repeat.sid, session.sid);
    }
    assert_eq!(fixture.count(SESSIONS).await, 2);
}

/// A node that has not seen the login, or has restarted, exchanges a code that an attacker has put into its URL.
async fn a_used_state_logs_no_one_else_in(fixture: Fixture) {
    let (callback, first) = fixture.first().await;
    fixture.session("oMallory", START).await;
    for (openid, unionid) in [
        ("oNew", "uNew"),
        ("oMallory", "uMallory"),
        ("oMallory", "uAlice"),
    ] {
        let attack = NewLogin {
            current: Some((&first).into()),
            ..callback.with(openid, unionid, 3)
        };
        let outcome = fixture.log_in(attack).await.unwrap();
        let is_rejected = matches!(outcome, LoginOutcome::Used | LoginOutcome::Conflict(_));
        assert!(is_rejected, "{outcome:?}");
    }
    let rows = (
        fixture.count(USERS).await,
        fixture.count(OPEN_SESSIONS).await,
    );
    assert_eq!(rows, (2, 2));
    let repeat = session_of(fixture.log_in(callback.at(4)).await.unwrap());
    assert_eq!(repeat.sid, first.sid);
}

async fn a_login_under_way_when_its_browser_logs_out_begins_no_session(fixture: Fixture) {
    let (first, session) = fixture.first().await;
    let states = ["state", "tab", "new"].map(str::to_owned).to_vec();
    let reason = (EndReason::LoggedOut, None);
    let sids = vec![session.sid];
    let ended = fixture.store.end_sessions(sids, states, reason, later(2));
    assert_eq!(ended.await.unwrap(), [(session.sid, session.user)]);
    let tab = Callback::new(fixture.waiting().await, "tab");
    let new = Callback::new(fixture.waiting().await, "new");
    for login in [first.at(3), tab.at(3), new.with("oNew", "uNew", 3)] {
        assert!(is_used(fixture.log_in(login).await));
    }
    assert_eq!(fixture.count(OPEN_SESSIONS).await, 0);
    assert_eq!(fixture.count(USERS).await, 1);
    // That of another browser.
    let other = Callback::new(fixture.waiting().await, "other");
    known(fixture.log_in(other.at(3)).await);
}

async fn a_used_state_is_known_for_two_hours(fixture: Fixture) {
    fixture.first().await;
    for (seconds, rows) in [(7260, 1), (7261, 0)] {
        fixture.clean(later(seconds)).await;
        assert_eq!(fixture.count(LOGINS).await, rows, "{seconds}");
    }
}

/// PostgreSQL may give its user another isolation level: statements would fail that wait for another callback.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn simultaneous_callbacks_are_one_session_whatever_the_isolation_of_the_user() {
    for level in ["repeatable%20read", "serializable"] {
        let fixture = Fixture::postgres_with("default_transaction_isolation", level).await;
        simultaneous_callbacks_of_a_login_are_one_session_with_one_cookie(fixture).await;
    }
}
