//! What an operator changes by a connection of its own, beside a store that is open.

use weixin::AppId;

use super::{
    fixture::{
        APP, Fixture, OTHER_APP, START, client, id, ids, ids_in, later, login, new_grant_of,
        session_of,
    },
    on_each_database,
};
use crate::{
    audit::{Event, EventKind, Reference},
    oidc::{ClientId, GrantId, Profile, RedeemOutcome, RequestId, Session, UserId},
    store::{
        Durability, Migrate, Store, StoreError, Undo,
        audit::{self, EventId},
        merges::{Ended, Merge},
        revoke_many::{self, Remaining},
        user_records::{self, UserRecord},
    },
};

on_each_database!(
    a_user_is_found_by_each_of_its_names,
    no_user_is_found_by_another_text,
    a_record_has_what_is_stored_about_a_person,
    a_user_is_disabled_until_enabled,
    a_forgotten_user_leaves_no_row,
    the_grants_of_a_client_are_revoked,
    grants_are_revoked_in_batches,
    the_sessions_and_grants_of_a_user_are_revoked,
    all_sessions_and_grants_are_revoked,
    an_event_of_a_request_is_recorded_once,
);

async fn beside(fixture: &Fixture) -> Store {
    Store::open_beside(&fixture.url, Migrate::Run)
        .await
        .unwrap()
}

fn apps() -> Vec<AppId> {
    [APP, OTHER_APP].map(|app| app.parse().unwrap()).into()
}

async fn found(fixture: &Fixture, text: &str) -> Vec<UserId> {
    let text = text.to_owned();
    let beside = beside(fixture).await;
    let work = beside.write(Durability::Durable, Undo::Savepoint, move |connection| {
        Box::pin(async move { user_records::find(connection, &text, &apps()).await })
    });
    work.await.unwrap()
}

async fn record(fixture: &Fixture, user: UserId) -> Result<UserRecord, StoreError> {
    let beside = beside(fixture).await;
    let work = beside.write(Durability::Durable, Undo::Savepoint, move |connection| {
        Box::pin(async move { user_records::record(connection, user, later(5)).await })
    });
    work.await
}

async fn merged(fixture: &Fixture, kept: UserId, absorbed: UserId) {
    let beside = beside(fixture).await;
    let work = beside.write(Durability::Durable, Undo::Savepoint, move |connection| {
        Box::pin(async move {
            let merge = Merge { kept, absorbed };
            merge.lock(connection, later(1)).await?;
            merge.store(connection, later(1)).await
        })
    });
    work.await.unwrap();
}

async fn named(fixture: &Fixture, session: &Session, nickname: &str) {
    let profile = Profile {
        nickname: Some(nickname.to_owned()),
        picture: None,
        read_at: Some(START),
    };
    let store = &fixture.store;
    store.update_profile(session.user, profile).await.unwrap();
}

/// Two users with names that have a meaning in patterns.
async fn alice_and_bob(fixture: &Fixture) -> [Session; 2] {
    let alice = login(&ids("oAlice", Some("uAlice")), None, START);
    let alice = session_of(fixture.log_in(alice).await.unwrap());
    let bob = fixture.session("oBob", START).await;
    named(fixture, &alice, "小明 100% Alice_\\").await;
    named(fixture, &bob, "小红 Bob").await;
    [alice, bob]
}

async fn a_user_is_found_by_each_of_its_names(fixture: Fixture) {
    let [alice, bob] = alice_and_bob(&fixture).await;
    let user_id = alice.user.to_string();
    let openid = format!("open:{APP}:oAlice");
    for text in [
        &*user_id,
        "oAlice",
        "uAlice",
        &openid,
        "union:uAlice",
        "小明",
        "aLICE",
        "100%",
        "Alice_",
        "_\\",
        "%",
    ] {
        assert_eq!(found(&fixture, text).await, [alice.user], "{text}");
    }
    assert_eq!(found(&fixture, "小").await.len(), 2);
    // By the name of a user who was merged, the kept one is found.
    merged(&fixture, alice.user, bob.user).await;
    for text in [&*bob.user.to_string(), "oBob", "小红"] {
        assert_eq!(found(&fixture, text).await, [alice.user], "{text}");
    }
}

async fn no_user_is_found_by_another_text(fixture: Fixture) {
    alice_and_bob(&fixture).await;
    for text in [
        "oAlic",
        "uAlice'",
        "1%0",
        "A_ice",
        "' or '1'='1",
        "x\0",
        "\0",
        "\\\\",
        "open:%",
        "carol",
    ] {
        assert_eq!(found(&fixture, text).await, [], "{text:?}");
    }
}

