//! Codes and tokens.

use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use axum::http::StatusCode;
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};

use crate::{
    conformance::{PATHS, fields, pairs},
    world::{Browser, Options, Page, World, browser::param, id_token::header},
};

const WITHOUT_PKCE: [(&str, &str); 2] = [("code_challenge", ""), ("code_challenge_method", "")];

/// Bits of information in a text, by the frequencies of its characters, as the suite estimates them.
fn entropy(text: &str) -> f64 {
    let count = |byte| text.bytes().filter(|it| *it == byte).count();
    let number = |count| f64::from(u32::try_from(count).unwrap());
    let length = number(text.len());
    let bits = text
        .bytes()
        .map(|byte| (length / number(count(byte))).log2());
    bits.sum()
}

fn at_hash(access_token: &str) -> String {
    BASE64URL_NOPAD.encode(
        digest(&SHA256, access_token.as_bytes())
            .as_ref()
            .split_at(16)
            .0,
    )
}

#[tokio::test]
async fn oidcc_server() {
    for path in PATHS {
        let world = World::with(Options {
            path,
            ..Options::default()
        })
        .await;
        world.next_user("Alice");
        let (web, issuer) = (world.web(), world.issuer());
        let callback = web.callback(&mut Browser::default(), &[]).await;
        assert_eq!(
            fields(&callback),
            pairs(&[("state", "a state"), ("iss", &issuer)])
        );
        let code = param(&callback, "code");
        let tokens = web.tokens(&code).await;
        assert!(entropy(&code) >= 128.0 && entropy(&tokens.access_token) >= 128.0);
        let expected = json!({
            "access_token": tokens.access_token,
            "token_type": "Bearer",
            "expires_in": 3600,
            "scope": "openid profile",
            "id_token": tokens.id_token,
        });
        assert_eq!(Value::from(tokens.response.clone()), expected);
        let now = world.clock.seconds();
        let expected = json!({
            "iss": issuer,
            "sub": tokens.sub(),
            "aud": "web",
            "exp": now + 3600,
            "iat": now,
            "auth_time": now,
            "nonce": "a nonce",
            "at_hash": at_hash(&tokens.access_token),
            "sid": tokens.claims["sid"],
            "amr": ["wechat", "qr"],
            "name": "Alice",
            "nickname": "Alice",
            "preferred_username": tokens.sub(),
            "updated_at": now,
        });
        assert_eq!(Value::from(tokens.claims.clone()), expected);
        let code = world
            .other()
            .code(&mut Browser::default(), &WITHOUT_PKCE)
            .await;
        let page = world.other().redeem(&code, &[("code_verifier", "")]).await;
        let second = page.json()["id_token"].as_str().unwrap().to_owned();
        let second = world.other().verified_claims(&second).await;
        assert_eq!(
            (&second["aud"], &second["sub"]),
            (&json!("other"), &json!(tokens.sub()))
        );
    }
}

/// RS256, by a key of the JWKS.
#[tokio::test]
async fn oidcc_idtoken_signature() {
    let world = World::start().await;
    let tokens = world.web().log_in(&mut Browser::default(), &[]).await;
    let jwks = world.web().jwks().await;
    let expected = json!({ "typ": "JWT", "alg": "RS256", "kid": jwks.keys[0].common.key_id });
    assert_eq!(
        serde_json::to_value(header(&tokens.id_token)).unwrap(),
        expected
    );
}

/// No client is registered for tokens without a signature.
#[tokio::test]
async fn oidcc_idtoken_unsigned() {
    let world = World::start().await;
    let web = r#"id_token_alg = "none""#.to_owned();
    let error = world.config_error(&Options {
        web,
        ..Options::default()
    });
    assert!(
        error.contains("client.id_token_alg: expected one of: RS256, ES256, EdDSA"),
        "{error}"
    );
}

#[tokio::test]
async fn oidcc_ensure_request_without_nonce_succeeds_for_code_flow() {
    let world = World::start().await;
    let tokens = world
        .web()
        .log_in(&mut Browser::default(), &[("nonce", "")])
        .await;
    assert_eq!(tokens.claims.get("nonce"), None);
}

#[tokio::test]
async fn oidcc_server_client_secret_post() {
    let world = World::start().await;
    let web = world.web();
    let by_post = web.without_secret();
    let code = web.code(&mut Browser::default(), &[]).await;
    let page = by_post
        .redeem(&code, &[("client_secret", &"x".repeat(32))])
        .await;
    assert_eq!(
        (page.status, page.header("www-authenticate")),
        (StatusCode::UNAUTHORIZED, "")
    );
    // A program that guessed the method wrong tries again: the code is still unused.
    let page = by_post
        .redeem(&code, &[("client_secret", web.secret.unwrap())])
        .await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
}

/// The error of a code that is sent a second time after these seconds, and the status of userinfo with the first token.
async fn reuse(after: u64) -> (Page, StatusCode) {
    let world = World::start().await;
    let code = world.web().code(&mut Browser::default(), &[]).await;
    let tokens = world.web().tokens(&code).await;
    world.clock.advance(Duration::from_secs(after));
    let page = world.web().redeem(&code, &[]).await;
    let userinfo = world.web().userinfo(&tokens.access_token).await;
    (page, userinfo.status)
}

#[tokio::test]
async fn oidcc_codereuse() {
    let (page, userinfo) = reuse(0).await;
    assert_eq!(
        (page.status, page.header("content-type")),
        (StatusCode::BAD_REQUEST, "application/json")
    );
    let expected =
        json!({ "error": "invalid_grant", "error_description": "the code was used before" });
    assert_eq!(page.json(), expected);
    // Browsers load a callback twice.
    assert_eq!(userinfo, StatusCode::OK);
}

/// The first access token is revoked.
#[tokio::test]
async fn oidcc_codereuse_30seconds() {
    let (page, userinfo) = reuse(30).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    let description = "the code was used before: its tokens are revoked";
    assert_eq!(
        page.json(),
        json!({ "error": "invalid_grant", "error_description": description })
    );
    assert_eq!(userinfo, StatusCode::UNAUTHORIZED);
}

/// S256. A wrong verifier gets nothing, and does not use the code up.
#[tokio::test]
async fn oidcc_ensure_request_with_valid_pkce_succeeds() {
    let world = World::start().await;
    let code = world.web().code(&mut Browser::default(), &[]).await;
    for wrong in ["", &"x".repeat(43)] {
        let page = world.web().redeem(&code, &[("code_verifier", wrong)]).await;
        assert_eq!(
            (page.status, &page.json()["error"]),
            (StatusCode::BAD_REQUEST, &json!("invalid_grant"))
        );
    }
    world.web().tokens(&code).await;
}
