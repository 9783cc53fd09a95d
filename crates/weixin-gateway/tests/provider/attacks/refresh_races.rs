//! Refresh tokens that are used twice: by a client whose response was lost, or by a thief (RFC 9700 §2.2.2, §4.14).

use std::time::Duration;

use axum::http::StatusCode;
use futures_util::future::join_all;
use serde_json::json;

use crate::world::{Browser, Page, RelyingParty, World};

const REUSED: &str = "the refresh token was used before: its grant is revoked";
const ENDED: &str = "the refresh token is unknown, was revoked, or its session has ended";

fn assert_invalid(page: &Page, description: &str) {
    let expected = json!({ "error": "invalid_grant", "error_description": description });
    assert_eq!(
        (page.status, page.json()),
        (StatusCode::BAD_REQUEST, expected)
    );
}

async fn is_dead(client: RelyingParty<'_>, access_token: &str) -> bool {
    let page = client.userinfo(access_token).await;
    page.status == StatusCode::UNAUTHORIZED
}

/// RFC 9700 §4.14: a hundred at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_token_that_is_sent_a_hundred_times_at_once_has_one_successor() {
    let world = World::start().await;
    let app = world.app();
    let first = app.log_in_offline(&mut Browser::default()).await;
    let mut token = first.refresh_token().to_owned();
    for _ in 0..3 {
        let hundred = (0..100).map(|_| app.refresh(&token, &[]));
        let mut successors: Vec<_> = join_all(hundred)
            .await
            .iter()
            .map(|page| {
                assert_eq!(page.status, StatusCode::OK, "{}", page.body);
                page.json()["refresh_token"].as_str().unwrap().to_owned()
            })
            .collect();
        successors.dedup();
        let [successor] = &successors[..] else {
            panic!("{successors:?}");
        };
        assert_ne!(*successor, token);
        token.clone_from(successor);
    }
    assert_eq!(world.token_events().await, [""; 0]);
}

/// RFC 9700 §4.14.2: the second to come, thief or owner, ends it for both.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_token_that_is_used_again_after_the_grace_period_ends_its_grant() {
    let world = World::start().await;
    let app = world.app();
    let stolen = app.log_in_offline(&mut Browser::default()).await;
    let untouched = app.log_in_offline(&mut Browser::default()).await;
    let next = app.refreshed(stolen.refresh_token()).await;
    world.clock.advance(Duration::from_mins(1));
    let hundred = (0..100).map(|_| app.refresh(stolen.refresh_token(), &[]));
    let pages = join_all(hundred).await;
    let reused = pages.iter().filter(|page| page.body.contains(REUSED));
    assert_eq!(reused.count(), 1);
    for page in pages.iter().filter(|page| !page.body.contains(REUSED)) {
        assert_invalid(page, ENDED);
    }
    assert_invalid(&app.refresh(next.refresh_token(), &[]).await, ENDED);
    assert!(is_dead(app, &next.access_token).await);
    assert!(is_dead(app, &stolen.access_token).await);
    assert_eq!(world.token_events().await, ["token.reused app"]);
    app.refreshed(untouched.refresh_token()).await;
}

/// Two steps back is reuse at once: within the grace period, a client has lost one response and not two.
#[tokio::test]
async fn the_token_before_the_last_one_has_no_grace_period() {
    let world = World::start().await;
    let app = world.app();
    let first = app.log_in_offline(&mut Browser::default()).await;
    let second = app.refreshed(first.refresh_token()).await;
    let third = app.refreshed(second.refresh_token()).await;
    assert_invalid(&app.refresh(first.refresh_token(), &[]).await, REUSED);
    assert_invalid(&app.refresh(third.refresh_token(), &[]).await, ENDED);
}

/// RFC 9700 §2.2.2: that of a confidential client is of no use without its secret, which is why it need not be rotated.
#[tokio::test]
async fn a_token_is_bound_to_its_client_and_a_failed_use_takes_nothing() {
    let world = World::start().await;
    let (web, app) = (world.web(), world.app());
    let of_web = web.log_in_offline(&mut Browser::default()).await;
    let of_app = app.log_in_offline(&mut Browser::default()).await;
    let wrong = web.with_secret("wrongwrongwrongwrongwrongwrongwrong");
    for client in [wrong, web.without_secret()] {
        let page = client.refresh(of_web.refresh_token(), &[]).await;
        assert_eq!(
            (page.status, &page.json()["error"]),
            (StatusCode::UNAUTHORIZED, &json!("invalid_client"))
        );
    }
    for (thief, tokens) in [(app, &of_web), (web, &of_app), (world.other(), &of_web)] {
        let page = thief.refresh(tokens.refresh_token(), &[]).await;
        assert_invalid(&page, "the refresh token was issued to another client");
    }
    // Nor does a scope that was not granted use it up.
    let page = app
        .refresh(of_app.refresh_token(), &[("scope", "email")])
        .await;
    assert_eq!(page.json()["error"], "invalid_scope");
    web.refreshed(of_web.refresh_token()).await;
    app.refreshed(of_app.refresh_token()).await;
    assert_eq!(world.token_events().await, [""; 0]);
}

/// The thief has a token of before the backup. The owner's is newer than the restored row: it wins, and the thief's is
/// reuse.
#[tokio::test]
async fn a_token_stolen_before_a_backup_is_reuse_after_the_restore() {
    let mut world = World::start().await;
    let tokens = world.app().log_in_offline(&mut Browser::default()).await;
    let stolen = tokens.refresh_token().to_owned();
    world.backup().await;
    let mut owners = stolen.clone();
    for _ in 0..3 {
        world.clock.advance(Duration::from_mins(5));
        let next = world.app().refreshed(&owners).await;
        next.refresh_token().clone_into(&mut owners);
    }
    world.restore().await;
    let next = world.app().refreshed(&owners).await;
    assert_eq!(next.sub(), tokens.sub());
    assert_eq!(world.token_events().await, ["token.newer_than_row app"]);
    assert_invalid(&world.app().refresh(&stolen, &[]).await, REUSED);
    let page = world.app().refresh(next.refresh_token(), &[]).await;
    assert_invalid(&page, ENDED);
    let expected = ["token.newer_than_row app", "token.reused app"];
    assert_eq!(world.token_events().await, expected);
}

/// The thief is faster than the owner: then the owner's use tells.
#[tokio::test]
async fn a_thief_who_is_first_after_the_restore_is_noticed_when_the_owner_comes() {
    let mut world = World::start().await;
    let tokens = world.app().log_in_offline(&mut Browser::default()).await;
    let stolen = tokens.refresh_token().to_owned();
    world.backup().await;
    let mut owners = stolen.clone();
    for _ in 0..3 {
        world.clock.advance(Duration::from_mins(5));
        let next = world.app().refreshed(&owners).await;
        next.refresh_token().clone_into(&mut owners);
    }
    world.restore().await;
    let thiefs = world.app().refreshed(&stolen).await;
    let next = world.app().refreshed(&owners).await;
    assert_eq!(world.token_events().await, ["token.newer_than_row app"]);
    let page = world.app().refresh(thiefs.refresh_token(), &[]).await;
    assert_invalid(&page, REUSED);
    assert!(is_dead(world.app(), &thiefs.access_token).await);
    assert!(is_dead(world.app(), &next.access_token).await);
}