#[expect(clippy::cognitive_complexity, reason = "one story, told in order")]
async fn a_record_has_what_is_stored_about_a_person(fixture: Fixture) {
    let alice = fixture.session("oAlice", START).await;
    let other = login(&ids_in(OTHER_APP, "oA", Some("uA")), None, START);
    let other = session_of(fixture.log_in(other).await.unwrap());
    named(&fixture, &alice, "Alice").await;
    fixture.redeem(&other, id(GrantId::from_bytes), START).await;
    merged(&fixture, alice.user, other.user).await;
    let stored = record(&fixture, alice.user).await.unwrap();
    assert_eq!(stored.id, alice.user);
    assert_eq!(stored.nickname.as_deref(), Some("Alice"));
    assert_eq!((stored.created_at, stored.disabled_at), (START, None));
    assert_eq!(stored.merged, [(other.user, later(1))]);
    let mut identities: Vec<_> = stored.identities.iter().map(ToString::to_string).collect();
    identities.sort_unstable();
    let expected = [
        format!("open:{APP}:oAlice"),
        format!("open:{OTHER_APP}:oA"),
        "union:uA".to_owned(),
    ];
    let mut expected = expected.to_vec();
    expected.sort_unstable();
    assert_eq!(identities, expected);
    assert_eq!(
        stored.subjects,
        [("web".to_owned(), other.user.to_string())]
    );
    assert_eq!((stored.sessions, stored.grants), (2, 1));
    // Only the kept user has a stored.
    let absorbed = record(&fixture, other.user).await;
    assert!(
        matches!(absorbed, Err(StoreError::Conflict)),
        "{absorbed:?}"
    );
}

async fn a_user_is_disabled_until_enabled(fixture: Fixture) {
    let session = fixture.session("oAlice", START).await;
    let user = session.user;
    for (is_disabled, seconds, expected) in [
        (true, 1, Some(later(1))),
        (true, 2, Some(later(1))),
        (false, 3, None),
    ] {
        let beside = beside(&fixture).await;
        let work = beside.write(Durability::Durable, Undo::Savepoint, move |connection| {
            Box::pin(async move {
                let now = later(seconds);
                user_records::set_disabled(connection, user, is_disabled, now).await
            })
        });
        work.await.unwrap();
        assert_eq!(record(&fixture, user).await.unwrap().disabled_at, expected);
        let issuer = session.issuer;
        let client = client();
        let read = fixture
            .store
            .session_of_code(session.sid, issuer, &client, later(4));
        assert_eq!(read.await.unwrap().is_none(), is_disabled);
    }
}

#[expect(clippy::cognitive_complexity, reason = "one story, told in order")]
async fn a_forgotten_user_leaves_no_row(fixture: Fixture) {
    let alice = fixture.session("oAlice", START).await;
    let absorbed = fixture.session("oOther", START).await;
    let bob = fixture.session("oBob", START).await;
    for session in [&alice, &absorbed, &bob] {
        fixture
            .redeem(session, id(GrantId::from_bytes), START)
            .await;
    }
    fixture
        .execute("insert into consents select id, 'web', 'openid', 1 from users")
        .await;
    merged(&fixture, alice.user, absorbed.user).await;
    let event = Event::new(later(2), EventKind::UserForgotten);
    let event = (EventId::random().unwrap(), event);
    let beside = beside(&fixture).await;
    let work = beside.forget(alice.user, event, later(2));
    let removed: Vec<_> = work
        .await
        .unwrap()
        .into_iter()
        .map(|(_, count)| count)
        .collect();
    assert_eq!(removed, [2; 7]);
    for count in [
        "select count(*) from users",
        "select count(*) from identities",
        "select count(*) from subjects",
        "select count(*) from sessions",
        "select count(*) from grants",
        "select count(*) from consents",
        "select count(*) from audit where user_id is not null",
    ] {
        assert_eq!(fixture.count(count).await, 1, "{count}");
    }
    assert_eq!(found(&fixture, "oBob").await, [bob.user]);
    let again = fixture.session("oAlice", later(3)).await;
    assert_ne!(again.user, alice.user);
}

fn other_client() -> ClientId {
    "other".parse().unwrap()
}

/// Two sessions with grants: of the first at both clients, of the second at one, before and after the command.
struct Granted {
    user: UserId,
    grants: [GrantId; 4],
}

impl Granted {
    async fn to(fixture: &Fixture) -> Self {
        let sessions = [
            fixture.session("oAlice", START).await,
            fixture.session("oBob", START).await,
        ];
        let grants = [(); 4].map(|()| id(GrantId::from_bytes));
        let rows = [
            (0, client(), START),
            (0, other_client(), START),
            (1, client(), START),
            (1, client(), later(60)),
        ];
        for (id, (session, client, now)) in grants.iter().zip(rows) {
            let grant = new_grant_of(&client, &sessions[session], *id, now);
            let outcome = fixture.redeem_grant(grant).await;
            assert!(matches!(outcome, RedeemOutcome::Granted(_)), "{outcome:?}");
        }
        let user = sessions[0].user;
        Self { user, grants }
    }

