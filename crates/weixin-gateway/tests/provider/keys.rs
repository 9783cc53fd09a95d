//! Signing keys are replaced while the gateway runs, and its clients do not notice.

use std::time::Duration;

use axum::http::StatusCode;
use serde_json::Value;
use weixin_gateway::OldKeys;

use crate::world::{Browser, Options, World, browser::param, id_token::header};

pub(crate) const DAY: Duration = Duration::from_hours(24);

/// The `kid` of each key in the JWKS.
pub(crate) async fn published(world: &World) -> Vec<String> {
    let keys = world.get("/jwks").await.json()["keys"].clone();
    let kid = |key: &Value| key["kid"].as_str().unwrap().to_owned();
    keys.as_array().unwrap().iter().map(kid).collect()
}

/// All but a second of this time.
fn short_of(time: Duration) -> Duration {
    time.saturating_sub(Duration::from_secs(1))
}

async fn after(world: &World, time: Duration) -> Vec<String> {
    world.clock.advance(time);
    world.gateway.refresh().await.unwrap();
    published(world).await
}

/// The `kid` of an ID token that is issued now.
async fn signer(world: &World) -> String {
    let tokens = world.web().log_in(&mut Browser::default(), &[]).await;
    header(&tokens.id_token).kid.unwrap()
}

#[tokio::test]
async fn a_key_is_published_a_day_before_it_signs_and_kept_for_91_days_after() {
    let world = World::start().await;
    let first = published(&world).await;
    let [old] = &first[..] else {
        panic!("{first:?}")
    };
    assert_eq!(after(&world, short_of(DAY * 89)).await, first);
    let both = after(&world, Duration::from_secs(1)).await;
    let [_, new] = &both[..] else {
        panic!("{both:?}")
    };
    assert_eq!((&both[0], &signer(&world).await), (old, old));
    assert_eq!(after(&world, short_of(DAY)).await, both);
    assert_eq!(&signer(&world).await, old);
    assert_eq!(after(&world, Duration::from_secs(1)).await, both);
    assert_eq!(&signer(&world).await, new);
    let three = after(&world, short_of(DAY * 91)).await;
    assert_eq!((three.len(), &three[..2]), (3, &both[..]));
    assert_eq!(after(&world, Duration::from_secs(1)).await, three[1..]);
}

/// The session lasts as long as one can, and begins a second before the key stops signing.
#[tokio::test]
async fn an_id_token_is_a_hint_after_its_key_has_stopped_signing() {
    let world = World::with(Options {
        more: "[lifetimes]\nsession = \"90d\"\nsession_idle = \"90d\"".to_owned(),
        ..Options::default()
    })
    .await;
    let mut browser = Browser::default();
    after(&world, DAY * 89).await;
    world.clock.advance(short_of(DAY));
    let before = world.web().log_in(&mut browser, &[]).await;
    let keys = after(&world, short_of(DAY * 90)).await;
    let hint = [("prompt", "none"), ("id_token_hint", &*before.id_token)];
    let again = world.web().log_in(&mut browser, &hint).await;
    assert_eq!(before.sub(), again.sub());
    let kids = [before, again].map(|tokens| header(&tokens.id_token).kid.unwrap());
    assert_eq!(kids[..], keys[..2]);
}

/// Each algorithm has keys of its own.
#[tokio::test]
async fn all_algorithms_rotate() {
    let web = "id_token_alg = \"EdDSA\"".to_owned();
    let world = World::with(Options {
        web,
        ..Options::default()
    })
    .await;
    let first = published(&world).await;
    assert_eq!(first.len(), 2);
    let all = after(&world, DAY * 89).await;
    assert_eq!(all.len(), 4);
    assert_eq!(after(&world, DAY).await, all);
    let new = signer(&world).await;
    assert!(all.contains(&new) && !first.contains(&new), "{new}");
}

#[tokio::test]
async fn keys_are_read_again_every_five_seconds() {
    let world = World::start().await;
    let first = published(&world).await;
    world.clock.advance(DAY * 89);
    let rotated = async {
        // The maintenance begins to wait when it is first polled.
        loop {
            tokio::task::yield_now().await;
            world.clock.advance(Duration::from_secs(5));
            let keys = published(&world).await;
            if keys != first {
                return keys;
            }
        }
    };
    let keys = tokio::select! {
        () = world.gateway.maintain() => panic!("the store has stopped"),
        keys = rotated => keys,
    };
    assert_eq!((keys.len(), &keys[0]), (2, &first[0]));
}

