//! Clients that a command has added while the gateway runs.

use std::time::Duration;

use axum::http::StatusCode;
use serde_json::{Map, Value, json};
use weixin_gateway::ClientError;

use crate::world::{Browser, Options, RelyingParty, World, id_token::header};

const CALLBACK: &str = "https://stored.example/callback";

/// The members of a table `[[client]]`.
fn settings(more: Value) -> Map<String, Value> {
    let mut settings = json!({ "id": "stored", "redirect_uris": [CALLBACK] });
    let (Value::Object(settings), Value::Object(more)) = (&mut settings, more) else {
        panic!("objects")
    };
    settings.extend(more);
    settings.clone()
}

async fn add(world: &World, more: Value) -> Result<&'static str, ClientError> {
    let (admin, config) = world.admin().await;
    let secret = admin.add_client(&config, settings(more)).await;
    admin.close().await;
    world.gateway.refresh().await.unwrap();
    secret.map(|secret| &*secret.unwrap_or_default().leak())
}

async fn new_secret(world: &World) -> Result<&'static str, ClientError> {
    let (admin, config) = world.admin().await;
    let secret = admin.add_client_secret(&config, "stored").await;
    admin.close().await;
    world.gateway.refresh().await.unwrap();
    secret.map(|secret| &*secret.leak())
}

async fn remove_old_secret(world: &World) -> Result<(), ClientError> {
    let (admin, config) = world.admin().await;
    let removed = admin.remove_old_client_secret(&config, "stored").await;
    admin.close().await;
    world.gateway.refresh().await.unwrap();
    removed
}

async fn remove(world: &World, id: &str) -> Result<(), ClientError> {
    let (admin, config) = world.admin().await;
    let removed = admin.remove_client(&config, id).await;
    admin.close().await;
    // What another process revokes, the gateway sees within a second.
    world.clock.advance(Duration::from_secs(1));
    world.gateway.refresh().await.unwrap();
    removed
}

/// Why the stored client is not served.
async fn problem(world: &World) -> Option<String> {
    let (admin, config) = world.admin().await;
    let clients = admin.clients(&config).await.unwrap();
    admin.close().await;
    clients[0].problem.as_ref().map(ToString::to_string)
}

fn stored<'a>(world: &'a World, secret: &'static str) -> RelyingParty<'a> {
    RelyingParty::confidential(world, "stored", CALLBACK).with_secret(secret)
}

async fn is_accepted(world: &World, secret: &'static str) -> bool {
    let page = stored(world, secret).redeem("wxc_x", &[]).await;
    page.json()["error"] == "invalid_grant"
}

/// It is served as one of the file is: with its own scopes, claims and algorithm, whose key is made.
#[tokio::test]
async fn a_client_is_added_while_the_gateway_runs() {
    let world = World::start().await;
    let secret = add(
        &world,
        json!({
            "scopes": ["openid", "profile", "email"],
            "id_token_alg": "EdDSA",
            "claims": { "email": "{sub}@wechat.invalid", "groups": ["wechat"] },
        }),
    )
    .await
    .unwrap();
    let scope = [("scope", "openid email wechat")];
    let tokens = stored(&world, secret)
        .log_in(&mut Browser::default(), &scope)
        .await;
    assert_eq!(tokens.response["scope"], "openid email");
    assert_eq!(tokens.claims["groups"], json!(["wechat"]));
    assert_eq!(header(&tokens.id_token).alg, jsonwebtoken::Algorithm::EdDSA);
    let events = "select event || ' ' || client from audit where event like 'client.%'";
    assert_eq!(world.texts(events).await, ["client.added stored"]);
    let [body] = &world.texts("select body from clients").await[..] else {
        panic!("one client")
    };
    assert!(!body.contains(secret), "{body}");
}

#[tokio::test]
async fn a_public_client_has_no_secret() {
    let world = World::start().await;
    let secret = add(&world, json!({ "public": true })).await.unwrap();
    assert_eq!(secret, "");
    let client = RelyingParty::public(&world, "stored", CALLBACK);
    client.log_in(&mut Browser::default(), &[]).await;
    let error = new_secret(&world).await.unwrap_err();
    assert!(matches!(error, ClientError::Public));
}

/// Two are accepted while one replaces the other.
#[tokio::test]
async fn a_secret_is_replaced_without_a_gap() {
    let world = World::start().await;
    let first = add(&world, json!({})).await.unwrap();
    let error = remove_old_secret(&world).await.unwrap_err();
    assert!(matches!(error, ClientError::OneSecret));
    let second = new_secret(&world).await.unwrap();
    assert!(is_accepted(&world, first).await && is_accepted(&world, second).await);
    let error = new_secret(&world).await.unwrap_err();
    assert!(matches!(error, ClientError::TwoSecrets));
    remove_old_secret(&world).await.unwrap();
    assert!(!is_accepted(&world, first).await && is_accepted(&world, second).await);
}

