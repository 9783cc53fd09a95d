//! The revocation of a client on PostgreSQL while another transaction has a lock on all grants, as `vacuum` does for minutes.

use std::time::Duration;

use tokio::time::timeout;
use weixin::clock::{Clock, SystemClock};

use super::fixture::{Fixture, client, id, new_grant_of};
use crate::{
    admin::{Admin, RevokeTarget},
    oidc::{
        ClientId, Grant, GrantId, RedeemOutcome, Refresh, RefreshOutcome, RefreshToken, Session,
        Timestamp, fixtures::LIFETIMES,
    },
    store::postgres::lock_timeout,
};

/// Many times the half second for which a request may wait.
const SOON: Duration = Duration::from_secs(30);

fn other() -> ClientId {
    "other".parse().unwrap()
}

/// A client's grant with refresh tokens, from a code of this moment.
async fn redeem(fixture: &Fixture, client: &ClientId, session: &Session) -> RedeemOutcome {
    let mut grant = new_grant_of(client, session, id(GrantId::from_bytes), session.auth_time);
    (grant.is_offline, grant.is_refreshable) = (true, true);
    let redeemed = timeout(SOON, fixture.redeem_grant(grant)).await;
    redeemed.expect("the redemption waits for the revocation")
}

async fn granted(fixture: &Fixture, client: &ClientId, session: &Session) -> Grant {
    match redeem(fixture, client, session).await {
        RedeemOutcome::Granted(grant) => grant,
        other => panic!("{other:?}"),
    }
}

/// Uses the refresh token with this number. Returns the number of the next one.
async fn rotate(fixture: &Fixture, grant: &Grant, number: u32, now: Timestamp) -> u32 {
    let token = RefreshToken {
        grant: grant.id,
        number,
    };
    let usage = Refresh::of_token(token, other(), true);
    let refreshed = fixture.store.refresh(usage, grant, &LIFETIMES, now);
    let refreshed = timeout(SOON, refreshed).await;
    let refreshed = refreshed.expect("the refresh waits for the revocation");
    match refreshed.unwrap() {
        RefreshOutcome::Refreshed { number, .. } => number,
        other => panic!("{other:?}"),
    }
}

/// The clients whose grants are valid, each once for each of them.
async fn valid(fixture: &Fixture) -> Vec<String> {
    let sql = "select client from grants where revoked_at is null order by client";
    let clients = sqlx::query_scalar(sql).fetch_all(fixture.store.pool());
    clients.await.unwrap()
}

/// An autovacuum is canceled for those who have waited for the server's `deadlock_timeout`.
#[tokio::test]
async fn the_first_attempt_and_each_fifth_wait_until_an_autovacuum_is_canceled() {
    let fixture = Fixture::postgres().await;
    let sql = "select setting::bigint from pg_settings where name = 'deadlock_timeout'";
    let canceled_after = fixture.count(sql).await;
    let waits = (0..12).filter(|attempts| i64::from(lock_timeout(*attempts)) > canceled_after);
    assert_eq!(waits.collect::<Vec<_>>(), [0, 5, 10]);
}

/// The operator goes by the time of the database. What comes first in each round ends after the attempt that it waits for.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn others_redeem_and_refresh_while_a_revocation_waits_for_a_vacuum() {
    let fixture = Fixture::postgres().await;
    let now = SystemClock.now().into();
    let session = fixture.session("oAlice", now).await;
    granted(&fixture, &client(), &session).await;
    let grant = granted(&fixture, &other(), &session).await;
    let vacuum = "lock table grants in share update exclusive mode";
    let held = fixture.hold(vacuum).await;
    let admin = Admin::open(&fixture.config()).await.unwrap();
    let target = RevokeTarget::Client(client().to_string());
    let revoking = tokio::spawn(async move { admin.revoke(target).await.unwrap() });
    for number in 0..2 {
        fixture.waiting_for(held.pid, &revoking).await;
        granted(&fixture, &other(), &session).await;
        assert_eq!(rotate(&fixture, &grant, number, now).await, number + 1);
    }
    assert!(!revoking.is_finished());
    // What was there has ended already.
    assert_eq!(valid(&fixture).await, ["other"; 3]);
    held.rollback().await;
    let revoked = timeout(SOON, revoking).await.unwrap().unwrap();
    assert_eq!((revoked.sessions, revoked.grants), (0, 1));
    let outcome = redeem(&fixture, &client(), &session).await;
    assert!(matches!(outcome, RedeemOutcome::Ended), "{outcome:?}");
    assert_eq!(valid(&fixture).await, ["other"; 3]);
}
