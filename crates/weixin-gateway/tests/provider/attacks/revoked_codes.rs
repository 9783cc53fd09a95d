//! Codes that were stolen before the operator revoked or removed their client (RFC 6749 §10.5). A code is no row that could be
//! revoked.

use std::time::Duration;

use axum::http::StatusCode;
use serde_json::{Map, Value, json};
use weixin_gateway::{Admin, RevokeTarget};

use crate::world::{Browser, CALLBACK, Page, RelyingParty, World};

fn assert_revoked(page: &Page) {
    assert_eq!(page.status, StatusCode::BAD_REQUEST, "{}", page.body);
    let expected = json!({
        "error": "invalid_grant",
        "error_description": "the session of the code has ended, or the code was revoked",
    });
    assert_eq!(page.json(), expected);
}

/// The operator's commands go by the clock of the machine. The gateway's is moved past it, however long the test takes.
async fn code(client: RelyingParty<'_>, browser: &mut Browser) -> String {
    client.world.clock.advance(Duration::from_hours(1));
    client.code(browser, &[]).await
}

#[tokio::test]
async fn no_code_outlives_the_revocation_of_its_client() {
    let world = World::start().await;
    let (web, other) = (world.web(), world.other());
    let mut browser = Browser::default();
    let stolen = web.code(&mut browser, &[]).await;
    let others = other.code(&mut browser, &[]).await;
    let (admin, _) = world.admin().await;
    let target = RevokeTarget::Client("web".to_owned());
    // Twice, as by an operator who is in doubt.
    for _ in 0..2 {
        admin.revoke(target.clone()).await.unwrap();
        assert_revoked(&web.redeem(&stolen, &[]).await);
    }
    other.tokens(&others).await;
    // The users go on: the session has not ended.
    let new = code(web, &mut browser).await;
    web.tokens(&new).await;
}

async fn add(admin: &Admin, world: &World) {
    let Value::Object(settings) = json!({
        "id": "wiki",
        "public": true,
        "redirect_uris": [CALLBACK],
    }) else {
        unreachable!()
    };
    let (_, config) = world.admin().await;
    let settings: Map<_, _> = settings;
    admin.add_client(&config, settings).await.unwrap();
    world.gateway.refresh().await.unwrap();
}

/// Another client gets the ID within the minute of a code: by then it may belong to another product.
#[tokio::test]
async fn no_code_outlives_the_removal_of_its_client() {
    let world = World::start().await;
    let (admin, config) = world.admin().await;
    add(&admin, &world).await;
    let wiki = RelyingParty::public(&world, "wiki", CALLBACK);
    let mut browser = Browser::default();
    let stolen = wiki.code(&mut browser, &[]).await;
    let second = wiki.code(&mut browser, &[]).await;
    admin.remove_client(&config, "wiki").await.unwrap();
    // Before the gateway has noticed, which takes five seconds at most.
    assert_revoked(&wiki.redeem(&stolen, &[]).await);
    world.clock.advance(Duration::from_secs(5));
    let late = wiki.code(&mut browser, &[]).await;
    assert_revoked(&wiki.redeem(&late, &[]).await);
    assert_eq!(world.count("grants").await, 0);
    world.gateway.refresh().await.unwrap();
    let page = wiki.redeem(&stolen, &[]).await;
    assert_eq!(page.status, StatusCode::UNAUTHORIZED, "{}", page.body);
    add(&admin, &world).await;
    for code in [&stolen, &second, &late] {
        assert_revoked(&wiki.redeem(code, &[]).await);
    }
    let new = code(wiki, &mut browser).await;
    wiki.tokens(&new).await;
}
