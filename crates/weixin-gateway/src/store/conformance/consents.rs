//! What users have allowed, and who may be logged in without being asked.

use futures_util::future::join_all;

use super::{
    fixture::{Fixture, START, client, id, ids, issuer, later, login, other_issuer, session_of},
    on_each_database,
};
use crate::{
    oidc::{GrantId, LoginMethod, RequestId, Scopes, Session},
    store::sessions::SessionLogin,
    upstream::silent,
};

on_each_database!(
    what_a_user_has_allowed_grows,
    the_session_of_a_login_is_found_for_its_request,
    a_silent_login_finds_whom_the_client_has_seen,
    a_silent_login_finds_no_one_who_has_logged_out,
);

const MERGE: &str = "insert into users (id, created_at, last_seen_at)
        values ('aaaaaaaaaaaaaaaaaaaaaaaaaa', 0, 0)";
const MERGED: &str = "update users set merged_into = 'aaaaaaaaaaaaaaaaaaaaaaaaaa'
    where id <> 'aaaaaaaaaaaaaaaaaaaaaaaaaa'";

async fn what_a_user_has_allowed_grows(fixture: Fixture) {
    let store = &fixture.store;
    let [alice, bob] = [
        fixture.session("oAlice", START).await,
        fixture.session("oBob", START).await,
    ];
    let (web, other) = (client(), "other".parse().unwrap());
    let allow = |scopes| store.allow(alice.user, &web, Scopes::parse(scopes), START);
    assert_eq!(
        store.consented(alice.user, &web).await.unwrap(),
        Scopes::default()
    );
    for scopes in ["openid profile", "openid", "openid email"] {
        allow(scopes).await.unwrap();
    }
    for allowed in join_all((0..20).map(|_| allow("openid"))).await {
        allowed.unwrap();
    }
    let all = Scopes::parse("openid profile email");
    for (user, client, expected) in [
        (alice.user, &web, all),
        (alice.user, &other, Scopes::default()),
        (bob.user, &web, Scopes::default()),
    ] {
        assert_eq!(store.consented(user, client).await.unwrap(), expected);
    }
    // Users who were merged are one user, whichever of them the session names.
    store
        .allow(bob.user, &web, Scopes::parse("wechat"), START)
        .await
        .unwrap();
    fixture.execute(MERGE).await;
    fixture.execute(MERGED).await;
    let kept = "aaaaaaaaaaaaaaaaaaaaaaaaaa".parse().unwrap();
    let both = Scopes::parse("openid profile email wechat");
    for user in [kept, alice.user, bob.user] {
        assert_eq!(store.consented(user, &web).await.unwrap(), both);
    }
}

async fn the_session_of_a_login_is_found_for_its_request(fixture: Fixture) {
    let store = &fixture.store;
    let new = login(&ids("oAlice", None), None, START);
    let (cookie, request) = (new.session.id_hash, new.session.request);
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
    /// The session of a silent login at `web`.
    async fn silent(&self, openid: &str) -> Option<Session> {
        let ids = ids(openid, None);
        let new = SessionLogin {
            method: LoginMethod::Silent,
            ..login(&ids, None, later(60)).session
        };
        silent::log_in(&self.store, &ids, client(), new)
            .await
            .unwrap()
    }
}

async fn a_silent_login_finds_whom_the_client_has_seen(fixture: Fixture) {
    assert!(fixture.silent("oAlice").await.is_none());
    let session = fixture.session("oAlice", START).await;
    assert!(fixture.silent("oAlice").await.is_none());
    fixture
        .redeem(&session, id(GrantId::from_bytes), START)
        .await;
    let found = fixture.silent("oAlice").await.unwrap();
    assert_eq!(
        (found.user, found.method),
        (session.user, LoginMethod::Silent)
    );
    assert_ne!(found.sid, session.sid);
    // With an ID that is new it would change the user.
    let both = ids("oAlice", Some("oUnion"));
    let new = login(&both, None, later(60)).session;
    let found = silent::log_in(&fixture.store, &both, client(), new).await;
    assert!(found.unwrap().is_none());
    fixture.execute("update users set disabled_at = 1").await;
    assert!(fixture.silent("oAlice").await.is_none());
    let counts = "select (select count(*) from users) + (select count(*) from identities)";
    assert_eq!(fixture.count(counts).await, 2);
}

async fn a_silent_login_finds_no_one_who_has_logged_out(fixture: Fixture) {
    let session = fixture.session("oAlice", START).await;
    fixture
        .redeem(&session, id(GrantId::from_bytes), START)
        .await;
    fixture.execute("update users set logged_out_at = 1").await;
    assert!(fixture.silent("oAlice").await.is_none());
    fixture.session("oAlice", later(1)).await;
    assert!(fixture.silent("oAlice").await.is_some());
    fixture.execute(MERGE).await;
    fixture.execute(MERGED).await;
    let moved = "update identities set user_id = 'aaaaaaaaaaaaaaaaaaaaaaaaaa'";
    fixture.execute(moved).await;
    assert!(fixture.silent("oAlice").await.is_some());
    let absorbed = "update users set logged_out_at = 1 where merged_into is not null";
    fixture.execute(absorbed).await;
    assert!(fixture.silent("oAlice").await.is_none());
    fixture.session("oAlice", later(2)).await;
    assert!(fixture.silent("oAlice").await.is_some());
}
