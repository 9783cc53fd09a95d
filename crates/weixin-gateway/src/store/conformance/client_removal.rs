//! The removal of a client with many users.

use super::{
    fixture::{Fixture, START, client, id, later, new_grant_of},
    on_each_database,
};
use crate::{
    oidc::{ClientId, GrantId, RedeemOutcome, Session},
    store::{
        Durability, Undo, Work,
        client_removal::{self, Remaining},
        session_end::EndReason,
    },
};

on_each_database!(
    a_client_is_removed_in_batches_also_after_it_was_cut_off,
    a_client_that_was_added_again_stays_when_a_second_removal_ends,
    a_client_that_was_removed_is_told_of_no_logout,
    a_client_that_was_removed_is_not_told_of_grants_that_were_revoked_before,
    a_code_of_a_gateway_that_has_not_noticed_the_removal_gives_nothing,
);

const GRANTS: &str = "insert into grants
    with recursive numbers (n) as (select 1 union all select n + 1 from numbers where n < 600)
    select client || n, secret, client, user_id, sub, sid, app, scopes, claims, auth_time, offline,
    seq, rotated_at, created_at, expires_at, ends_at, keep_until, revoked_at, revoked_reason
    from grants cross join numbers";
const CONSENTS: &str = "insert into consents
    with recursive numbers (n) as (select 1 union all select n + 1 from numbers where n < 600)
    select 'user' || n, id, 'openid', 1 from clients cross join numbers";

async fn run<T: Send + 'static>(fixture: &Fixture, work: impl Work<T>) -> T {
    let store = &fixture.store;
    let work = store.write(Durability::Durable, Undo::Savepoint, work);
    work.await.unwrap()
}

/// A batch, and how many grants and consents are left after it.
async fn batch(fixture: &Fixture, remaining: Remaining) -> (Remaining, [i64; 2]) {
    let remaining = run(fixture, move |connection| {
        Box::pin(
            async move { client_removal::batch(connection, &client(), remaining, later(5)).await },
        )
    });
    (remaining.await, left(fixture).await)
}

async fn left(fixture: &Fixture) -> [i64; 2] {
    let grants = "select count(*) from grants where client = 'web' and revoked_at is null";
    let consents = "select count(*) from consents where client = 'web'";
    [fixture.count(grants).await, fixture.count(consents).await]
}

async fn begin(fixture: &Fixture) -> bool {
    run(fixture, |connection| {
        Box::pin(async move { client_removal::begin(connection, &client(), later(5)).await })
    })
    .await
}

async fn end(fixture: &Fixture) -> bool {
    run(fixture, |connection| {
        Box::pin(async move { client_removal::end(connection, &client(), later(6)).await })
    })
    .await
}

async fn two_clients(fixture: &Fixture) {
    let other: ClientId = "other".parse().unwrap();
    let session = fixture.session("oAlice", START).await;
    for client in [client(), other] {
        let grant = new_grant_of(&client, &session, id(GrantId::from_bytes), START);
        fixture.redeem_grant(grant).await;
        fixture.add_client(client).await;
    }
    fixture.execute(GRANTS).await;
    fixture.execute(CONSENTS).await;
}

async fn a_client_is_removed_in_batches_also_after_it_was_cut_off(fixture: Fixture) {
    two_clients(&fixture).await;
    let left_over = cut_off(&fixture).await;
    assert!(begin(&fixture).await);
    run_batches(&fixture, left_over).await;
    assert_eq!(left(&fixture).await, [0, 0]);
    assert!(end(&fixture).await);
    assert!(!begin(&fixture).await);
    assert_others_stay(&fixture).await;
}

/// A removal that ends after its first batch. The client is still there, disabled.
async fn cut_off(fixture: &Fixture) -> [i64; 2] {
    assert!(begin(fixture).await);
    let (_, left) = batch(fixture, Remaining::all()).await;
    assert!(left.iter().all(|rows| *rows > 0), "{left:?}");
    let clients = fixture.store.clients().await.unwrap();
    assert!(clients.iter().any(|client| client.is_disabled));
    left
}

async fn run_batches(fixture: &Fixture, mut before: [i64; 2]) {
    let mut remaining = Remaining::all();
    while !remaining.is_empty() {
        let (next, after) = batch(fixture, remaining).await;
        let changed = [before[0] - after[0], before[1] - after[1]];
        assert!(changed.iter().all(|rows| *rows <= 250), "{changed:?}");
        (remaining, before) = (next, after);
    }
}

