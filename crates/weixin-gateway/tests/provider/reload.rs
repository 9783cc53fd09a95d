//! Another configuration is taken over while the gateway runs.

use std::{fs, time::Duration};

use axum::http::StatusCode;
use serde_json::{Value, json};
use weixin_gateway::Reloaded;

use crate::world::{
    Browser, CALLBACK, Log, MASTER_KEY, Options, RelyingParty, SECRET, World, browser::param,
};

const OTHER_KEY: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

const NEW_CLIENT: &str = r#"
[[client]]
id = "new"
secret = "0123456789abcdefghijABCDEFGHIJ_-"
redirect_uris = ["https://new.example/callback"]
id_token_alg = "ES256"
"#;

fn new_client(world: &World) -> RelyingParty<'_> {
    RelyingParty::confidential(world, "new", "https://new.example/callback")
}

fn with(more: &str) -> Options {
    let more = more.to_owned();
    Options {
        more,
        ..Options::default()
    }
}

fn edited(edit: fn(String) -> String) -> Options {
    Options {
        edit: Some(edit),
        ..Options::default()
    }
}

/// How the gateway responds to the client's authorization request.
async fn authorize(client: &RelyingParty<'_>, world: &World) -> StatusCode {
    world.get(&client.authorize_url(&[])).await.status
}

#[tokio::test]
async fn a_new_client_is_served_with_a_key_of_its_algorithm() {
    let mut world = World::start().await;
    assert_eq!(
        authorize(&new_client(&world), &world).await,
        StatusCode::BAD_REQUEST
    );
    let reloaded = world.reload(with(NEW_CLIENT)).await.unwrap();
    assert_eq!(reloaded, Reloaded::default());
    // `World` verifies its ID token by the JWKS.
    new_client(&world)
        .log_in(&mut Browser::default(), &[])
        .await;
    let metadata = world.get("/.well-known/openid-configuration").await.json();
    let algorithms = &metadata["id_token_signing_alg_values_supported"];
    assert_eq!(algorithms, &serde_json::json!(["RS256", "ES256"]));
}

