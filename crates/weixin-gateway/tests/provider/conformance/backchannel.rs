//! Logouts of which clients are told (Back-Channel Logout 1.0).

use std::time::Duration;

use jsonwebtoken::{DecodingKey, Validation};
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;

use crate::world::{
    Browser, CALLBACK, Options, RelyingParty, SECRET, Tokens, World,
    id_token::header,
    logout_receiver::{LogoutReceiver, Reply},
};

/// A world whose client `web` is told of logouts.
async fn world(receiver: &LogoutReceiver) -> World {
    World::with(Options {
        web: receiver.config(),
        ..Options::default()
    })
    .await
}

/// The claims of a logout token, verified as Back-Channel Logout §2.6 says.
async fn verified(client: &RelyingParty<'_>, jwt: &str) -> Map<String, Value> {
    let header = header(jwt);
    assert_eq!(header.typ.as_deref(), Some("logout+jwt"));
    let jwks = client.jwks().await;
    let key = jwks.find(header.kid.as_deref().unwrap()).unwrap();
    let mut validation = Validation::new(header.alg);
    validation.set_issuer(&[client.issuer()]);
    validation.set_audience(&[client.id]);
    validation.validate_exp = false;
    let key = DecodingKey::from_jwk(key).unwrap();
    let verified = jsonwebtoken::decode::<Map<String, Value>>(jwt, &key, &validation);
    verified.unwrap().claims
}

/// What a token must say of the login that has ended. The time is that of the world.
async fn assert_tells_of(world: &World, jwt: &str, tokens: &Tokens) -> String {
    let claims = verified(&world.web(), jwt).await;
    let jti = claims["jti"].as_str().unwrap().to_owned();
    assert_eq!(jti.len(), 26);
    let iat = claims["iat"].as_u64().unwrap();
    assert!((world.clock.seconds() - 2..=world.clock.seconds()).contains(&iat));
    let expected = json!({
        "iss": "https://localhost",
        "aud": "web",
        "iat": iat,
        "exp": iat + 120,
        "jti": jti,
        "sub": tokens.sub(),
        "sid": tokens.claims["sid"],
        "events": { "http://schemas.openid.net/event/backchannel-logout": {} },
    });
    assert_eq!(Value::from(claims), expected);
    jti
}

#[tokio::test]
async fn oidcc_backchannel_rp_initiated_logout() {
    for algorithm in ["RS256", "ES256"] {
        let mut receiver = LogoutReceiver::start(&[]).await;
        let web = format!("{}\nid_token_alg = \"{algorithm}\"", receiver.config());
        let world = World::with(Options {
            web,
            ..Options::default()
        })
        .await;
        let mut browser = Browser::default();
        let tokens = world.web().log_in(&mut browser, &[]).await;
        let params = [("id_token_hint", &*tokens.id_token)];
        world.web().log_out(&mut browser, &params).await;
        let jwt = world.maintained(receiver.next(&world)).await;
        assert_eq!(format!("{:?}", header(&jwt).alg), algorithm);
        assert_tells_of(&world, &jwt, &tokens).await;
        // It is no ID token.
        let params = [("id_token_hint", &*jwt)];
        world.web().log_in(&mut browser, &[]).await;
        world.web().log_out(&mut browser, &params).await;
        assert!(world.web().is_logged_in(&mut browser).await);
        assert!(!receiver.has_another());
    }
}

/// Each attempt has another `jti`.
#[tokio::test]
async fn a_client_that_was_down_is_told_later() {
    let replies = [Reply::Close, Reply::Status(503), Reply::Status(302)];
    let mut receiver = LogoutReceiver::start(&replies).await;
    let world = world(&receiver).await;
    let mut browser = Browser::default();
    let tokens = world.web().log_in(&mut browser, &[]).await;
    let params = [("id_token_hint", &*tokens.id_token)];
    world.web().log_out(&mut browser, &params).await;
    let mut jtis = Vec::new();
    let start = world.clock.seconds();
    world
        .maintained(async {
            for minutes in [0, 2, 7, 20] {
                let due = start + minutes * 60;
                let wait = due.saturating_sub(world.clock.seconds() + 1);
                world.clock.advance(Duration::from_secs(wait));
                let jwt = receiver.next(&world).await;
                assert!(world.clock.seconds() >= due, "{minutes}");
                jtis.push(assert_tells_of(&world, &jwt, &tokens).await);
            }
            let last = start + 3600;
            world
                .clock
                .advance(Duration::from_secs(last - world.clock.seconds()));
        })
        .await;
    jtis.sort();
    jtis.dedup();
    assert_eq!(jtis.len(), 4);
    assert!(!receiver.has_another());
    assert_eq!(
        world
            .count("audit where event = 'logout.undelivered'")
            .await,
        0
    );
}

/// Its grant has expired long ago, and stays as long as the session does.
#[tokio::test]
async fn a_client_that_received_its_last_token_six_days_ago_is_told() {
    let mut receiver = LogoutReceiver::start(&[]).await;
    let world = world(&receiver).await;
    let mut browser = Browser::default();
    let tokens = world.web().log_in(&mut browser, &[]).await;
    world
        .maintained(async {
            // The session is in use by another client, and what has expired is removed each minute.
            for _ in 0..12 {
                world
                    .clock
                    .advance(Duration::from_hours(12) - Duration::from_secs(1));
                world
                    .other()
                    .log_in(&mut browser, &[("prompt", "none")])
                    .await;
            }
            let params = [("id_token_hint", &*tokens.id_token)];
            world.web().log_out(&mut browser, &params).await;
            let jwt = receiver.next(&world).await;
            assert_tells_of(&world, &jwt, &tokens).await;
        })
        .await;
}

/// A client that never responds delays no other one, however many logouts wait for it.
#[tokio::test]
async fn a_client_that_hangs_delays_no_other() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut receiver = LogoutReceiver::start(&[]).await;
    // A name of its own: a host gets four requests at a time.
    let url = format!("http://localhost:{}/", silent.local_addr().unwrap().port());
    let more = format!(
        "[[client]]\nid = \"told\"\nsecret = \"{SECRET}\"\nredirect_uris = [\"{CALLBACK}\"]\n{}\n",
        receiver.config()
    );
    let world = World::with(Options {
        web: format!("backchannel_logout_uri = \"{url}\"\nallow_private = true"),
        more,
        ..Options::default()
    })
    .await;
    let told = RelyingParty {
        id: "told",
        ..world.web()
    };
    let mut logouts = vec![world.web(); 40];
    logouts.push(told);
    for client in &logouts {
        let mut browser = Browser::default();
        let tokens = client.log_in(&mut browser, &[]).await;
        let params = [("id_token_hint", &*tokens.id_token)];
        client.log_out(&mut browser, &params).await;
    }
    world.maintained(receiver.next(&world)).await;
    let waiting = world.count("logouts where client = 'web' and attempts = 0");
    assert!(waiting.await > 30);
}