async fn assert_others_stay(fixture: &Fixture) {
    let grants = "select count(*) from grants where client = 'other' and revoked_at is null";
    let consents = "select count(*) from consents where client = 'other'";
    let left = [fixture.count(grants).await, fixture.count(consents).await];
    assert_eq!(left, [601, 600]);
    assert_eq!(fixture.store.clients().await.unwrap().len(), 1);
}

/// The clients that are to be told of logouts.
async fn told(fixture: &Fixture) -> Vec<String> {
    let sql = "select client from logouts order by client";
    let clients = sqlx::query_scalar(sql).fetch_all(fixture.store.pool());
    clients.await.unwrap()
}

async fn log_out(fixture: &Fixture, session: &Session) {
    let reason = EndReason::LoggedOut;
    let ended = fixture
        .store
        .end_sessions(vec![session.sid], Vec::new(), (reason, None), later(4));
    assert_eq!(ended.await.unwrap(), [(session.sid, session.user)]);
}

/// A session with a grant of each of two clients.
async fn session_of_two_clients(fixture: &Fixture, openid: &str) -> Session {
    let session = fixture.session(openid, START).await;
    for client in [client(), "other".parse().unwrap()] {
        let grant = new_grant_of(&client, &session, id(GrantId::from_bytes), START);
        fixture.redeem_grant(grant).await;
    }
    session
}

/// The client is in the store.
async fn remove(fixture: &Fixture) {
    assert!(begin(fixture).await);
    run_batches(fixture, left(fixture).await).await;
    assert!(end(fixture).await);
}

/// Two operators, or one who has started the command twice.
async fn a_client_that_was_added_again_stays_when_a_second_removal_ends(fixture: Fixture) {
    fixture.add_client(client()).await;
    let begun = [begin(&fixture).await, begin(&fixture).await];
    assert_eq!((begun, end(&fixture).await), ([true; 2], true));
    fixture.add_client(client()).await;
    let session = fixture.session("oAlice", later(100)).await;
    let grant = new_grant_of(&client(), &session, id(GrantId::from_bytes), later(100));
    fixture.redeem_grant(grant).await;
    let (remaining, left) = batch(&fixture, Remaining::all()).await;
    assert_eq!((remaining.is_empty(), left), (true, [1, 0]));
    assert!(!end(&fixture).await);
    assert_eq!(fixture.store.clients().await.unwrap().len(), 1);
}

/// Neither of one before the removal nor of one after it: another client may be added with the ID.
async fn a_client_that_was_removed_is_told_of_no_logout(fixture: Fixture) {
    fixture.add_client(client()).await;
    let before = session_of_two_clients(&fixture, "oAlice").await;
    let valid = session_of_two_clients(&fixture, "oBob").await;
    log_out(&fixture, &before).await;
    assert_eq!(told(&fixture).await, ["other", "web"]);
    remove(&fixture).await;
    assert_eq!(told(&fixture).await, ["other"]);
    log_out(&fixture, &valid).await;
    assert_eq!(told(&fixture).await, ["other"; 2]);
}

/// A refresh token was used twice, for one.
async fn a_client_that_was_removed_is_not_told_of_grants_that_were_revoked_before(
    fixture: Fixture,
) {
    fixture.add_client(client()).await;
    let session = session_of_two_clients(&fixture, "oAlice").await;
    fixture
        .execute("update grants set revoked_at = 1, revoked_reason = 'reuse'")
        .await;
    remove(&fixture).await;
    log_out(&fixture, &session).await;
    assert_eq!(told(&fixture).await, ["other"]);
    let first = "select count(*) from grants where revoked_at = 1";
    assert_eq!(fixture.count(first).await, 2);
}

/// The gateway reads the clients every five seconds. The removal begins in second 5 and ends in second 6.
async fn a_code_of_a_gateway_that_has_not_noticed_the_removal_gives_nothing(fixture: Fixture) {
    let session = fixture.session("oAlice", START).await;
    fixture.add_client(client()).await;
    let tolerance = fixture.store.clock_tolerance().as_secs();
    for last in [15, 16] {
        assert!(if last == 15 {
            begin(&fixture).await
        } else {
            end(&fixture).await
        });
        for (issued, is_rejected) in [(last, true), (last + 1, false)] {
            let code = id(GrantId::from_bytes);
            let outcome = fixture
                .redeem(&session, code, later(issued + tolerance))
                .await;
            let found = matches!(outcome, RedeemOutcome::Ended);
            assert_eq!(found, is_rejected, "{issued}: {outcome:?}");
        }
    }
}