/// Its tokens are invalid at once, and stay so for another client with its ID.
#[tokio::test]
async fn a_client_that_was_removed_loses_its_tokens() {
    let world = World::start().await;
    let secret = add(&world, json!({})).await.unwrap();
    let tokens = stored(&world, secret)
        .log_in(&mut Browser::default(), &[])
        .await;
    let status = async |world: &World| {
        let page = stored(world, secret).userinfo(&tokens.access_token).await;
        page.status
    };
    assert_eq!(status(&world).await, StatusCode::OK);
    world
        .execute("insert into consents select id, 'stored', 'openid', 1 from users")
        .await;
    remove(&world, "stored").await.unwrap();
    assert_eq!(world.count("consents").await, 0);
    assert_eq!(status(&world).await, StatusCode::UNAUTHORIZED);
    add(&world, json!({})).await.unwrap();
    assert_eq!(status(&world).await, StatusCode::UNAUTHORIZED);
    assert!(!is_accepted(&world, secret).await);
    let error = remove(&world, "web").await.unwrap_err();
    assert!(matches!(error, ClientError::InFile));
    for unknown in ["unknown", "not an ID"] {
        let error = remove(&world, unknown).await.unwrap_err();
        assert!(matches!(error, ClientError::Unknown));
    }
}

#[tokio::test]
async fn a_disabled_client_has_no_valid_tokens() {
    let world = World::start().await;
    let secret = add(&world, json!({})).await.unwrap();
    let tokens = stored(&world, secret)
        .log_in(&mut Browser::default(), &[])
        .await;
    for (sql, status) in [
        (
            "update clients set disabled_at = 1",
            StatusCode::UNAUTHORIZED,
        ),
        ("update clients set disabled_at = null", StatusCode::OK),
    ] {
        world.execute(sql).await;
        world.gateway.refresh().await.unwrap();
        let page = stored(&world, secret).userinfo(&tokens.access_token).await;
        assert_eq!(page.status, status);
    }
}

