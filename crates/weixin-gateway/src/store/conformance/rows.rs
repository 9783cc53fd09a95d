//! Requests and events as they were written.

use super::{
    fixture::{Fixture, START, StandingClock, client, id, issuer, later, other_issuer, request},
    on_each_database,
};
use crate::{
    audit::{Event, EventKind, Reference},
    oidc::{AuthorizationRequest, RequestId},
    store::{StoreError, requests::NewRequest},
};

on_each_database!(
    a_request_waits_ten_minutes_at_its_issuer,
    a_pushed_request_waits_ninety_seconds_until_its_client_opens_it,
    a_request_that_was_answered_waits_for_another_minute,
    a_client_has_a_quarter_of_the_places_for_what_it_pushes,
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
    // Opened by a client after some seconds, it is read; and whether it waits for a login then.
    for (opened, read, expected) in [
        (None, (issuer(), &own, 89), (Some(false), false)),
        (None, (issuer(), &own, 90), (None, false)),
        (None, (issuer(), &other, 0), (None, false)),
        (None, (other_issuer(), &own, 0), (None, false)),
        (Some((&own, 0)), (issuer(), &own, 0), (Some(true), true)),
        (Some((&own, 89)), (issuer(), &own, 599), (Some(true), true)),
        (Some((&own, 89)), (issuer(), &own, 600), (None, false)),
        (Some((&own, 90)), (issuer(), &own, 90), (None, false)),
        (
            Some((&other, 10)),
            (issuer(), &own, 11),
            (Some(false), false),
        ),
        (Some((&own, 0)), (issuer(), &other, 1), (None, true)),
    ] {
        let id = id(RequestId::from_bytes);
        let pushed = NewRequest::pushed(id, &waiting);
        store.insert_request(pushed, LIMIT, START).await.unwrap();
        if let Some((client, second)) = opened {
            let opened = store.open_pushed_request(id, client, later(second));
            opened.await.unwrap();
        }
        let (issuer, client, second) = read;
        let pushed = store.pushed_request(id, issuer, client, later(second));
        let pushed = pushed.await.unwrap();
        let waits = store.request(id, issuer, later(second)).await.unwrap();
        assert_eq!(waits.clone().unwrap_or_else(request), request());
        let is_opened = pushed.map(|pushed| {
            assert_eq!(pushed.request, request());
            pushed.is_opened
        });
        assert_eq!(
            (is_opened, waits.is_some()),
            expected,
            "{opened:?} {read:?}"
        );
    }
}

/// Whether it was pushed or not, and its end is never later than before.
async fn a_request_that_was_answered_waits_for_another_minute(fixture: Fixture) {
    let (store, issuer, client) = (&fixture.store, issuer(), client());
    let waiting = request();
    let answer = |second| Event {
        client: Some(client.clone()),
        ..Event::new(later(second), EventKind::ConsentDeclined)
    };
    for (answered, end) in [(30, 90), (539, 599), (570, 600)] {
        let ids = [id(RequestId::from_bytes), id(RequestId::from_bytes)];
        let browsers = NewRequest::of_browser(ids[0], &waiting);
        let pushed = NewRequest::pushed(ids[1], &waiting);
        for new in [browsers, pushed] {
            store.insert_request(new, LIMIT, START).await.unwrap();
        }
        let opened = store.open_pushed_request(ids[1], &client, later(1));
        opened.await.unwrap();
        for id in ids {
            for second in [answered, answered + 20] {
                store.record_answer(id, answer(second)).await.unwrap();
            }
            let opened = store.open_pushed_request(id, &client, later(answered + 1));
            opened.await.unwrap();
            for (second, expected) in [(end - 1, true), (end, false)] {
                let found = store.request(id, issuer, later(second)).await.unwrap();
                assert_eq!(found.is_some(), expected, "{answered} {second}");
            }
        }
    }
    assert_eq!(fixture.count("select count(*) from audit").await, 6);
}

/// Pushes these requests of clients one after the other, of at most eight, and says for which there is a place.
async fn pushed<const N: usize>(
    fixture: &Fixture,
    clients: [&str; N],
) -> [Result<RequestId, ()>; N] {
    let mut results = [Err(()); N];
    for (result, client) in results.iter_mut().zip(clients) {
        let client = client.parse().unwrap();
        let request = AuthorizationRequest {
            client,
            ..request()
        };
        let id = id(RequestId::from_bytes);
        let new = NewRequest::pushed(id, &request);
        *result = match fixture.store.insert_request(new, 8, START).await {
            Ok(()) => Ok(id),
            Err(StoreError::TooManyRequests) => Err(()),
            Err(error) => panic!("{error}"),
        };
    }
    results
}

/// Also after the rows have been counted, as they are each minute and at each start.
async fn a_client_has_a_quarter_of_the_places_for_what_it_pushes(fixture: Fixture) {
    let (store, full) = (&fixture.store, Err(()));
    let [first, second, third] = pushed(&fixture, ["one", "one", "one"]).await;
    assert!(first.is_ok() && second.is_ok() && third == full);
    store.count_requests().await.unwrap();
    let [again, other] = pushed(&fixture, ["one", "other"]).await;
    assert!(again == full && other.is_ok());
    // What a browser has brought is in its share no more, also when it is brought again.
    let client = "one".parse().unwrap();
    for _ in 0..2 {
        let opened = store.open_pushed_request(first.unwrap(), &client, later(1));
        opened.await.unwrap();
    }
    let [freed, again] = pushed(&fixture, ["one", "one"]).await;
    assert!(freed.is_ok() && again == full);
    store.count_requests().await.unwrap();
    let [again, second, third] = pushed(&fixture, ["one", "other", "other"]).await;
    assert!(again == full && second.is_ok() && third == full);
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
    // That of the login, and both.
    assert_eq!(fixture.count("select count(*) from audit").await, 3);
}
