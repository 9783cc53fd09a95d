//! What users have allowed, and who may be logged in without being asked.

use futures_util::future::join_all;
use weixin::UserIds;

use super::{
    fixture::{
        Fixture, START, client, cookie, id, ids, issuer, later, login, other_issuer, session_of,
        silent_login,
    },
    on_each_database,
};
use crate::{
    oidc::{GrantId, LoginMethod, RequestId, Scopes, Session, UserId},
    store::{Durability, Undo, client_removal},
    upstream::silent,
};

on_each_database!(
    what_a_user_has_allowed_grows,
    nothing_is_allowed_to_a_client_that_is_being_removed,
    users_who_were_merged_have_allowed_the_same,
    the_session_of_a_login_is_found_for_its_request,
    a_silent_login_finds_whom_the_client_has_seen,
    a_silent_login_finds_no_one_who_has_logged_out,
    a_silent_login_finds_users_who_were_merged,
);

async fn what_a_user_has_allowed_grows(fixture: Fixture) {
    let user = fixture.session("oAlice", START).await.user;
    for scopes in ["openid profile", "openid", "openid email"] {
        fixture.allow(user, scopes).await;
    }
    join_all((0..20).map(|_| fixture.allow(user, "openid"))).await;
    let other_user = fixture.session("oBob", START).await.user;
    let other_client = "other".parse().unwrap();
    let mut found = Vec::new();
    for (user, client) in [
        (user, &client()),
        (user, &other_client),
        (other_user, &client()),
    ] {
        let scopes = fixture.store.consented(user, client).await.unwrap();
        found.push(scopes.to_string());
    }
    assert_eq!(found, ["openid profile email", "", ""]);
}

/// A node that has not noticed the removal, which begins in second 5, shows its page for five seconds more.
async fn nothing_is_allowed_to_a_client_that_is_being_removed(fixture: Fixture) {
    let user = fixture.session("oAlice", START).await.user;
    fixture.add_client(client()).await;
    let work = fixture
        .store
        .write(Durability::Durable, Undo::Nothing, |connection| {
            Box::pin(async move { client_removal::begin(connection, &client(), later(5)).await })
        });
    assert!(work.await.unwrap());
    let tolerance = fixture.store.clock_tolerance().as_secs();
    for (seconds, expected) in [(6, ""), (15 + tolerance, ""), (16 + tolerance, "openid")] {
        let scopes = Scopes::parse("openid");
        let allowed = fixture
            .store
            .allow(user, &client(), scopes, later(seconds))
            .await;
        allowed.unwrap();
        let found = fixture.store.consented(user, &client()).await.unwrap();
        assert_eq!(found.to_string(), expected, "{seconds}");
    }
}

/// Whichever of them the session names.
async fn users_who_were_merged_have_allowed_the_same(fixture: Fixture) {
    let alice = fixture.session("oAlice", START).await.user;
    let bob = fixture.session("oBob", START).await.user;
    fixture.allow(alice, "openid profile").await;
    fixture.allow(bob, "openid wechat").await;
    fixture.merge().await;
    let kept = "aaaaaaaaaaaaaaaaaaaaaaaaaa".parse().unwrap();
    let both = Scopes::parse("openid profile wechat");
    for user in [kept, alice, bob] {
        let scopes = fixture.store.consented(user, &client()).await;
        assert_eq!(scopes.unwrap(), both);
    }
}

async fn the_session_of_a_login_is_found_for_its_request(fixture: Fixture) {
    let store = &fixture.store;
    let new = login(&ids("oAlice", None), None, START);
    let (cookie, request) = (cookie(&new.session), new.session.request);
    let session = session_of(fixture.log_in(new).await.unwrap());
    let end = session.expires_at;
    let other = id(RequestId::from_bytes);
    for (issuer, request, now, expected) in [
        (issuer(), request, START, true),
        (issuer(), request, later(24 * 3600), true),
        (issuer(), request, end, false),
        (issuer(), other, START, false),
        (other_issuer(), request, START, false),
    ] {
        let found = store
            .session_for(&cookie, issuer, request, now)
            .await
            .unwrap();
        assert_eq!(found.is_some(), expected, "{now:?}");
    }
    fixture.execute("update users set disabled_at = 1").await;
    let found = store.session_for(&cookie, issuer(), request, START).await;
    assert!(found.unwrap().is_none());
}

impl Fixture {
    async fn allow(&self, user: UserId, scopes: &str) {
        let (client, scopes) = (client(), Scopes::parse(scopes));
        let allowed = self.store.allow(user, &client, scopes, START);
        allowed.await.unwrap();
    }

    /// Merges all users into a new one.
    async fn merge(&self) {
        let kept = "insert into users (id, created_at, last_seen_at)
            values ('aaaaaaaaaaaaaaaaaaaaaaaaaa', 0, 0)";
        self.execute(kept).await;
        let merged = "update users set merged_into = 'aaaaaaaaaaaaaaaaaaaaaaaaaa'
            where id <> 'aaaaaaaaaaaaaaaaaaaaaaaaaa'";
        self.execute(merged).await;
        let moved = "update identities set user_id = 'aaaaaaaaaaaaaaaaaaaaaaaaaa'";
        self.execute(moved).await;
    }

    /// The session of a silent login at `web`.
    async fn silent(&self, ids: &UserIds) -> Option<Session> {
        let session = silent::log_in(&self.store, silent_login(ids, None));
        session.await.unwrap().map(|begun| begun.session)
    }

    /// Whether a silent login finds Alice, before and after a statement.
    async fn finds(&self, statement: &'static str) -> [bool; 2] {
        let alice = ids("oAlice", None);
        let before = self.silent(&alice).await.is_some();
        self.execute(statement).await;
        [before, self.silent(&alice).await.is_some()]
    }

    /// A user whom `web` has seen.
    async fn seen(&self) -> Session {
        let session = self.session("oAlice", START).await;
        let grant = id(GrantId::from_bytes);
        self.redeem(&session, grant, START).await;
        session
    }
}

async fn a_silent_login_finds_whom_the_client_has_seen(fixture: Fixture) {
    let alice = ids("oAlice", None);
    let unknown = fixture.silent(&alice).await;
    fixture.session("oAlice", START).await;
    let unseen = fixture.silent(&alice).await;
    assert!(unknown.is_none() && unseen.is_none());
    let session = fixture.seen().await;
    let found = fixture.silent(&alice).await.unwrap();
    assert_eq!(
        (found.user, found.method),
        (session.user, LoginMethod::Silent)
    );
    assert_ne!(found.sid, session.sid);
    // An ID that is new would change the user.
    let both = fixture.silent(&ids("oAlice", Some("oUnion"))).await;
    assert!(both.is_none());
    let counts = "select (select count(*) from users) + (select count(*) from identities)";
    assert_eq!(fixture.count(counts).await, 2);
}

async fn a_silent_login_finds_no_one_who_has_logged_out(fixture: Fixture) {
    fixture.seen().await;
    let mut found = Vec::new();
    found.extend(fixture.finds("update users set logged_out_at = 1").await);
    fixture.session("oAlice", later(1)).await;
    found.extend(fixture.finds("update users set disabled_at = 1").await);
    assert_eq!(found, [true, false, true, false]);
}

async fn a_silent_login_finds_users_who_were_merged(fixture: Fixture) {
    fixture.seen().await;
    fixture.merge().await;
    let absorbed = "update users set logged_out_at = 1 where merged_into is not null";
    assert_eq!(fixture.finds(absorbed).await, [true, false]);
    fixture.session("oAlice", later(2)).await;
    assert_eq!(fixture.finds(absorbed).await, [true, false]);
}
