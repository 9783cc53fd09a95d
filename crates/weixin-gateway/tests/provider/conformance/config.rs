//! The plan for discovery, and what of the plan for dynamic clients concerns redirect URIs.

use axum::http::StatusCode;
use jsonwebtoken::jwk::Jwk;
use serde_json::{Value, json};

use super::PATHS;
use crate::{
    keys::DAY,
    world::{Browser, CALLBACK, Options, RelyingParty, World, id_token::header},
};

/// The document of an issuer.
fn metadata(issuer: &str) -> Value {
    json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "pushed_authorization_request_endpoint": format!("{issuer}/par"),
        "require_pushed_authorization_requests": false,
        "token_endpoint": format!("{issuer}/token"),
        "userinfo_endpoint": format!("{issuer}/userinfo"),
        "jwks_uri": format!("{issuer}/jwks"),
        "introspection_endpoint": format!("{issuer}/introspect"),
        "revocation_endpoint": format!("{issuer}/revoke"),
        "scopes_supported": ["openid", "profile", "email", "offline_access", "wechat"],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query", "form_post"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256", "ES256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        "introspection_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "revocation_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        "code_challenge_methods_supported": ["S256"],
        "claim_types_supported": ["normal"],
        "claims_supported": [
            "iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "at_hash", "sid", "amr",
            "name", "nickname", "picture", "preferred_username", "updated_at",
            "email", "email_verified", "wechat_unionid", "wechat_openid", "wechat_appid",
        ],
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "ui_locales_supported": ["zh-CN", "en"],
        "claims_parameter_supported": true,
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
        "authorization_response_iss_parameter_supported": true,
        "end_session_endpoint": format!("{issuer}/end_session"),
        "backchannel_logout_supported": true,
        "backchannel_logout_session_supported": true,
    })
}

/// The document is the same at each of its URLs, and it is the specified one: Discovery §4.1 adds its name after the
/// issuer's path, RFC 8414 §3.1 before it.
#[tokio::test]
async fn oidcc_discovery_endpoint_verification() {
    for path in PATHS {
        let web = r#"id_token_alg = "ES256""#.to_owned();
        let world = World::with(Options {
            web,
            path,
            ..Options::default()
        })
        .await;
        for url in [
            format!("{path}/.well-known/openid-configuration"),
            format!("/.well-known/openid-configuration{path}"),
            format!("/.well-known/oauth-authorization-server{path}"),
        ] {
            let page = world.get(&url).await;
            assert_eq!(
                (page.status, page.header("content-type")),
                (StatusCode::OK, "application/json"),
                "{url}"
            );
            assert_eq!(page.json(), metadata(&world.issuer()), "{url}");
        }
        let jwks = world.get(&format!("{path}/jwks")).await;
        assert_eq!(
            (jwks.status, jwks.header("content-type")),
            (StatusCode::OK, "application/json")
        );
        let keys = jwks.json()["keys"].as_array().unwrap().clone();
        let [one, other] = &keys[..] else {
            panic!("{keys:?}")
        };
        assert_ne!(one["kid"], other["kid"]);
        let names = keys.iter().map(super::names).collect::<Vec<_>>();
        // Public members only, of an RSA key and of one on a curve (RFC 7518 §6).
        let rsa = ["alg", "e", "kid", "kty", "n", "use"];
        let curve = ["alg", "crv", "kid", "kty", "use", "x", "y"];
        assert!(
            names.contains(&rsa.to_vec()) && names.contains(&curve.to_vec()),
            "{keys:?}"
        );
    }
}

/// A new key appears and the old one stays: the suite asks the provider to rotate its keys, and reads the JWKS before and
/// after.
#[tokio::test]
async fn oidcc_server_rotate_keys() {
    let world = World::start().await;
    let before = world.web().jwks().await.keys;
    let old = world.web().log_in(&mut Browser::default(), &[]).await;
    for days in [89, 1] {
        world.clock.advance(DAY * days);
        world.gateway.refresh().await.unwrap();
    }
    let after = world.web().jwks().await.keys;
    let ids =
        |keys: &[Jwk]| -> Vec<_> { keys.iter().map(|key| key.common.key_id.clone()).collect() };
    let ([one], [same, other]) = (&ids(&before)[..], &ids(&after)[..]) else {
        panic!("{before:?} {after:?}")
    };
    assert!(one == same && same != other, "{after:?}");
    let new = world.web().log_in(&mut Browser::default(), &[]).await;
    let signers = [old, new].map(|tokens| header(&tokens.id_token).kid);
    assert_eq!(&signers, &[one.clone(), other.clone()]);
}

/// The status of the page for a redirect URI that is not registered, and what it redirects to: nothing.
async fn error_page(world: &World, redirect_uri: &str) -> (StatusCode, String) {
    let page = world
        .get(&world.web().authorize_url(&[("redirect_uri", redirect_uri)]))
        .await;
    (page.status, page.header("location").to_owned())
}

#[tokio::test]
async fn oidcc_redirect_uri_query_added() {
    let world = World::start().await;
    let expected = (StatusCode::BAD_REQUEST, String::new());
    assert_eq!(
        error_page(&world, &format!("{CALLBACK}?foo=bar")).await,
        expected
    );
    assert_eq!(error_page(&world, &format!("{CALLBACK}?")).await, expected);
}

/// A registered query is part of the URI, and stays in the response.
#[tokio::test]
async fn oidcc_redirect_uri_query_mismatch() {
    let more = r#"
[[client]]
id = "query"
secret = "0123456789abcdefghijABCDEFGHIJ_-"
redirect_uris = ["https://rp.example/callback?foo=bar"]
"#;
    let world = World::with(Options {
        more: more.to_owned(),
        ..Options::default()
    })
    .await;
    let client = RelyingParty::confidential(&world, "query", "https://rp.example/callback?foo=bar");
    for query in ["?foo=baz", "?bar=foo", "", "?foo=bar&foo=bar"] {
        let uri = format!("{CALLBACK}{query}");
        let page = world
            .get(&client.authorize_url(&[("redirect_uri", &uri)]))
            .await;
        assert_eq!(
            (page.status, page.header("location")),
            (StatusCode::BAD_REQUEST, ""),
            "{uri}"
        );
    }
    let url = client.callback(&mut Browser::default(), &[]).await;
    assert!(
        url.starts_with("https://rp.example/callback?foo=bar&code="),
        "{url}"
    );
}

/// A redirect URI with a fragment is not registered.
#[tokio::test]
async fn oidcc_redirect_uri_regfrag() {
    let world = World::start().await;
    let more = r#"
[[client]]
id = "fragment"
public = true
redirect_uris = ["https://rp.example/callback#fragment"]
"#;
    let error = world.config_error(&Options {
        more: more.to_owned(),
        ..Options::default()
    });
    let expected = "client fragment, redirect_uris: not a valid redirect URI: expected no fragment";
    assert_eq!(error, expected);
}