/// Begins to sign with a new key, as the command does.
async fn rotate_now(world: &World, algorithm: Option<&str>, old: OldKeys) -> bool {
    let (admin, config) = world.admin().await;
    let rotated = admin.rotate_keys(&config, algorithm, old).await.unwrap();
    admin.close().await;
    rotated
}

/// The commands take the time of the machine, which the clock of the tests begins with.
const MOMENT: Duration = Duration::from_mins(10);

/// A node that signed with it at once would do so while the JWKS of another node lacks it. The command can be repeated.
#[tokio::test]
async fn a_new_key_is_published_before_it_signs_and_the_old_one_stays() {
    let world = World::start().await;
    let mut browser = Browser::default();
    let before = world.web().log_in(&mut browser, &[]).await;
    let first = published(&world).await;
    for _ in 0..2 {
        assert!(rotate_now(&world, None, OldKeys::Keep).await);
    }
    let keys = after(&world, Duration::from_secs(5)).await;
    assert_eq!((keys.len(), &keys[0]), (2, &first[0]));
    assert_eq!(signer(&world).await, keys[0]);
    assert_eq!(after(&world, MOMENT).await, keys);
    assert_eq!(signer(&world).await, keys[1]);
    let hint = [("prompt", "none"), ("id_token_hint", &*before.id_token)];
    world.web().log_in(&mut browser, &hint).await;
    assert_eq!(after(&world, DAY * 80).await, keys);
    let events = "select event from audit where event like 'key.%' order by event";
    assert_eq!(
        world.texts(events).await,
        ["key.created", "key.created", "key.rotated", "key.rotated"]
    );
}

/// Its ID tokens are no hints any more: the key may be in the hands of an attacker.
#[tokio::test]
async fn a_revoked_key_leaves_the_jwks_and_its_id_tokens_are_no_hints() {
    let world = World::start().await;
    let mut browser = Browser::default();
    let before = world.web().log_in(&mut browser, &[]).await;
    let first = published(&world).await;
    assert!(rotate_now(&world, Some("RS256"), OldKeys::Revoke).await);
    let keys = after(&world, MOMENT).await;
    assert!(keys.len() == 1 && keys != first, "{keys:?}");
    assert_eq!(signer(&world).await, keys[0]);
    let hint = [("prompt", "none"), ("id_token_hint", &*before.id_token)];
    let url = world.web().callback(&mut browser, &hint).await;
    assert_eq!(param(&url, "error"), "login_required");
    // The user is logged in all the same, and tokens are not signed by this key.
    let silent = world
        .web()
        .log_in(&mut browser, &[("prompt", "none")])
        .await;
    assert_eq!(silent.claims["auth_time"], before.claims["auth_time"]);
    let page = world.web().userinfo(&before.access_token).await;
    assert_eq!(page.status, StatusCode::OK);
    assert_eq!(
        world
            .texts("select detail from audit where event = 'key.revoked'")
            .await,
        ["RS256"]
    );
}

/// A key that is published already begins earlier, since clients know it; after a leak it goes as well.
#[tokio::test]
async fn a_published_key_begins_soon_or_is_revoked_with_the_others() {
    let world = World::start().await;
    world
        .execute("update keys set active_at = active_at - 7689600000")
        .await; // 89 days
    let keys = after(&world, Duration::ZERO).await;
    assert_eq!((keys.len(), &signer(&world).await), (2, &keys[0]));
    rotate_now(&world, None, OldKeys::Keep).await;
    assert_eq!(after(&world, MOMENT).await, keys);
    assert_eq!(signer(&world).await, keys[1]);
    world
        .execute("update keys set active_at = active_at - 7689600000 where number = 2")
        .await;
    let three = after(&world, Duration::ZERO).await;
    assert_eq!(three.len(), 3);
    rotate_now(&world, None, OldKeys::Revoke).await;
    let keys = after(&world, MOMENT).await;
    assert!(keys.len() == 1 && !three.contains(&keys[0]), "{keys:?}");
}

#[tokio::test]
async fn an_algorithm_that_no_client_uses_is_not_rotated() {
    let world = World::start().await;
    assert!(!rotate_now(&world, Some("ES256"), OldKeys::Keep).await);
    assert_eq!(world.count("keys").await, 1);
}
