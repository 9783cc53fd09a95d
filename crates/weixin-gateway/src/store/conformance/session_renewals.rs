//! Logins in a browser that has a session: which cookie the browser gets, and what the one of before still does.

use std::time::Duration;

use futures_util::future::join_all;

use super::{
    fixture::{
        Fixture, START, begun_by, cookie, cookies_of, id, ids, issuer, later, login, silent_login,
    },
    on_each_database,
};
use crate::{
    oidc::{GrantId, Session, SessionId},
    secret::SecretHash,
    store::session_login::BrowserSession,
    upstream::{
        current_session::CurrentSession, link::NewLogin, login_outcome::LoginOutcome, silent,
    },
};

on_each_database!(
    two_tabs_at_once_share_one_session_and_its_cookie,
    a_repeat_of_either_tab_sets_the_shared_cookie,
    a_silent_login_shares_the_cookie_of_another_tab_too,
    a_login_after_a_lost_response_renews_the_same_session,
    a_login_shares_no_cookie_a_minute_later,
    a_node_without_the_key_of_the_shared_cookie_sets_its_own,
    the_cookie_of_before_finds_the_session_only_to_end_it,
    a_cookie_from_two_renewals_ago_finds_nothing,
    another_user_with_the_cookie_of_before_ends_the_session,
    a_session_that_an_older_program_has_renewed_is_renewed,
);

const IDLE: Duration = Duration::from_hours(12);
const OPEN_SESSIONS: &str = "select count(*) from sessions where ended_at is null";

/// Alice's login in a browser that sends this cookie.
fn of_alice(session: &Session, sent: SecretHash, seconds: u64) -> NewLogin {
    NewLogin {
        current: Some(CurrentSession {
            cookie: sent,
            ..session.into()
        }),
        ..login(&ids("oAlice", None), None, later(seconds))
    }
}

impl Fixture {
    async fn renew(&self, session: &Session, sent: SecretHash, seconds: u64) -> BrowserSession {
        let outcome = self.log_in(of_alice(session, sent, seconds)).await;
        begun_by(outcome.unwrap())
    }

    /// The session that a request with this cookie goes on by.
    async fn used_by(&self, cookie: SecretHash) -> Option<SessionId> {
        let read = self.store.session(&cookie, issuer(), later(600), IDLE);
        read.await.unwrap().map(|session| session.sid)
    }

    /// The session that a logout with this cookie ends.
    async fn ended_by(&self, cookie: SecretHash) -> Option<SessionId> {
        let read = self.store.session_to_end(&cookie, issuer(), later(600));
        read.await.unwrap().map(|session| session.sid)
    }
}

/// Both have sent the cookie of one session, and the browser may receive either response last.
async fn two_tabs_at_once_share_one_session_and_its_cookie(fixture: Fixture) {
    let first = fixture.session("oAlice", START).await;
    let tabs = [60, 61, 62].map(|seconds| fixture.renew(&first, first.cookie, seconds));
    let tabs = join_all(tabs).await;
    let cookie = tabs[0].cookie.hash();
    for tab in &tabs {
        assert_eq!(tab.session.sid, first.sid);
        assert_eq!(tab.cookie.expose(), tabs[0].cookie.expose());
        assert_eq!(tab.session.cookie, cookie);
    }
    assert_ne!(cookie, first.cookie);
    assert_eq!(fixture.used_by(cookie).await, Some(first.sid));
    assert_eq!(fixture.count(OPEN_SESSIONS).await, 1);
}

async fn a_repeat_of_either_tab_sets_the_shared_cookie(fixture: Fixture) {
    let first = fixture.session("oAlice", START).await;
    let tabs = [60, 61].map(|seconds| of_alice(&first, first.cookie, seconds));
    let states = tabs.each_ref().map(|tab| tab.session.state.clone());
    let mut cookies = Vec::new();
    for tab in tabs {
        let begun = begun_by(fixture.log_in(tab).await.unwrap());
        cookies.push(*begun.cookie.hash().as_bytes());
    }
    for state in states {
        let mut repeat = of_alice(&first, first.cookie, 70);
        repeat.session.state = state;
        let request = repeat.session.request;
        let outcome = fixture.log_in(repeat).await.unwrap();
        assert!(matches!(outcome, LoginOutcome::Repeated(_)), "{outcome:?}");
        let repeated = begun_by(outcome);
        assert_eq!(repeated.session.sid, first.sid);
        assert!(repeated.session.is_for(Some(request)));
        cookies.push(*repeated.cookie.hash().as_bytes());
    }
    cookies.dedup();
    assert_eq!(cookies.len(), 1);
}

async fn a_silent_login_shares_the_cookie_of_another_tab_too(fixture: Fixture) {
    let first = fixture.session("oAlice", START).await;
    let tab = fixture.renew(&first, first.cookie, 59).await;
    let silent = silent_login(&ids("oAlice", None), Some(&first));
    // A client that has seen the user.
    fixture.redeem(&first, id(GrantId::from_bytes), START).await;
    let silent = silent::log_in(&fixture.store, silent).await;
    let silent = silent.unwrap().unwrap();
    assert_eq!(silent.session.sid, first.sid);
    assert_eq!(silent.cookie.expose(), tab.cookie.expose());
    // The other tab's client may have asked for a dialog, and gets its code now.
    let cookie = tab.cookie.hash();
    let read = fixture.store.session(&cookie, issuer(), later(60), IDLE);
    let read = read.await.unwrap().unwrap();
    assert_eq!(format!("{read:?}"), format!("{:?}", tab.session));
    assert_eq!(fixture.count(OPEN_SESSIONS).await, 1);
}

