//! What has expired is removed; what is valid stays, and what logout needs.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, SystemTime},
};

use weixin::clock::{Clock, SleepFuture};

use super::{
    fixture::{Fixture, START, StandingClock, id, later, new_grant, request},
    on_each_database,
};
use crate::{
    audit::{Event, EventKind},
    oidc::{GrantId, RequestId, Timestamp},
    store::{Store, requests::NewRequest},
};

on_each_database!(
    what_has_expired_is_removed_and_nothing_else,
    a_grant_stays_as_long_as_its_session,
    a_revoked_grant_stays_as_long_as_its_session,
    a_code_is_remembered_longer_than_it_is_valid,
    every_batch_is_removed,
    other_writes_come_between_two_batches,
    maintenance_goes_on,
    nothing_is_removed_while_the_time_is_not_known,
);

const DAY: u64 = 24 * 3600;

impl Fixture {
    pub(super) async fn clean(&self, now: Timestamp) {
        let clock = StandingClock::at(now);
        self.store.remove_expired(&clock).await.unwrap();
    }

    /// The rows of requests, sessions, grants and events.
    async fn rows(&self) -> [i64; 4] {
        let mut rows = [0; 4];
        for (row, count) in rows.iter_mut().zip([
            "select count(*) from requests",
            "select count(*) from sessions",
            "select count(*) from grants",
            "select count(*) from audit",
        ]) {
            *row = self.count(count).await;
        }
        rows
    }
}

async fn what_has_expired_is_removed_and_nothing_else(fixture: Fixture) {
    let store = &fixture.store;
    let session = fixture.session("oAlice", START).await;
    fixture
        .redeem(&session, id(GrantId::from_bytes), START)
        .await;
    let waiting = request();
    let waiting = store.insert_request(
        NewRequest::of_browser(id(RequestId::from_bytes), &waiting),
        1,
        START,
    );
    waiting.await.unwrap();
    for (now, rows) in [
        (START, [1, 1, 1, 1]),
        (later(600), [0, 1, 1, 1]),
        (later(7 * DAY + 59), [0, 1, 1, 1]), // clocks differ
        (later(7 * DAY + 60), [0, 0, 0, 1]),
        (later(90 * DAY), [0, 0, 0, 0]),
    ] {
        fixture.clean(now).await;
        assert_eq!(fixture.rows().await, rows, "{now:?}");
    }
    for kept in [
        "select count(*) from users",
        "select count(*) from identities",
        "select count(*) from subjects",
    ] {
        assert_eq!(fixture.count(kept).await, 1, "{kept}");
    }
}

/// Back-channel logout must know every client of a session that lasts.
async fn a_grant_stays_as_long_as_its_session(fixture: Fixture) {
    let session = fixture.session("oAlice", START).await;
    fixture
        .redeem(&session, id(GrantId::from_bytes), START)
        .await;
    // Renewed after the grant was made, the session lasts longer than was known then.
    fixture
        .execute("update sessions set expires_at = expires_at + 86400000")
        .await;
    for (days, grants) in [(1, 1), (7, 1), (8, 1)] {
        fixture.clean(later(days * DAY)).await;
        assert_eq!(fixture.rows().await[2], grants, "{days}");
    }
    // A grant that is still used outlives its session.
    fixture
        .execute("update grants set offline = 1, expires_at = expires_at + 864000000")
        .await;
    fixture.clean(later(9 * DAY)).await;
    assert_eq!(fixture.rows().await, [0, 0, 1, 1]);
    fixture.clean(later(11 * DAY)).await;
    assert_eq!(fixture.rows().await, [0, 0, 0, 1]);
}

async fn a_revoked_grant_stays_as_long_as_its_session(fixture: Fixture) {
    let session = fixture.session("oAlice", START).await;
    for is_revoked in [true, false] {
        let mut grant = new_grant(&session, id(GrantId::from_bytes), START);
        let id = grant.id;
        (grant.is_offline, grant.expires_at) = (true, later(30 * DAY));
        fixture.redeem_grant(grant).await;
        if is_revoked {
            assert!(fixture.store.revoke(id, later(DAY)).await.unwrap());
        }
    }
    for (days, grants) in [(2, 2), (7, 2), (8, 1), (29, 1), (31, 0)] {
        fixture.clean(later(days * DAY)).await;
        assert_eq!(fixture.rows().await[2], grants, "{days}");
    }
}

