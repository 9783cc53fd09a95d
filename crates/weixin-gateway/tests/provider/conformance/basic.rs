//! The plan for basic OpenID Providers: the authorization code flow.

use aws_lc_rs::digest::{SHA256, digest};
use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};
use std::time::Duration;

use super::{PATHS, assert_without_effect, fields, login_and_userinfo, names, pairs};
use crate::world::{
    Browser, Options, Page, World,
    browser::{encoded, param},
    id_token::header,
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

#[tokio::test]
async fn oidcc_response_type_missing() {
    let world = World::start().await;
    let url = world
        .web()
        .callback(&mut Browser::default(), &[("response_type", "")])
        .await;
    let expected = pairs(&[
        ("error", "invalid_request"),
        (
            "error_description",
            "the parameter response_type is missing",
        ),
        ("state", "a state"),
        ("iss", "https://localhost"),
    ]);
    assert_eq!(super::query(&url), expected);
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
        error.contains("unknown variant `none`, expected one of `RS256`, `ES256`, `EdDSA`"),
        "{error}"
    );
}

/// The response of userinfo to a request, and the `sub` of the ID token.
async fn userinfo(request: impl FnOnce(&str) -> Request<Body>) -> (Page, String) {
    let world = World::start().await;
    let tokens = world.web().log_in(&mut Browser::default(), &[]).await;
    let page = world.respond(request(&tokens.access_token)).await;
    (page, tokens.sub().to_owned())
}

fn assert_is_userinfo((page, sub): &(Page, String)) {
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    assert_eq!(page.header("content-type"), "application/json");
    assert_eq!(page.json()["sub"], **sub);
}

#[tokio::test]
async fn oidcc_userinfo_get() {
    let request =
        |token: &str| Request::get("/userinfo").header("authorization", format!("Bearer {token}"));
    assert_is_userinfo(&userinfo(|token| request(token).body(Body::empty()).unwrap()).await);
}

#[tokio::test]
async fn oidcc_userinfo_post_header() {
    let request =
        |token: &str| Request::post("/userinfo").header("authorization", format!("Bearer {token}"));
    assert_is_userinfo(&userinfo(|token| request(token).body(Body::empty()).unwrap()).await);
}

