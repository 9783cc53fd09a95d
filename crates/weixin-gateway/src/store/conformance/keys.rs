//! Signing keys: of two nodes, one makes the next key.

use std::time::Duration;

use futures_util::future::join_all;
use secrecy::SecretString;

use super::{
    fixture::{Fixture, START, later},
    on_each_database,
};
use crate::{
    keys::{KeyId, Phase, SealedKey},
    master_key::MasterKeys,
    oidc::{Algorithm, Timestamp},
    rotation::{Due, OldKeys, rotate, rotate_now},
};

on_each_database!(
    the_next_key_of_an_algorithm_is_stored_once,
    a_key_is_rotated_once_by_two_nodes,
    a_new_key_ends_those_before_it_at_its_own_time,
    a_key_that_a_command_makes_signs_once_all_nodes_have_read_it,
    a_command_makes_a_key_although_a_clock_that_was_ahead_has_made_one,
);

const KEYS: &str = "select count(*) from keys";

fn key(kid: &str, algorithm: Algorithm, number: i64) -> SealedKey {
    SealedKey {
        kid: KeyId::from_stored(kid.to_owned()),
        algorithm,
        number,
        sealed: vec![0, 1, 255],
        published_at: START,
        active_at: later(1),
        retired_at: None,
        removed_at: None,
    }
}

async fn the_next_key_of_an_algorithm_is_stored_once(fixture: Fixture) {
    let store = &fixture.store;
    for number in [1, 2] {
        let nodes = (0..10).map(|node| {
            let key = key(&format!("rsa{node}-{number}"), Algorithm::Rs256, number);
            store.insert_key(key, later(9))
        });
        let stored = join_all(nodes).await.into_iter().map(Result::unwrap);
        assert_eq!(stored.filter(|is_first| *is_first).count(), 1);
    }
    let p256 = key("p256", Algorithm::Es256, 1);
    assert!(store.insert_key(p256.clone(), later(9)).await.unwrap());
    let keys = store.keys().await.unwrap();
    let ids: Vec<_> = keys.iter().map(|key| (key.algorithm, key.number)).collect();
    let (es256, rs256) = (Algorithm::Es256, Algorithm::Rs256);
    assert_eq!(ids, [(es256, 1), (rs256, 1), (rs256, 2)]);
    assert_eq!(format!("{:?}", keys[0]), format!("{p256:?}"));
}

async fn a_new_key_ends_those_before_it_at_its_own_time(fixture: Fixture) {
    let store = &fixture.store;
    for (number, active_at, others_removed_at) in
        [(1, 0, 0), (2, 90, 98), (3, 100, 108), (4, 101, 101)]
    {
        let key = SealedKey {
            active_at: later(active_at),
            ..key(&format!("rsa{number}"), Algorithm::Rs256, number)
        };
        assert!(
            store
                .insert_key(key, later(others_removed_at))
                .await
                .unwrap()
        );
    }
    let keys = store.keys().await.unwrap();
    let times = |key: &SealedKey| (key.retired_at, key.removed_at);
    let times: Vec<_> = keys.iter().map(times).collect();
    let at = |seconds| Some(later(seconds));
    // The last one has removed at once what was still published.
    let expected = [
        (at(90), at(98)),
        (at(100), at(101)),
        (at(101), at(101)),
        (None, None),
    ];
    assert_eq!(times, expected);
}

/// Each node makes a key and finds out by the store whether it was the first: at the start, and when the next key is due.
async fn a_key_is_rotated_once_by_two_nodes(fixture: Fixture) {
    const DAY: Duration = Duration::from_hours(24);

    let day = |day: u32| START.after(DAY * day);
    let file = SecretString::from("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    let master = &MasterKeys::parse(&file).unwrap();
    let node = |now, is_known| {
        let due = Due::at(now, is_known);
        rotate(&fixture.store, master, &[Algorithm::EdDsa], due)
    };
    for (now, expected) in [
        (day(0), &[Phase::Signing][..]),
        (day(89), &[Phase::Signing, Phase::Published]),
        (day(90), &[Phase::Retired, Phase::Signing]),
        (
            day(179),
            &[Phase::Retired, Phase::Signing, Phase::Published],
        ),
        (day(181), &[Phase::Removed, Phase::Retired, Phase::Signing]),
    ] {
        // Only the first keys are made by a clock that another one contradicts.
        let before = fixture.count(KEYS).await;
        let unknown = node(now, false).await.unwrap();
        assert!(
            before == 0 || fixture.count(KEYS).await == before,
            "{unknown:?}"
        );
        let (one, other) = tokio::join!(node(now, true), node(now, true));
        let phases = |rows: &[SealedKey], algorithm: Algorithm, now: Timestamp| {
            let rows = rows.iter().filter(|row| row.algorithm == algorithm);
            rows.map(|row| row.phase(now)).collect::<Vec<_>>()
        };
        for rows in [one.unwrap(), other.unwrap()] {
            for algorithm in [Algorithm::Rs256, Algorithm::EdDsa] {
                assert_eq!(phases(&rows, algorithm, now), expected);
            }
        }
    }
    let events = "select count(*) from audit where event = 'key.created'";
    assert_eq!(fixture.count(events).await, 6);
}

/// Nodes read the keys every five seconds. With PostgreSQL, the clock of one may be a minute ahead of the database's, which is
/// the command's.
async fn a_key_that_a_command_makes_signs_once_all_nodes_have_read_it(fixture: Fixture) {
    let store = &fixture.store;
    let key = SecretString::from("BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA=".to_owned());
    let master = MasterKeys::parse(&key).unwrap();
    let is_postgres = fixture.url.starts_with("postgres");
    let known_to_all = if is_postgres { 130 } else { 70 };
    let due = Due::at(START, true);
    rotate(store, &master, &[], due).await.unwrap();
    let command = later(100);
    // The second time, the key of the first one is published.
    for _ in 0..2 {
        let rotated = rotate_now(store, &master, Algorithm::Rs256, OldKeys::Keep, command);
        rotated.await.unwrap();
        let keys = store.keys().await.unwrap();
        let times: Vec<_> = keys
            .iter()
            .map(|key| (key.published_at, key.active_at))
            .collect();
        assert_eq!(
            times,
            [(START, START), (command, later(100 + known_to_all))]
        );
    }
}

async fn a_command_makes_a_key_although_a_clock_that_was_ahead_has_made_one(fixture: Fixture) {
    let store = &fixture.store;
    let file = SecretString::from("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    let master = MasterKeys::parse(&file).unwrap();
    for now in [START, later(100 * 24 * 3_600)] {
        let due = Due::at(now, true);
        rotate(store, &master, &[], due).await.unwrap();
    }
    let rotated = rotate_now(store, &master, Algorithm::Rs256, OldKeys::Keep, later(100));
    rotated.await.unwrap();
    let keys = store.keys().await.unwrap();
    let phases = keys.iter().map(|key| key.phase(later(300)));
    let phases: Vec<_> = phases.collect();
    assert_eq!(phases, [Phase::Retired, Phase::Retired, Phase::Signing]);
}