#[tokio::test]
async fn a_client_that_was_removed_loses_its_tokens_at_once() {
    let mut world = World::with(with(NEW_CLIENT)).await;
    let tokens = new_client(&world)
        .log_in(&mut Browser::default(), &[])
        .await;
    let status = async |world: &World| {
        let page = new_client(world).userinfo(&tokens.access_token).await;
        page.status
    };
    assert_eq!(status(&world).await, StatusCode::OK);
    world.reload(Options::default()).await.unwrap();
    assert_eq!(status(&world).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn lifetimes_limits_and_issuers_are_taken_over() {
    let mut world = World::start().await;
    let mut other = with("[lifetimes]\naccess_token = \"7m\"\n[limits]\nlogins_per_minute = 1");
    other.path = "/tenant";
    world.reload(other).await.unwrap();
    let configuration = "/.well-known/openid-configuration";
    let old = world.get(configuration).await;
    let new = world.get(&format!("/tenant{configuration}")).await;
    assert_eq!(old.status, StatusCode::NOT_FOUND);
    assert_eq!(new.json()["issuer"], "https://localhost/tenant");
    let tokens = world.web().log_in(&mut Browser::default(), &[]).await;
    assert_eq!(tokens.response["expires_in"], 420);
}

/// An app whose secret is another one: codes that WeChat gives are exchanged with it.
#[tokio::test]
async fn the_secret_of_an_app_is_taken_over() {
    let mut world = World::with(edited(|text| text.replace("ssss", "xxxx"))).await;
    let mut browser = Browser::default();
    let url = world.web().authorize_url(&[]);
    let page = browser.through_wechat(&world, &url).await;
    let error = param(page.location(), "login_error");
    assert_eq!(error, "configuration");
    world.reload(Options::default()).await.unwrap();
    world.web().log_in(&mut Browser::default(), &[]).await;
}

/// A login that waits for WeChat ends after the reload, and its callback may be loaded twice, as browsers do.
#[tokio::test]
async fn a_login_goes_on() {
    let mut world = World::start().await;
    let mut browser = Browser::default();
    let first = world.web().wechat_callback(&mut browser, &[]).await;
    let mut copy = browser.clone();
    browser.open(&world, &first).await;
    world.reload(with(NEW_CLIENT)).await.unwrap();
    let page = copy.open(&world, &first).await;
    world.web().tokens(&param(page.location(), "code")).await;
}

#[tokio::test]
async fn the_address_and_the_store_need_a_restart() {
    let mut world = World::start().await;
    let edit: fn(String) -> String = |text| {
        text.replace("[server]", "[server]\nlisten = \"127.0.0.1:1\"")
            .replace("gateway.db", "other.db")
    };
    for _ in 0..2 {
        let reloaded = world.reload(edited(edit)).await.unwrap();
        assert_eq!(reloaded.needs_restart, ["server.listen", "store.url"]);
    }
    assert!(!world.file("other.db").exists());
    world.web().log_in(&mut Browser::default(), &[]).await;
    let reloaded = world.reload(Options::default()).await.unwrap();
    assert_eq!(reloaded, Reloaded::default());
}

/// dex CVE-2024-23656: settings of TLS were lost when certificates were loaded again. Here, all that protects is what a
/// start with the same file gives.
#[tokio::test]
async fn no_setting_that_protects_is_lost() {
    let strict = r#"
[[client]]
id = "strict"
secret = "0123456789abcdefghijABCDEFGHIJ_-"
redirect_uris = ["https://rp.example/callback"]
scopes = ["openid"]
require_pkce = true
[limits]
waiting_requests = 4
logins_per_minute = 2
[lifetimes]
session_idle = "0"
"#;
    let mut reloaded = World::start().await;
    reloaded.reload(with(strict)).await.unwrap();
    reloaded.reload(with(strict)).await.unwrap();
    let started = World::with(with(strict)).await;
    for world in [&reloaded, &started] {
        let strict = RelyingParty::confidential(world, "strict", CALLBACK);
        let mut browser = Browser::default();
        let no_pkce = [("code_challenge", ""), ("code_challenge_method", "")];
        let url = strict.authorize_url(&no_pkce);
        let page = world.get(&url).await;
        assert_eq!(param(page.location(), "error"), "invalid_request");
        let wrong = strict.with_secret("0123456789abcdefghijABCDEFGHIJ__");
        assert_eq!(
            wrong.redeem("wxc_x", &[]).await.status,
            StatusCode::UNAUTHORIZED
        );
        let tokens = strict
            .log_in(&mut browser, &[("scope", "openid profile")])
            .await;
        assert_eq!(tokens.response["scope"], "openid");
        let page = world.get(&strict.authorize_url(&[])).await;
        assert_eq!(page.status, StatusCode::SEE_OTHER);
        let headers = |name| page.header(name).to_owned();
        assert_eq!(
            ["cache-control", "referrer-policy", "x-content-type-options"].map(headers),
            ["no-store", "no-referrer", "nosniff"]
        );
        // No single sign-on: this login is a new one as well.
        let page = browser.open(world, &strict.authorize_url(&[])).await;
        assert_eq!(param(page.location(), "code"), "");
    }
}

#[tokio::test]
async fn a_configuration_that_cannot_be_used_changes_nothing() {
    let mut world = World::start().await;
    let mut browser = Browser::default();
    let before = world.web().log_in(&mut browser, &[]).await;
    let error = world
        .reload(with("[[client]]\nid = \"x\""))
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "line 37, client.redirect_uris: the key is missing"
    );
    fs::write(world.file("gateway.key"), OTHER_KEY).unwrap();
    let error = world.reload(with(NEW_CLIENT)).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "a signing key cannot be decrypted: its master key is not in {}",
            world.file("gateway.key").display()
        )
    );
    assert_eq!(world.count("keys").await, 1);
    let page = world.web().userinfo(&before.access_token).await;
    assert_eq!(page.status, StatusCode::OK);
    world.web().log_in(&mut browser, &[]).await;
    assert_eq!(
        authorize(&new_client(&world), &world).await,
        StatusCode::BAD_REQUEST
    );
}

