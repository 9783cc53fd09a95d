//! Codes and tokens that are changed, of another kind, or signed by another key.

use std::ops::Range;

use aws_lc_rs::hmac;
use axum::http::StatusCode;
use data_encoding::{BASE64, BASE64URL_NOPAD};

use crate::world::{Browser, MASTER_KEY, Options, Page, Tokens, World, browser::param};

const MAC: usize = 16;

fn decoded(text: &str) -> Vec<u8> {
    BASE64URL_NOPAD.decode(&text.as_bytes()[4..]).unwrap()
}

fn encoded(prefix: &str, bytes: &[u8]) -> String {
    format!("{prefix}{}", BASE64URL_NOPAD.encode(bytes))
}

/// A text as the gateway signs it, by a master key and the secret of a row. `signed` is version and payload.
fn forged(master: &str, prefix: &str, secret: &[u8], signed: &[u8]) -> String {
    let master = BASE64.decode(master.as_bytes()).unwrap();
    let master = hmac::Key::new(hmac::HMAC_SHA256, &master);
    let key = hmac::sign(&master, format!("weixin-gateway {prefix}").as_bytes());
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_ref());
    let mac = hmac::sign(&key, &[secret, signed].concat());
    encoded(prefix, &[signed, &mac.as_ref()[..MAC]].concat())
}

/// Version and payload of a text.
fn signed(text: &str) -> Vec<u8> {
    let mut bytes = decoded(text);
    bytes.truncate(bytes.len() - MAC);
    bytes
}

fn assert_invalid_grant(page: &Page, what: &str) {
    assert_eq!(
        page.status,
        StatusCode::BAD_REQUEST,
        "{what}: {}",
        page.body
    );
    assert_eq!(page.json()["error"], "invalid_grant", "{what}");
}

fn assert_invalid_token(page: &Page, what: &str) {
    assert_eq!(
        page.status,
        StatusCode::UNAUTHORIZED,
        "{what}: {}",
        page.body
    );
    assert_eq!(page.json()["error"], "invalid_token", "{what}");
    assert!(
        page.header("www-authenticate")
            .starts_with("Bearer error=\"invalid_token\"")
    );
}

async fn logged_in(world: &World) -> (String, Tokens) {
    let mut browser = Browser::default();
    let tokens = world.web().log_in(&mut browser, &[]).await;
    (world.web().code(&mut browser, &[]).await, tokens)
}

/// Each byte of the text once with another bit.
fn changed(text: &str) -> impl Iterator<Item = String> + '_ {
    let bytes = decoded(text);
    (0..bytes.len()).map(move |at| {
        let mut bytes = bytes.clone();
        bytes[at] ^= 1 << (at % 8);
        encoded(&text[..4], &bytes)
    })
}

/// Other writings of the same text, and parts of it.
fn rewritten(text: &str) -> Vec<String> {
    let last = text.chars().last().unwrap();
    let body = &text[4..];
    let part = |range: Range<usize>| text[range].to_owned();
    vec![
        format!("{text}="),
        format!("{text}A"),
        format!("{text}{last}"),
        format!("{text}%00"),
        format!("{text},{text}"),
        part(0..text.len() - 1),
        part(0..text.len() / 2),
        part(0..4),
        part(4..text.len()),
        text.to_uppercase(),
        format!("WXC_{body}"),
        format!("wxr_{body}"),
        format!("{}{body}", &text[..4].repeat(2)),
        encoded(&text[..4], &[&[2][..], &decoded(text)[1..]].concat()),
        encoded(&text[..4], &[0; 64]),
        "x".repeat(10_000),
    ]
}

#[tokio::test]
async fn a_code_with_one_bit_changed_in_any_byte_is_no_code() {
    let world = World::start().await;
    let (code, _) = logged_in(&world).await;
    for bad in changed(&code).chain(rewritten(&code)) {
        assert_invalid_grant(&world.web().redeem(&bad, &[]).await, &bad);
    }
    assert_eq!(world.count("grants").await, 1);
    world.web().tokens(&code).await;
}