/// The tab was closed, or the network was gone: the browser still has the cookie of before, however often that happens.
async fn a_login_after_a_lost_response_renews_the_same_session(fixture: Fixture) {
    let first = fixture.session("oAlice", START).await;
    let mut last = fixture.renew(&first, first.cookie, 100).await;
    for seconds in [200, 300] {
        let unseen = last.cookie.hash();
        last = fixture.renew(&last.session, first.cookie, seconds).await;
        assert_eq!(last.session.sid, first.sid);
        assert_eq!(last.session.auth_time, later(seconds));
        assert_eq!(fixture.used_by(unseen).await, None);
        assert_eq!(fixture.used_by(last.cookie.hash()).await, Some(first.sid));
    }
    assert_eq!(fixture.count(OPEN_SESSIONS).await, 1);
}

/// Who had a cookie once keeps none by a login of the user.
async fn a_login_shares_no_cookie_a_minute_later(fixture: Fixture) {
    let first = fixture.session("oAlice", START).await;
    let renewed = fixture.renew(&first, first.cookie, 100).await;
    let within = fixture.renew(&first, first.cookie, 159).await;
    assert_eq!(within.cookie.expose(), renewed.cookie.expose());
    let after = fixture.renew(&first, first.cookie, 219).await;
    assert_ne!(after.cookie.expose(), renewed.cookie.expose());
    assert_eq!(fixture.used_by(renewed.cookie.hash()).await, None);
}

/// Its file has lost the line, or not got it yet. The cookie of the other tab is worth nothing then, and the session is one.
async fn a_node_without_the_key_of_the_shared_cookie_sets_its_own(fixture: Fixture) {
    const OTHER: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
    let first = fixture.session("oAlice", START).await;
    let renewed = fixture.renew(&first, first.cookie, 60).await;
    let mut other = of_alice(&first, first.cookie, 61);
    other.session.cookies = cookies_of(&[OTHER]);
    let own = cookie(&other.session);
    let begun = begun_by(fixture.log_in(other).await.unwrap());
    assert_eq!((begun.session.sid, begun.cookie.hash()), (first.sid, own));
    assert_eq!(fixture.used_by(own).await, Some(first.sid));
    assert_eq!(fixture.used_by(renewed.cookie.hash()).await, None);
    assert_eq!(fixture.count(OPEN_SESSIONS).await, 1);
}

async fn the_cookie_of_before_finds_the_session_only_to_end_it(fixture: Fixture) {
    let first = fixture.session("oAlice", START).await;
    let renewal = of_alice(&first, first.cookie, 60);
    let request = renewal.session.request;
    let renewed = begun_by(fixture.log_in(renewal).await.unwrap());
    assert_eq!(fixture.ended_by(first.cookie).await, Some(first.sid));
    let now = renewed.cookie.hash();
    assert_eq!(fixture.ended_by(now).await, Some(first.sid));
    assert_eq!(fixture.used_by(first.cookie).await, None);
    for (cookie, expected) in [(first.cookie, None), (now, Some(first.sid))] {
        let read = fixture
            .store
            .session_for(&cookie, issuer(), request, later(61));
        let sid = read.await.unwrap().map(|session| session.sid);
        assert_eq!(sid, expected);
    }
}

async fn a_cookie_from_two_renewals_ago_finds_nothing(fixture: Fixture) {
    let first = fixture.session("oAlice", START).await;
    let second = fixture.renew(&first, first.cookie, 60).await;
    let third = fixture
        .renew(&second.session, second.session.cookie, 120)
        .await;
    assert_eq!(third.session.sid, first.sid);
    assert_eq!(fixture.ended_by(first.cookie).await, None);
    // A login that sends it begins a session of its own, and takes no cookie from the other browser.
    let begun = fixture.renew(&third.session, first.cookie, 130).await;
    assert_ne!(begun.session.sid, first.sid);
    assert_eq!(fixture.used_by(third.cookie.hash()).await, Some(first.sid));
}

async fn another_user_with_the_cookie_of_before_ends_the_session(fixture: Fixture) {
    let first = fixture.session("oAlice", START).await;
    let renewed = fixture.renew(&first, first.cookie, 60).await;
    let bob = NewLogin {
        current: Some(CurrentSession {
            cookie: first.cookie,
            ..(&renewed.session).into()
        }),
        ..login(&ids("oBob", None), None, later(61))
    };
    let bob = begun_by(fixture.log_in(bob).await.unwrap());
    assert_ne!(bob.session.sid, first.sid);
    assert_eq!(fixture.used_by(renewed.cookie.hash()).await, None);
    assert_eq!(fixture.count(OPEN_SESSIONS).await, 1);
}

/// It changes the hash alone: the other two columns are empty, or those of a renewal before.
async fn a_session_that_an_older_program_has_renewed_is_renewed(fixture: Fixture) {
    let first = fixture.session("oAlice", START).await;
    fixture
        .execute("update sessions set renewed_by = null, former_hash = null")
        .await;
    let renewed = fixture.renew(&first, first.cookie, 60).await;
    fixture
        .execute("update sessions set id_hash = former_hash")
        .await;
    let again = fixture.renew(&first, first.cookie, 61).await;
    let sids = (renewed.session.sid, again.session.sid);
    assert_eq!(sids, (first.sid, first.sid));
    assert_ne!(again.cookie.expose(), renewed.cookie.expose());
    assert_eq!(fixture.used_by(again.cookie.hash()).await, Some(first.sid));
    assert_eq!(fixture.count(OPEN_SESSIONS).await, 1);
}
