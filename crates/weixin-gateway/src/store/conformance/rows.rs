//! Requests and events as they were written.

use super::{
    fixture::{Fixture, START, StandingClock, client, id, issuer, later, other_issuer, request},
    on_each_database,
};
use crate::{
    audit::{Event, EventKind, Reference},
    oidc::RequestId,
    store::{StoreError, requests::NewRequest},
};

on_each_database!(
    a_request_waits_ten_minutes_at_its_issuer,
    a_pushed_request_waits_ninety_seconds_until_its_client_opens_it,
    requests_beyond_the_limit_are_rejected_until_some_expire,
    an_event_is_recorded,
);

const LIMIT: u32 = 2_500;

async fn a_request_waits_ten_minutes_at_its_issuer(fixture: Fixture) {
    let (store, id) = (&fixture.store, id(RequestId::from_bytes));
    store
        .insert_request(NewRequest::of_browser(id, &request()), LIMIT, START)
        .await
        .unwrap();
    for (issuer, now, expected) in [
        (issuer(), START, Some(request())),
        (issuer(), later(599), Some(request())),
        (issuer(), later(600), None),
        (other_issuer(), START, None),
    ] {
        assert_eq!(store.request(id, issuer, now).await.unwrap(), expected);
    }
    let unknown = super::fixture::id(RequestId::from_bytes);
    assert_eq!(store.request(unknown, issuer(), START).await.unwrap(), None);
}

async fn a_pushed_request_waits_ninety_seconds_until_its_client_opens_it(fixture: Fixture) {
    let store = &fixture.store;
    let waiting = request();
    let (own, other) = (request().client, "other".parse().unwrap());
    for (first, second, expected) in [
        ((issuer(), &own, 89), (issuer(), &own, 599), [true, true]),
        ((issuer(), &own, 89), (issuer(), &own, 600), [true, false]),
        ((issuer(), &own, 90), (issuer(), &own, 91), [false, false]),
        ((issuer(), &other, 10), (issuer(), &own, 90), [false, false]),
        (
            (other_issuer(), &own, 10),
            (issuer(), &own, 90),
            [false, false],
        ),
        ((issuer(), &own, 0), (issuer(), &other, 1), [true, false]),
    ] {
        let id = id(RequestId::from_bytes);
        let pushed = NewRequest::pushed(id, &waiting);
        store.insert_request(pushed, LIMIT, START).await.unwrap();
        for ((issuer, client, second), expected) in [first, second].into_iter().zip(expected) {
            let opened = store
                .open_pushed_request(id, issuer, client, later(second))
                .await;
            assert_eq!(opened.unwrap(), expected.then(request), "{second}");
        }
    }
}

async fn requests_beyond_the_limit_are_rejected_until_some_expire(fixture: Fixture) {
    let store = &fixture.store;
    let request = request();
    let insert = || {
        store.insert_request(
            NewRequest::of_browser(id(RequestId::from_bytes), &request),
            LIMIT,
            START,
        )
    };
    insert().await.unwrap();
    let many = "insert into requests (id, issuer, client, body, created_at, expires_at)
        with recursive numbers (n) as (select 1 union all select n + 1 from numbers where n < 2498)
        select 'r' || n, 'i', 'c', '{}', 0, 1800000500000 from numbers";
    fixture.execute(many).await;
    let clock = |seconds| StandingClock::at(later(seconds));
    store.remove_expired(&clock(0)).await.unwrap();
    insert().await.unwrap();
    for _ in 0..3 {
        let rejected = insert().await;
        assert!(matches!(rejected, Err(StoreError::TooManyRequests)));
    }
    let count = "select count(*) from requests";
    assert_eq!(fixture.count(count).await, i64::from(LIMIT));
    store.remove_expired(&clock(500)).await.unwrap();
    assert_eq!(fixture.count(count).await, 2);
    insert().await.unwrap();
}

async fn an_event_is_recorded(fixture: Fixture) {
    let session = fixture.session("oAlice", START).await;
    let mut event = Event::new(later(1), EventKind::LoginOk);
    fixture.store.record(event.clone()).await.unwrap();
    event.client = Some(client());
    event.user = Some(session.user);
    event.reference = Some(Reference::from_bytes([0; 5]));
    event.detail = Some("detail".to_owned());
    fixture.store.record(event).await.unwrap();
    let whole = "select count(*) from audit where at = 1800000001000 and event = 'login.ok'
        and client = 'web' and user_id is not null and reference = 'aaaaaaaa' and detail = 'detail'";
    assert_eq!(fixture.count(whole).await, 1);
    assert_eq!(fixture.count("select count(*) from audit").await, 2);
}