#[tokio::test]
async fn an_access_token_with_one_bit_changed_in_any_byte_is_no_token() {
    let world = World::start().await;
    let (_, tokens) = logged_in(&world).await;
    let token = &*tokens.access_token;
    for bad in changed(token).chain(rewritten(token)) {
        assert_invalid_token(&world.web().userinfo(&bad).await, &bad);
    }
    assert_eq!(world.web().userinfo(token).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_refresh_token_with_one_bit_changed_in_any_byte_is_no_token() {
    let world = World::start().await;
    let app = world.app();
    let tokens = app.log_in_offline(&mut Browser::default()).await;
    let token = tokens.refresh_token();
    let same = rewritten(token).into_iter().filter(|it| it != token);
    for bad in changed(token).chain(same) {
        assert_invalid_grant(&app.refresh(&bad, &[]).await, &bad);
    }
    app.refreshed(token).await;
}

/// A higher number wins over the row: it must not be possible to write one.
#[tokio::test]
async fn no_later_refresh_token_can_be_forged() {
    let world = World::start().await;
    let app = world.app();
    let tokens = app.log_in_offline(&mut Browser::default()).await;
    let token = tokens.refresh_token();
    let grant = world.secrets("select secret from grants").await.remove(0);
    let mut later = signed(token);
    *later.last_mut().unwrap() += 1;
    let other_key = BASE64.encode(&[1; 32]);
    for bad in [
        forged(MASTER_KEY, "wxr_", &[0; 16], &later),
        forged(MASTER_KEY, "wxr_", &grant[..15], &later),
        forged(MASTER_KEY, "wxa_", &grant, &later),
        forged(&other_key, "wxr_", &grant, &later),
    ] {
        assert_invalid_grant(&app.refresh(&bad, &[]).await, &bad);
    }
    let page = app.userinfo(&format!("wxa_{}", &token[4..])).await;
    assert_invalid_token(&page, "renamed");
    let renamed = format!("wxr_{}", &tokens.access_token[4..]);
    assert_invalid_grant(&app.refresh(&renamed, &[]).await, &renamed);
    assert_eq!(world.token_events().await, [""; 0]);
    // With key and database together it is.
    assert_eq!(forged(MASTER_KEY, "wxr_", &grant, &signed(token)), token);
    app.refreshed(&forged(MASTER_KEY, "wxr_", &grant, &later))
        .await;
    assert_eq!(world.token_events().await, ["token.newer_than_row app"]);
}

/// Each kind has keys of its own, so that no text of one is one of another.
#[tokio::test]
async fn a_text_of_one_kind_is_none_of_another() {
    let world = World::start().await;
    let (code, tokens) = logged_in(&world).await;
    let renamed = |text: &str, prefix: &str| format!("{prefix}{}", &text[4..]);
    for bad in [
        &tokens.access_token,
        &renamed(&tokens.access_token, "wxc_"),
        &tokens.id_token,
    ] {
        assert_invalid_grant(&world.web().redeem(bad, &[]).await, bad);
    }
    for bad in [&code, &renamed(&code, "wxa_"), &tokens.id_token] {
        assert_invalid_token(&world.web().userinfo(bad).await, bad);
    }
    // The payload of a code, signed as that of an access token, and the other way round.
    let session = world.secrets("select secret from sessions").await.remove(0);
    let grant = world.secrets("select secret from grants").await.remove(0);
    let bad = forged(MASTER_KEY, "wxa_", &session, &signed(&code));
    assert_invalid_token(&world.web().userinfo(&bad).await, &bad);
    let bad = forged(MASTER_KEY, "wxc_", &grant, &signed(&tokens.access_token));
    assert_invalid_grant(&world.web().redeem(&bad, &[]).await, &bad);
    assert_eq!(world.count("grants").await, 1);
}

/// A stolen master key and a known `sid`, which is in each ID token, or a known grant ID, which is in each code: without the
/// secret of the row, they are not enough. Key and database together are: that is what makes this test one.
#[tokio::test]
async fn the_real_master_key_forges_nothing_without_the_secret_of_the_row() {
    let world = World::start().await;
    let (code, tokens) = logged_in(&world).await;
    let session = world.secrets("select secret from sessions").await.remove(0);
    let grant = world.secrets("select secret from grants").await.remove(0);
    let other: Vec<_> = session.iter().map(|byte| byte ^ 1).collect();
    for secret in [
        &[][..],
        &[0; 16],
        &other,
        &grant,
        &session[..15],
        MASTER_KEY.as_bytes(),
    ] {
        let bad = forged(MASTER_KEY, "wxc_", secret, &signed(&code));
        assert_invalid_grant(&world.web().redeem(&bad, &[]).await, &bad);
    }
    let token = &tokens.access_token;
    for secret in [
        &[][..],
        &[0; 16],
        &session,
        &grant[..15],
        MASTER_KEY.as_bytes(),
    ] {
        let bad = forged(MASTER_KEY, "wxa_", secret, &signed(token));
        assert_invalid_token(&world.web().userinfo(&bad).await, &bad);
    }
    assert_eq!(world.count("grants").await, 1);
    // With both.
    assert_eq!(forged(MASTER_KEY, "wxa_", &grant, &signed(token)), *token);
    let forged = forged(MASTER_KEY, "wxc_", &session, &signed(&code));
    assert_eq!(forged, code);
    world.web().tokens(&forged).await;
}

/// The whole database is stolen, and no key.
#[tokio::test]
async fn another_key_signs_nothing_that_is_accepted() {
    let world = World::start().await;
    let (code, tokens) = logged_in(&world).await;
    let session = world.secrets("select secret from sessions").await.remove(0);
    let grant = world.secrets("select secret from grants").await.remove(0);
    for byte in [1, 255] {
        let key = BASE64.encode(&[byte; 32]);
        let bad = forged(&key, "wxc_", &session, &signed(&code));
        assert_invalid_grant(&world.web().redeem(&bad, &[]).await, &bad);
        let bad = forged(&key, "wxa_", &grant, &signed(&tokens.access_token));
        assert_invalid_token(&world.web().userinfo(&bad).await, &bad);
    }
    assert_eq!(world.count("grants").await, 1);
}

/// The scopes of an access token are those of its client even if they were written into it.
#[tokio::test]
async fn a_token_gives_no_more_than_its_client_may_have() {
    let mut world = World::start().await;
    let scopes = [("scope", "openid profile email wechat")];
    let tokens = world.web().log_in(&mut Browser::default(), &scopes).await;
    let before = world.web().userinfo(&tokens.access_token).await.json();
    assert!(before["wechat_openid"].is_string() && before["email"].is_string());
    let edit =
        |text: String| text.replace(r#""openid", "profile", "email", "wechat""#, r#""openid""#);
    world
        .restart_with(Options {
            edit: Some(edit),
            ..Options::default()
        })
        .await;
    let after = world.web().userinfo(&tokens.access_token).await.json();
    let names: Vec<_> = after.as_object().unwrap().keys().collect();
    assert_eq!(names, ["sub"]);
}

/// Core §3.1.2.1: a hint that is not the gateway's own ID token for this client names no user.
#[tokio::test]
async fn a_forged_hint_is_not_the_user_who_is_logged_in() {
    let world = World::start().await;
    let web = world.web();
    let mut browser = Browser::default();
    world.next_user("alice");
    let own = web.log_in(&mut browser, &[]).await;
    let of_other_client = world.other().log_in(&mut browser, &[]).await;
    world.next_user("bob");
    let of_other_user = web.log_in(&mut Browser::default(), &[]).await;
    let parts: Vec<_> = own.id_token.split('.').collect();
    let [header, payload, signature] = &*parts else {
        panic!("{}", own.id_token)
    };
    let jwks = Browser::default().open(&world, "/jwks").await;
    let modulus = jwks.json()["keys"][0]["n"].as_str().unwrap().to_owned();
    let modulus = BASE64URL_NOPAD.decode(modulus.as_bytes()).unwrap();
    let encode = |text: &str| BASE64URL_NOPAD.encode(text.as_bytes());
    let header_text = BASE64URL_NOPAD.decode(header.as_bytes()).unwrap();
    let header_text = String::from_utf8(header_text).unwrap();
    let hs256 = encode(&header_text.replace("RS256", "HS256"));
    let by_public_key = |key: &[u8]| {
        let signed = format!("{hs256}.{payload}");
        let key = hmac::Key::new(hmac::HMAC_SHA256, key);
        let mac = hmac::sign(&key, signed.as_bytes());
        format!("{signed}.{}", BASE64URL_NOPAD.encode(mac.as_ref()))
    };
    let none = encode(&header_text.replace("RS256", "none"));
    let other_type = encode(&header_text.replace("JWT", "logout+jwt"));
    for hint in [
        format!("{none}.{payload}."),
        format!("{none}.{payload}.{signature}"),
        format!("{other_type}.{payload}.{signature}"),
        format!("{header}.{payload}."),
        format!("{header}.{payload}.{}", encode("signature")),
        format!(
            "{header}.{}.{signature}",
            of_other_user.id_token.split('.').nth(1).unwrap()
        ),
        by_public_key(&modulus),
        by_public_key(jwks.body.as_bytes()),
        by_public_key(b""),
        of_other_client.id_token,
        of_other_user.id_token,
        own.access_token.clone(),
        "a.b.c".to_owned(),
    ] {
        let changes = [("prompt", "none"), ("id_token_hint", &*hint)];
        let url = web.callback(&mut browser, &changes).await;
        assert_eq!(param(&url, "error"), "login_required", "{hint}");
    }
    let changes = [("prompt", "none"), ("id_token_hint", &*own.id_token)];
    let tokens = web.log_in(&mut browser, &changes).await;
    assert_eq!(tokens.sub(), own.sub());
}
