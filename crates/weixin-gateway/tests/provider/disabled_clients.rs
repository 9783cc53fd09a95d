//! A client of the store that the operator disables, enables and changes while the gateway runs.

use std::time::Duration;

use axum::http::StatusCode;
use serde_json::{Map, Value, json};
use weixin_gateway::ClientError;

use crate::world::{Browser, Log, Options, RelyingParty, World, devices::ENGLISH};

const CALLBACK: &str = "https://stored.example/callback";

async fn add(world: &World) -> &'static str {
    let (admin, config) = world.admin().await;
    let settings = json!({
        "id": "stored",
        "redirect_uris": [CALLBACK],
        "scopes": ["openid", "offline_access"],
    });
    let Value::Object(settings) = settings else {
        panic!("an object")
    };
    let secret = admin.add_client(&config, settings).await.unwrap();
    admin.close().await;
    world.gateway.refresh().await.unwrap();
    secret.unwrap().leak()
}

async fn set_disabled(world: &World, id: &str, is_disabled: bool) -> Result<(), ClientError> {
    let (admin, config) = world.admin().await;
    let changed = admin.set_client_disabled(&config, id, is_disabled).await;
    admin.close().await;
    // What another process changes, the gateway sees within a second and with the next refresh.
    world.clock.advance(Duration::from_secs(1));
    world.gateway.refresh().await.unwrap();
    changed
}

async fn update(world: &World, settings: Value) -> Result<(), ClientError> {
    let (admin, config) = world.admin().await;
    let settings: Map<String, Value> = settings.as_object().unwrap().clone();
    let changed = admin.update_client(&config, "stored", &settings).await;
    admin.close().await;
    world.gateway.refresh().await.unwrap();
    changed
}

fn stored<'a>(world: &'a World, secret: &'static str) -> RelyingParty<'a> {
    RelyingParty::confidential(world, "stored", CALLBACK).with_secret(secret)
}

async fn client_events(world: &World) -> Vec<String> {
    let sql =
        "select event || ' ' || client from audit where event like 'client.%' order by at, event";
    world.texts(sql).await
}

/// What each endpoint responds to a client and its tokens.
async fn responses(
    world: &World,
    secret: &'static str,
    tokens: &crate::world::Tokens,
) -> [String; 5] {
    let client = stored(world, secret);
    let page = Browser::default()
        .open(world, &client.authorize_url(&[]))
        .await;
    let authorize = page.status.as_u16().to_string();
    let code = client.redeem("wxc_x", &[]).await.json()["error"].clone();
    let refresh = client.refresh(tokens.refresh_token(), &[]).await;
    let refresh = refresh.json()["error"].clone();
    let userinfo = client.userinfo(&tokens.access_token).await.status;
    let api = RelyingParty::confidential(world, "api", CALLBACK);
    let introspected = api.introspect(&tokens.access_token).await;
    let active = introspected.json()["active"].clone();
    [
        authorize,
        code.to_string(),
        refresh.to_string(),
        userinfo.as_u16().to_string(),
        active.to_string(),
    ]
}

#[tokio::test]
async fn a_disabled_client_is_rejected_everywhere_and_comes_back() {
    let api = format!(
        "[[client]]\nid = \"api\"\nsecret = \"{}\"\nredirect_uris = [\"{CALLBACK}\"]\nintrospects = [\"stored\"]",
        crate::world::SECRET
    );
    let world = World::with(Options {
        more: api,
        ..Options::default()
    })
    .await;
    let secret = add(&world).await;
    let tokens = stored(&world, secret)
        .log_in_offline(&mut Browser::default())
        .await;
    let served = ["303", "\"invalid_grant\"", "null", "200", "true"];
    let rejected = [
        "400",
        "\"invalid_client\"",
        "\"invalid_client\"",
        "401",
        "false",
    ];
    assert_eq!(responses(&world, secret, &tokens).await, served);
    set_disabled(&world, "stored", true).await.unwrap();
    assert_eq!(responses(&world, secret, &tokens).await, rejected);
    set_disabled(&world, "stored", false).await.unwrap();
    assert_eq!(responses(&world, secret, &tokens).await, served);
    assert_eq!(
        client_events(&world).await,
        [
            "client.added stored",
            "client.disabled stored",
            "client.enabled stored"
        ]
    );
}