/// Waits until a check succeeds, while the clock goes on.
async fn eventually<T>(world: &World, check: impl AsyncFn() -> Option<T>) -> T {
    loop {
        world.clock.advance(Duration::from_secs(5));
        tokio::task::yield_now().await;
        if let Some(value) = check().await {
            return value;
        }
    }
}

/// The files are read every five seconds. A broken one changes nothing, and the next good one is taken over: also if
/// the file that was missing is one of secrets.
#[tokio::test]
async fn a_file_that_has_changed_is_taken_over() {
    let world = World::start().await;
    let (config, secret) = (world.file("gateway.toml"), world.file("new.secret"));
    fs::write(&config, world.config()).unwrap();
    let serves = async |status| {
        let served = authorize(&new_client(&world), &world).await;
        (served == status).then_some(())
    };
    let test = async {
        tokio::task::yield_now().await;
        let client = NEW_CLIENT.replace(
            &format!("secret = \"{SECRET}\""),
            "secret_file = \"new.secret\"",
        );
        fs::write(&config, world.config() + &client).unwrap();
        for _ in 0..10 {
            eventually(&world, async || serves(StatusCode::BAD_REQUEST).await).await;
        }
        fs::write(&secret, SECRET).unwrap();
        eventually(&world, async || serves(StatusCode::SEE_OTHER).await).await;
        let new = "ABCDEFGHIJ0123456789abcdefghij_-";
        fs::write(&secret, format!("{new}\n")).unwrap();
        eventually(&world, async || {
            let page = new_client(&world)
                .with_secret(new)
                .redeem("wxc_x", &[])
                .await;
            (page.json()["error"] == "invalid_grant").then_some(())
        })
        .await;
        fs::write(
            world.file("gateway.key"),
            format!("{OTHER_KEY}\n{MASTER_KEY}\n"),
        )
        .unwrap();
        let page = world.gateway.reload_file(&config).await.unwrap();
        assert_eq!(page, Reloaded::default());
        fs::write(&config, world.config()).unwrap();
        eventually(&world, async || serves(StatusCode::BAD_REQUEST).await).await;
        fs::remove_file(&config).unwrap();
        let error = world.gateway.reload_file(&config).await.unwrap_err();
        assert!(
            error
                .to_string()
                .ends_with("the file cannot be read: it does not exist")
        );
    };
    tokio::select! {
        () = world.gateway.watch(&config) => panic!("watch has ended"),
        () = test => {},
    }
}

/// What a look at the files has found is taken over if the next one finds the same. The part of a client's table that has
/// been written may lack what protects it, such as `require_pkce`.
#[tokio::test]
async fn a_file_that_is_still_being_written_is_not_taken_over() {
    let world = World::start().await;
    let config = world.file("gateway.toml");
    let half = world.config() + NEW_CLIENT;
    let (log, _guard) = Log::begin();
    // One look: what it takes over is served when the store has been read some times.
    let look = async || {
        world.clock.advance(Duration::from_secs(5));
        for _ in 0..20 {
            world.count("keys").await;
        }
        authorize(&new_client(&world), &world).await
    };
    let test = async {
        tokio::task::yield_now().await;
        for text in [half.clone(), format!("{half}require_pkce = true\n")] {
            fs::write(&config, text).unwrap();
            assert_eq!(look().await, StatusCode::BAD_REQUEST);
        }
        eventually(&world, async || {
            (look().await == StatusCode::SEE_OTHER).then_some(())
        })
        .await;
        let no_pkce = [("code_challenge", ""), ("code_challenge_method", "")];
        let page = world.get(&new_client(&world).authorize_url(&no_pkce)).await;
        assert_eq!(param(page.location(), "error"), "invalid_request");
        assert_eq!(log.lines(REMOVED), Vec::<String>::new());
        fs::write(&config, world.config()).unwrap();
        eventually(&world, async || log.lines(REMOVED).pop()).await
    };
    let removed = tokio::select! {
        () = world.gateway.watch(&config) => panic!("watch has ended"),
        removed = test => removed,
    };
    assert!(removed.contains("\"clients\":\"new\""), "{removed}");
}