async fn a_code_is_remembered_longer_than_it_is_valid(fixture: Fixture) {
    let session = fixture.session("oAlice", START).await;
    fixture
        .redeem(&session, id(GrantId::from_bytes), START)
        .await;
    fixture
        .execute("update grants set expires_at = created_at, keep_until = created_at")
        .await;
    fixture
        .execute("update sessions set ended_at = created_at")
        .await;
    fixture.clean(later(599)).await;
    assert_eq!(fixture.rows().await[2], 1);
    fixture.clean(later(600)).await;
    assert_eq!(fixture.rows().await[2], 0);
}

async fn every_batch_is_removed(fixture: Fixture) {
    let session = fixture.session("oAlice", START).await;
    let grant = new_grant(&session, id(GrantId::from_bytes), START);
    fixture.redeem_grant(grant).await;
    // Of 5001 grants, 2500 belong to the session that lasts.
    fixture.execute("insert into grants
        with recursive numbers (n) as (select 1 union all select n + 1 from numbers where n < 5000)
        select 'g' || n, secret, client, user_id, sub, case when n <= 2500 then sid else 'gone' end, app,
        scopes, claims, auth_time, offline, seq, rotated_at, created_at, expires_at, ends_at, expires_at,
        revoked_at, revoked_reason from grants cross join numbers").await;
    fixture.clean(later(DAY)).await;
    assert_eq!(fixture.rows().await[2], 2501);
    assert_eq!(
        fixture
            .count("select count(*) from grants where sid = 'gone'")
            .await,
        0
    );
    // They are considered again when the session ends, and not each minute.
    let again = "select count(*) from grants where keep_until < (select expires_at from sessions)";
    assert_eq!(fixture.count(again).await, 0);
    fixture
        .clean(session.expires_at.after(Duration::from_mins(1)))
        .await;
    assert_eq!(fixture.rows().await[2], 0);
}

/// A clock that stands still. In each pause, a visitor writes, and the rows that are left are counted.
#[derive(Debug)]
struct BusyClock<'s> {
    standing: StandingClock,
    store: &'s Store,
    left: Mutex<Vec<i64>>,
}

impl Clock for BusyClock<'_> {
    fn now(&self) -> SystemTime {
        self.standing.now()
    }

    fn sleep(&self, _: Duration) -> SleepFuture<'_> {
        Box::pin(async {
            let event = Event::new(self.now().into(), EventKind::LoginOk);
            self.store.record(event).await.unwrap();
            let count = "select count(*) from audit where event = 'old'";
            let count = sqlx::query_scalar(count).fetch_one(self.store.pool());
            let count = count.await.unwrap();
            self.left.lock().unwrap().push(count);
        })
    }
}

async fn other_writes_come_between_two_batches(fixture: Fixture) {
    fixture
        .execute(
            "insert into audit (id, at, event)
        with recursive numbers (n) as (select 1 union all select n + 1 from numbers where n < 350)
        select 'a' || n, n, 'old' from numbers",
        )
        .await;
    let clock = BusyClock {
        standing: StandingClock::at(START),
        store: &fixture.store,
        left: Mutex::default(),
    };
    fixture.store.remove_expired(&clock).await.unwrap();
    assert_eq!(clock.left.into_inner().unwrap(), [250, 150, 50]);
    let events = "select count(*) from audit";
    assert_eq!(fixture.count(events).await, 3);
}

/// The node's clock or the database's is a year ahead: all would have expired.
async fn nothing_is_removed_while_the_time_is_not_known(fixture: Fixture) {
    let clock = StandingClock::at(later(365 * 24 * 3600));
    fixture.session("oAlice", START).await;
    let looks = AtomicU32::default();
    let (first, later) = tokio::sync::oneshot::channel();
    let first = Mutex::new(Some(first));
    let is_time_known = || {
        // The third look comes after two rounds.
        if looks.fetch_add(1, Ordering::Relaxed) == 2 {
            first.lock().unwrap().take().unwrap().send(()).unwrap();
        }
        false
    };
    let maintenance = fixture.store.maintain(&clock, &is_time_known);
    tokio::select! {
        () = maintenance => panic!("maintenance has ended"),
        looked = later => looked.unwrap(),
    }
    assert_eq!(fixture.count("select count(*) from sessions").await, 1);
}

async fn maintenance_goes_on(fixture: Fixture) {
    let clock = StandingClock::at(later(600));
    let maintenance = fixture.store.maintain(&clock, &|| true);
    let request = request();
    let removed = async {
        // Each request is removed by another round.
        for _ in 0..3 {
            let id = id(RequestId::from_bytes);
            let stored =
                fixture
                    .store
                    .insert_request(NewRequest::of_browser(id, &request), 10, START);
            stored.await.unwrap();
            while fixture.rows().await[0] > 0 {}
        }
    };
    tokio::select! {
        () = maintenance => panic!("maintenance has ended"),
        () = removed => {}
    }
}