#[tokio::test]
async fn a_disabled_client_is_named_on_the_page_and_in_the_log() {
    let world = World::start().await;
    let secret = add(&world).await;
    let url = stored(&world, secret).authorize_url(&[]);
    set_disabled(&world, "stored", true).await.unwrap();
    let (log, _guard) = Log::begin();
    let error = "unauthorized_client: the operator has disabled the client stored";
    for (language, title) in [
        (ENGLISH, "Login is turned off for this app or website"),
        (("accept-language", "zh-CN"), "该应用或网站已停用登录"),
    ] {
        let page = Browser::with(&[language]).open(&world, &url).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST);
        for text in [title, error] {
            assert!(page.body.contains(text), "{text} {}", page.body);
        }
    }
    assert_eq!(log.lines(error).len(), 2);
    // One that was never there is unknown.
    let page = world.get("/authorize?client_id=strange").await;
    assert!(page.body.contains("the client is unknown"), "{}", page.body);
}

/// A request that waits belongs to a client that is not served.
#[tokio::test]
async fn a_login_in_progress_ends_with_its_client() {
    let world = World::start().await;
    let secret = add(&world).await;
    let mut browser = Browser::default();
    let callback = stored(&world, secret)
        .wechat_callback(&mut browser, &[])
        .await;
    set_disabled(&world, "stored", true).await.unwrap();
    let (log, _guard) = Log::begin();
    let page = browser.open(&world, &callback).await;
    let page = browser.open(&world, page.location()).await;
    assert_eq!(page.status, StatusCode::GONE);
    let [.., line] = &log.lines("the client of a login is disabled or was removed")[..] else {
        panic!("no line")
    };
    assert!(line.contains("\"client\":\"stored\""), "{line}");
    assert_eq!(world.count("users").await, 0);
}

#[tokio::test]
async fn only_a_client_of_the_store_is_disabled() {
    let world = World::start().await;
    let error = set_disabled(&world, "web", true).await.unwrap_err();
    assert!(matches!(error, ClientError::InFile));
    for unknown in ["unknown", "not an ID"] {
        let error = set_disabled(&world, unknown, true).await.unwrap_err();
        assert!(matches!(error, ClientError::Unknown));
    }
    assert_eq!(client_events(&world).await, [""; 0]);
}

#[tokio::test]
async fn the_redirect_uri_of_a_client_is_changed_while_the_gateway_runs() {
    const OTHER: &str = "https://stored.example/other";
    let world = World::start().await;
    let secret = add(&world).await;
    update(&world, json!({ "redirect_uris": [OTHER], "name": "Wiki" }))
        .await
        .unwrap();
    for (uri, status) in [
        (CALLBACK, StatusCode::BAD_REQUEST),
        (OTHER, StatusCode::SEE_OTHER),
    ] {
        let url = stored(&world, secret).authorize_url(&[("redirect_uri", uri)]);
        assert_eq!(world.get(&url).await.status, status, "{uri}");
    }
    let client = RelyingParty::confidential(&world, "stored", OTHER).with_secret(secret);
    client.log_in(&mut Browser::default(), &[]).await;
    update(&world, json!({ "name": null })).await.unwrap();
    for (settings, expected) in [
        (
            json!({ "id": "other" }),
            "client.id: it cannot be changed: add another client",
        ),
        (
            json!({ "issuer": "https://localhost/two" }),
            "client.issuer: it cannot be changed: add another client",
        ),
        (
            json!({ "redirect_uris": ["http://stored.example/"] }),
            "client stored, redirect_uris: not a valid redirect URI: expected https, or http on localhost, 127.0.0.1 or [::1], or on any host with allow_http = true",
        ),
        (
            json!({ "public": true }),
            "client stored, secret: a public client has no secret",
        ),
        (
            json!({ "secret": "hunter2" }),
            "client stored, secret: not for stored clients, whose secrets are made for them",
        ),
        (
            json!({ "redirect_uris": null }),
            "client.redirect_uris: the key is missing",
        ),
    ] {
        let error = update(&world, settings).await.unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
    let [body] = &world.texts("select body from clients").await[..] else {
        panic!("one client")
    };
    assert!(!body.contains("Wiki") && body.contains(OTHER), "{body}");
    assert_eq!(
        client_events(&world).await,
        [
            "client.added stored",
            "client.changed stored",
            "client.changed stored"
        ]
    );
}