/// Some program writes it again and again. What it has is loaded once it stays the same.
#[tokio::test]
async fn a_file_that_changes_at_every_look_is_reported_once() {
    let world = World::start().await;
    let config = world.file("gateway.toml");
    fs::write(&config, world.config()).unwrap();
    let (log, _guard) = Log::begin();
    let look = async || {
        world.clock.advance(Duration::from_secs(5));
        for _ in 0..20 {
            world.count("keys").await;
        }
    };
    let test = async {
        tokio::task::yield_now().await;
        look().await;
        for (number, expected) in [(0, 0), (1, 0), (2, 1), (3, 1), (4, 1)] {
            let text = format!("{}{NEW_CLIENT}name = \"{number}\"\n", world.config());
            fs::write(&config, text).unwrap();
            look().await;
            assert_eq!(log.lines(CHANGING).len(), expected, "{number}");
        }
        assert_eq!(
            authorize(&new_client(&world), &world).await,
            StatusCode::BAD_REQUEST
        );
        eventually(&world, async || {
            let served = authorize(&new_client(&world), &world).await;
            (served == StatusCode::SEE_OTHER).then_some(())
        })
        .await;
        // What is written in turn with what was loaded is not loaded either.
        for number in 0..6 {
            let name = if number % 2 == 0 { "even" } else { "4" };
            let text = format!("{}{NEW_CLIENT}name = \"{name}\"\n", world.config());
            fs::write(&config, text).unwrap();
            look().await;
        }
        log.lines(CHANGING)
    };
    let lines = tokio::select! {
        () = world.gateway.watch(&config) => panic!("watch has ended"),
        lines = test => lines,
    };
    let [first, second] = &lines[..] else {
        panic!("{lines:?}")
    };
    for line in [first, second] {
        let line: Value = serde_json::from_str(line).unwrap();
        assert_eq!(
            (&line["level"], &line["files"]),
            (&json!("WARN"), &json!(config)),
        );
    }
}

const CHANGING: &str = "these files have changed at each of the last three looks";

const REMOVED: &str = "these clients are no longer in the configuration";

/// What counts is what the start has read, and not what the files hold when they are looked at for the first time.
#[tokio::test]
async fn a_file_that_has_changed_since_the_start_read_it_is_taken_over() {
    for changed in ["gateway.toml", "gateway.key"] {
        let world = World::start().await;
        let config = world.file("gateway.toml");
        fs::write(&config, world.config()).unwrap();
        let content = match changed {
            "gateway.toml" => world.config() + NEW_CLIENT,
            _ => format!("{MASTER_KEY}\n{OTHER_KEY}\n"),
        };
        fs::write(world.file(changed), content).unwrap();
        // How many keys the gateway has, and whether it knows the client.
        let loaded = async || {
            let keys = world.texts("select detail from audit where id = 'key_file'");
            let keys = keys.await[0].split(' ').count();
            (keys, authorize(&new_client(&world), &world).await)
        };
        let expected = match changed {
            "gateway.toml" => (1, StatusCode::SEE_OTHER),
            _ => (2, StatusCode::BAD_REQUEST),
        };
        let test = async {
            for _ in 0..1_000 {
                world.clock.advance(Duration::from_secs(5));
                tokio::task::yield_now().await;
                if loaded().await == expected {
                    return;
                }
            }
            panic!("{changed} was not taken over");
        };
        tokio::select! {
            () = world.gateway.watch(&config) => panic!("watch has ended"),
            () = test => {},
        }
    }
}