    async fn are_valid(&self, fixture: &Fixture) -> Vec<bool> {
        let mut valid = Vec::new();
        for grant in self.grants {
            let grant = fixture.store.grant(grant, later(61)).await;
            valid.push(grant.unwrap().is_some());
        }
        valid
    }
}

async fn the_grants_of_a_client_are_revoked(fixture: Fixture) {
    let granted = Granted::to(&fixture).await;
    let beside = beside(&fixture).await;
    let work = beside.write(Durability::Durable, Undo::Savepoint, move |connection| {
        Box::pin(async move {
            let client = Some(&other_client());
            let remaining = Remaining::grants();
            revoke_many::batch(connection, client, remaining, later(5)).await
        })
    });
    let (sessions, grants) = (0, 1);
    assert_eq!(work.await.unwrap().0, Ended { sessions, grants });
    let expected = [true, false, true, true];
    assert_eq!(granted.are_valid(&fixture).await, expected);
}

async fn grants_are_revoked_in_batches(fixture: Fixture) {
    Granted::to(&fixture).await;
    fixture
        .execute(
            "insert into grants
        with recursive numbers (n) as (select 1 union all select n + 1 from numbers where n < 2500)
        select 'g' || n, secret, client, user_id, sub, sid, app, scopes, claims, auth_time, offline,
        seq, rotated_at, created_at, expires_at, ends_at, keep_until, revoked_at, revoked_reason
        from (select * from grants where client = 'web' limit 1) one cross join numbers",
        )
        .await;
    let beside = beside(&fixture).await;
    let mut remaining = Remaining::grants();
    let mut revoked = Vec::new();
    while !remaining.is_empty() {
        let work = beside.write(Durability::Durable, Undo::Savepoint, move |connection| {
            Box::pin(async move {
                let client = Some(&client());
                revoke_many::batch(connection, client, remaining, later(5)).await
            })
        });
        let (ended, next) = work.await.unwrap();
        (remaining, revoked) = (next, [revoked, vec![ended.grants]].concat());
    }
    let total: u64 = revoked.iter().sum();
    assert!(revoked.iter().all(|grants| *grants <= 250), "{revoked:?}");
    let left = "select count(*) from grants where client = 'web' and revoked_at is null";
    assert_eq!((total, fixture.count(left).await), (2503, 0));
}

async fn the_sessions_and_grants_of_a_user_are_revoked(fixture: Fixture) {
    let granted = Granted::to(&fixture).await;
    let (user, beside) = (granted.user, beside(&fixture).await);
    let work = beside.write(Durability::Durable, Undo::Savepoint, move |connection| {
        Box::pin(async move { revoke_many::of_user(connection, user, later(5)).await })
    });
    let (sessions, grants) = (1, 2);
    assert_eq!(work.await.unwrap(), Ended { sessions, grants });
    let expected = [false, false, true, true];
    assert_eq!(granted.are_valid(&fixture).await, expected);
}

/// Also a grant that began after the command, in a session from before.
async fn all_sessions_and_grants_are_revoked(fixture: Fixture) {
    let granted = Granted::to(&fixture).await;
    let (sessions, grants) = (2, 4);
    assert_eq!(
        fixture.revoke_all(later(5)).await,
        Ended { sessions, grants }
    );
    assert_eq!(granted.are_valid(&fixture).await, [false; 4]);
}

async fn an_event_of_a_request_is_recorded_once(fixture: Fixture) {
    let requests = [id(RequestId::from_bytes), id(RequestId::from_bytes)];
    let event = |request, detail: &str| Event {
        reference: Some(Reference::of(request)),
        detail: Some(detail.to_owned()),
        ..Event::new(START, EventKind::LoginRejected)
    };
    for request in requests {
        for detail in [
            "declined",
            "declined",
            "configuration 40125",
            "configuration 1",
        ] {
            let event = event(request, detail);
            fixture.store.record_once(request, event).await.unwrap();
        }
    }
    let reference = Reference::of(requests[0]).to_string();
    let beside = beside(&fixture).await;
    let work = beside.write(Durability::Durable, Undo::Savepoint, move |connection| {
        Box::pin(async move {
            let other = Event::new(START, EventKind::GrantRevoked);
            let id = EventId::random().map_err(|_| crate::store::JobError::Conflict)?;
            audit::insert(connection, id, other).await?;
            audit::events(connection, &reference).await
        })
    });
    let events = work.await.unwrap();
    let mut details: Vec<_> = events
        .iter()
        .filter_map(|event| event.detail.as_deref())
        .collect();
    details.sort_unstable();
    assert_eq!(details, ["configuration 40125", "declined"]);
    assert_eq!(fixture.count("select count(*) from audit").await, 5);
}