#[tokio::test]
async fn oidcc_userinfo_post_body() {
    let request =
        Request::post("/userinfo").header("content-type", "application/x-www-form-urlencoded");
    let body = |token: &str| Body::from(encoded(&[("access_token", token)]));
    assert_is_userinfo(&userinfo(|token| request.body(body(token)).unwrap()).await);
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

// The picture is absent: that of the simulator is not at an https URL.
const OF_PROFILE: [&str; 5] = [
    "name",
    "nickname",
    "preferred_username",
    "sub",
    "updated_at",
];
const OF_ALL: [&str; 7] = [
    "email",
    "email_verified",
    "name",
    "nickname",
    "preferred_username",
    "sub",
    "updated_at",
];

#[tokio::test]
async fn oidcc_scope_profile() {
    let world = World::start().await;
    let (tokens, userinfo) = login_and_userinfo(world.web(), &[("scope", "openid profile")]).await;
    assert_eq!(names(&userinfo), OF_PROFILE);
    // The suite warns: libraries that read nothing but the ID token find them there, too.
    assert_eq!(
        userinfo
            .as_object()
            .unwrap()
            .iter()
            .find(|(name, value)| tokens.claims[*name] != **value),
        None
    );
}

#[tokio::test]
async fn oidcc_scope_email() {
    let world = World::start().await;
    let (tokens, userinfo) = login_and_userinfo(world.web(), &[("scope", "openid email")]).await;
    let email = format!("{}@wechat.invalid", tokens.sub());
    assert_eq!(
        userinfo,
        json!({ "sub": tokens.sub(), "email": email, "email_verified": false })
    );
}

/// There is no address: no error, and no claim.
#[tokio::test]
async fn oidcc_scope_address() {
    let world = World::start().await;
    let (tokens, userinfo) = login_and_userinfo(world.web(), &[("scope", "openid address")]).await;
    assert_eq!(userinfo, json!({ "sub": tokens.sub() }));
    assert_eq!(tokens.response["scope"], "openid");
}

/// There is no phone number: no error, and no claim.
#[tokio::test]
async fn oidcc_scope_phone() {
    let world = World::start().await;
    let (tokens, userinfo) = login_and_userinfo(world.web(), &[("scope", "openid phone")]).await;
    assert_eq!(userinfo, json!({ "sub": tokens.sub() }));
    assert_eq!(tokens.response["scope"], "openid");
}

#[tokio::test]
async fn oidcc_scope_all() {
    let world = World::start().await;
    let scope = [("scope", "openid profile email address phone")];
    let (tokens, userinfo) = login_and_userinfo(world.web(), &scope).await;
    assert_eq!(names(&userinfo), OF_ALL);
    assert_eq!(tokens.response["scope"], "openid profile email");
}

/// The order of scopes and parameters does not matter.
#[tokio::test]
async fn oidcc_alternate_happy_flow() {
    let world = World::start().await;
    let mut params = world.web().params(&[("scope", "email openid profile")]);
    params.reverse();
    let params: Vec<_> = params
        .iter()
        .map(|(name, value)| (&**name, &**value))
        .collect();
    let url = format!("/authorize?{}", encoded(&params));
    let callback = Browser::default().follow(&world, &url).await;
    let tokens = world.web().tokens(&param(&callback, "code")).await;
    assert_eq!(tokens.response["scope"], "openid profile email");
}

#[tokio::test]
async fn oidcc_display_page() {
    assert_without_effect(&[("display", "page")]).await;
}

#[tokio::test]
async fn oidcc_display_popup() {
    assert_without_effect(&[("display", "popup")]).await;
}

/// The user is asked again. The session stays the same, and with it the tokens of other clients.
#[tokio::test]
async fn oidcc_prompt_login() {
    let world = World::start().await;
    let mut browser = Browser::default();
    let first = world.web().log_in(&mut browser, &[]).await;
    let other = world.other().log_in(&mut browser, &[]).await;
    world.clock.advance(Duration::from_secs(2));
    let before = world.sim.request_count();
    let second = world
        .web()
        .log_in(&mut browser, &[("prompt", "login")])
        .await;
    assert!(world.sim.request_count() > before);
    assert_eq!(second.claims["auth_time"], world.clock.seconds());
    assert_eq!(first.claims["auth_time"], world.clock.seconds() - 2);
    assert_eq!(
        (&first.claims["sid"], first.sub()),
        (&second.claims["sid"], second.sub())
    );
    for (client, tokens) in [
        (world.web(), first),
        (world.other(), other),
        (world.web(), second),
    ] {
        assert_eq!(
            client.userinfo(&tokens.access_token).await.status,
            StatusCode::OK
        );
    }
}

#[tokio::test]
async fn oidcc_prompt_none_not_logged_in() {
    let world = World::start().await;
    let before = world.sim.request_count();
    let url = world.web().authorize_url(&[("prompt", "none")]);
    let page = world.get(&url).await;
    let expected = pairs(&[
        ("error", "login_required"),
        ("error_description", "the user must log in"),
        ("state", "a state"),
        ("iss", "https://localhost"),
    ]);
    assert_eq!(super::query(page.location()), expected);
    assert_eq!(world.sim.request_count(), before);
}

/// A second login with these parameters, in the browser of a first one and two seconds later: it is silent, and it is the
/// login of the first.
async fn assert_silent(changes: impl FnOnce(&str) -> Vec<(&'static str, String)>) {
    let world = World::start().await;
    let mut browser = Browser::default();
    let first = world.web().log_in(&mut browser, &[]).await;
    world.clock.advance(Duration::from_secs(2));
    let changes = changes(&first.id_token);
    let changes: Vec<_> = changes
        .iter()
        .map(|(name, value)| (*name, &**value))
        .collect();
    let page = browser
        .open(&world, &world.web().authorize_url(&changes))
        .await;
    let second = world.web().tokens(&param(page.location(), "code")).await;
    assert_eq!(first.sub(), second.sub());
    assert_eq!(second.claims["auth_time"], world.clock.seconds() - 2);
    assert_eq!(second.claims["iat"], world.clock.seconds());
}

#[tokio::test]
async fn oidcc_prompt_none_logged_in() {
    assert_silent(|_| vec![("prompt", "none".into())]).await;
}

#[tokio::test]
async fn oidcc_id_token_hint() {
    assert_silent(|hint| vec![("prompt", "none".into()), ("id_token_hint", hint.into())]).await;
}

#[tokio::test]
async fn oidcc_max_age_1() {
    let world = World::start().await;
    let mut browser = Browser::default();
    let first = world.web().log_in(&mut browser, &[]).await;
    world.clock.advance(Duration::from_secs(2));
    let second = world.web().log_in(&mut browser, &[("max_age", "1")]).await;
    assert_eq!(first.sub(), second.sub());
    assert_eq!(second.claims["auth_time"], world.clock.seconds());
}

#[tokio::test]
async fn oidcc_max_age_10000() {
    assert_silent(|_| vec![("max_age", "10000".into())]).await;
}

#[tokio::test]
async fn oidcc_ensure_request_with_unknown_parameter_succeeds() {
    assert_without_effect(&[("extra", "foobar"), ("extra", "foobar")]).await;
}

#[tokio::test]
async fn oidcc_login_hint() {
    assert_without_effect(&[("login_hint", "buffy@example.com")]).await;
}

/// Languages that are not spoken here are no error; `ui_locales.rs` tests the others.
#[tokio::test]
async fn oidcc_ui_locales() {
    assert_without_effect(&[("ui_locales", "se")]).await;
}

#[tokio::test]
async fn oidcc_claims_locales() {
    assert_without_effect(&[("claims_locales", "se")]).await;
}

#[tokio::test]
async fn oidcc_ensure_request_with_acr_values_succeeds() {
    assert_without_effect(&[("acr_values", "1 2")]).await;
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

/// A page tells the user, and nothing goes to the URI.
fn assert_is_error_page(page: &Page) {
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(page.header("location"), "");
    assert!(
        page.body
            .contains("the redirect_uri is not registered for this client"),
        "{}",
        page.body
    );
    assert!(
        !page.body.contains("href=") && !page.body.contains("evil.example"),
        "{}",
        page.body
    );
}

#[tokio::test]
async fn oidcc_ensure_registered_redirect_uri() {
    let world = World::start().await;
    let url = world
        .web()
        .authorize_url(&[("redirect_uri", "https://evil.example/callback")]);
    assert_is_error_page(&world.get(&url).await);
}

/// It may come from a page of the client, so without the session's cookie.
#[tokio::test]
async fn oidcc_ensure_post_request_succeeds() {
    for path in PATHS {
        let world = World::with(Options {
            path,
            ..Options::default()
        })
        .await;
        let mut browser = Browser::default();
        let first = world.web().log_in(&mut browser, &[]).await;
        let params = world.web().params(&[]);
        let form: Vec<_> = params
            .iter()
            .map(|(name, value)| (&**name, &**value))
            .collect();
        let page = browser
            .post_from_elsewhere(&world, &format!("{path}/authorize"), &form)
            .await;
        let callback = browser.open(&world, page.location()).await;
        assert_eq!(
            fields(callback.location()),
            pairs(&[("state", "a state"), ("iss", &world.issuer())])
        );
        let second = world
            .web()
            .tokens(&param(callback.location(), "code"))
            .await;
        assert_eq!(
            (first.sub(), &first.claims["sid"]),
            (second.sub(), &second.claims["sid"])
        );
    }
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

/// A request that names an object, by value or by URL, is rejected by the name of the parameter.
async fn assert_rejected(changes: &[(&str, &str)], error: &str, description: &str) {
    let world = World::start().await;
    let page = world.get(&world.web().authorize_url(changes)).await;
    let expected = pairs(&[
        ("error", error),
        ("error_description", description),
        ("state", "a state"),
        ("iss", "https://localhost"),
    ]);
    let (uri, _) = page.location().split_once('?').unwrap();
    assert_eq!(uri, world.web().redirect_uri);
    assert_eq!(super::query(page.location()), expected);
}

/// A request object without a signature.
fn unsigned(claims: &Value) -> String {
    let part = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
    format!("{}.{}.", part(&json!({ "alg": "none" })), part(claims))
}

#[tokio::test]
async fn oidcc_request_uri_unsigned_supported_correctly_or_rejected_as_unsupported() {
    let description = "the parameter request_uri is not supported";
    let request_uri = [("request_uri", "https://rp.example/request.jwt")];
    assert_rejected(&request_uri, "request_uri_not_supported", description).await;
}

#[tokio::test]
async fn oidcc_unsigned_request_object_supported_correctly_or_rejected_as_unsupported() {
    let description = "the parameter request is not supported";
    let object = unsigned(&json!({ "client_id": "web", "state": "another state" }));
    assert_rejected(
        &[("request", &object)],
        "request_not_supported",
        description,
    )
    .await;
}

#[tokio::test]
async fn oidcc_ensure_request_object_with_redirect_uri() {
    let description = "the parameter request is not supported";
    let object = unsigned(&json!({ "redirect_uri": "https://evil.example/callback" }));
    assert_rejected(
        &[("request", &object)],
        "request_not_supported",
        description,
    )
    .await;
    // The other way round, the one that counts is not registered.
    let world = World::start().await;
    let object = unsigned(&json!({ "redirect_uri": world.web().redirect_uri }));
    let changes = [
        ("request", &*object),
        ("redirect_uri", "https://evil.example/callback"),
    ];
    assert_is_error_page(&world.get(&world.web().authorize_url(&changes)).await);
}

#[tokio::test]
async fn oidcc_claims_essential() {
    let world = World::start().await;
    world.next_user("Alice");
    let claims = json!({ "userinfo": { "name": { "essential": true } } }).to_string();
    let changes = [("scope", "openid"), ("claims", &*claims)];
    let (tokens, userinfo) = login_and_userinfo(world.web(), &changes).await;
    assert_eq!(userinfo, json!({ "sub": tokens.sub(), "name": "Alice" }));
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