/// The rules are those of the file, and an error names the member.
#[tokio::test]
async fn an_invalid_client_is_not_added() {
    let world = World::start().await;
    for (more, expected) in [
        (
            json!({ "redirect_uris": ["http://stored.example/"] }),
            "client stored, redirect_uris: not a valid redirect URI: expected https, or http on localhost, 127.0.0.1 or [::1], or on any host with allow_http = true",
        ),
        (
            json!({ "secret": "hunter2" }),
            "client stored, secret: not for stored clients, whose secrets are made for them",
        ),
        (
            json!({ "secret_file": "gateway.key" }),
            "client stored, secret: not for stored clients, whose secrets are made for them",
        ),
        (
            json!({ "allow_private": true, "backchannel_logout_uri": "http://10.0.0.1/" }),
            "client stored, allow_private: only for clients of the configuration file",
        ),
        (
            json!({ "issuer": "https://other.example" }),
            "client stored, issuer: there is no such [[issuer]]. Known: https://localhost",
        ),
        (
            json!({ "name": "" }),
            "client stored, name: expected visible text, without blank, control, format, private-use and unassigned characters",
        ),
        (
            json!({ "name": "bank\u{202e}elpmaxe" }),
            "client stored, name: expected visible text, without blank, control, format, private-use and unassigned characters",
        ),
        (
            json!({ "id": "a b" }),
            "client.id: not a valid client ID: expected 1 to 128 characters from [A-Za-z0-9._-]",
        ),
    ] {
        let error = add(&world, more).await.unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
    let error = add(&world, json!({ "secrets": [] })).await.unwrap_err();
    assert!(
        error.to_string().starts_with("client.secrets: unknown key"),
        "{error}"
    );
    assert_eq!(world.count("clients").await, 0);
}

/// One row that a program of a later version has written, or a hand, does not keep the others from being served.
#[tokio::test]
async fn a_row_that_cannot_be_read_hides_no_other() {
    let world = World::start().await;
    let secret = add(&world, json!({})).await.unwrap();
    world
        .execute(
            "insert into clients values
            ('a', 'i', 'admin', 'no JSON', 1, null), ('b', 'i', 'admin', '{\"secrets\": []}', 1, null),
            ('c', 'i', 'admin', '{\"id\": \"c\", \"redirect_uris\": [\"https://c.example\"], \"public\": true,
            \"later\": 1, \"secrets\": []}', 1, null)",
        )
        .await;
    world.gateway.refresh().await.unwrap();
    assert!(is_accepted(&world, secret).await);
    assert_eq!(
        problem(&world).await.as_deref(),
        Some("its row is not as it was written")
    );
}

/// An ID belongs to one client of the deployment, at whichever issuer.
#[tokio::test]
async fn a_stored_client_is_one_of_its_issuer_alone() {
    let more = "[[issuer]]\nurl = \"https://localhost/two\"\napps = [\"website\"]".to_owned();
    let world = World::with(Options {
        more,
        ..Options::default()
    })
    .await;
    let error = add(&world, json!({})).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "client stored, issuer: expected one of: https://localhost, https://localhost/two"
    );
    let two = json!({ "issuer": "https://localhost/two" });
    let secret = add(&world, two).await.unwrap();
    let client = stored(&world, secret);
    let page = world.get(&client.authorize_url(&[])).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    let page = client.redeem("wxc_x", &[]).await;
    assert_eq!(page.json()["error"], "invalid_client");
    let client = client.at("/two");
    client.log_in(&mut Browser::default(), &[]).await;
    let error = add(&world, json!({ "issuer": "https://localhost" })).await;
    assert!(matches!(error.unwrap_err(), ClientError::Exists));
}

/// A client of the file hides a stored one with its ID: neither its redirect URI nor its secret counts, and its removal
/// changes nothing. So an attacker who can add clients takes over none of the file.
#[tokio::test]
async fn a_stored_client_does_not_shadow_one_of_the_file() {
    let mut world = World::start().await;
    let evil = json!({ "id": "web", "redirect_uris": ["https://evil.example/"] });
    let error = add(&world, evil).await.unwrap_err();
    assert!(matches!(error, ClientError::InFile));
    let secret = add(&world, json!({})).await.unwrap();
    let in_file = format!(
        "[[client]]\nid = \"stored\"\nsecret = \"{}\"\nredirect_uris = [\"https://file.example/\"]",
        crate::world::SECRET
    );
    let options = Options {
        more: in_file,
        ..Options::default()
    };
    world.reload(options).await.unwrap();
    assert!(!is_accepted(&world, secret).await);
    assert!(is_accepted(&world, crate::world::SECRET).await);
    for (uri, status) in [
        (CALLBACK, StatusCode::BAD_REQUEST),
        ("https://file.example/", StatusCode::SEE_OTHER),
    ] {
        let url = stored(&world, secret).authorize_url(&[("redirect_uri", uri)]);
        assert_eq!(world.get(&url).await.status, status);
    }
    assert_eq!(
        problem(&world).await.as_deref(),
        Some("a client of the configuration file has its ID")
    );
    remove(&world, "stored").await.unwrap();
    assert!(is_accepted(&world, crate::world::SECRET).await);
}

/// A row that was changed to carry the ID of another client is not served as either.
#[tokio::test]
async fn a_row_with_the_id_of_another_client_is_not_served() {
    let world = World::start().await;
    add(&world, json!({ "id": "web2" })).await.unwrap();
    world.execute("update clients set id = 'other2'").await;
    world.gateway.refresh().await.unwrap();
    for id in ["web2", "other2"] {
        let client = RelyingParty::confidential(&world, id, CALLBACK);
        let page = world.get(&client.authorize_url(&[])).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{id}");
    }
}

/// The database is full, or its connection ends.
#[tokio::test]
async fn a_change_that_cannot_be_recorded_is_not_made() {
    const ROWS: &str = "select id || ' ' || body || ' ' || (disabled_at is null) from clients";
    let world = World::start().await;
    add(&world, json!({})).await.unwrap();
    let rows = world.texts(ROWS).await;
    let (admin, config) = world.admin().await;
    world.execute("alter table audit rename to full").await;
    let second = json!({ "id": "second", "redirect_uris": [CALLBACK] });
    let added = admin.add_client(&config, second.as_object().unwrap().clone());
    assert!(matches!(added.await, Err(ClientError::Failed(_))));
    let settings = json!({ "name": "Other" }).as_object().unwrap().clone();
    let changed = admin.update_client(&config, "stored", &settings).await;
    changed.unwrap_err();
    let disabled = admin.set_client_disabled(&config, "stored", true).await;
    disabled.unwrap_err();
    assert_eq!(world.texts(ROWS).await, rows);
    admin.remove_client(&config, "stored").await.unwrap_err();
    assert_eq!(world.texts("select id from clients").await, ["stored"]);
    admin.close().await;
}
