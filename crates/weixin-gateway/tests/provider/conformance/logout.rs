//! Logout that a client starts (RP-Initiated Logout 1.0).

use axum::http::StatusCode;
use serde_json::Value;

use crate::world::{
    Browser, Options, Page, Tokens, World,
    devices::ENGLISH,
    logout::{RETURN, with_return},
};

/// The message of an English page.
fn message(page: &Page) -> (&str, &str) {
    let between = |start: &str, end: &str| {
        let (_, rest) = page.body.split_once(start).unwrap_or_default();
        rest.split_once(end)
            .map(|(text, _)| text)
            .unwrap_or_default()
    };
    (between("<h1>", "</h1>"), between("<p>", "</p>"))
}

const ASKS: (&str, &str) = (
    "Log out?",
    "This logs you out of this service. Apps and websites that you opened with it may stay logged in: log out there as well. \
     WeChat itself stays logged in. To stay logged in here, close this page.",
);

const LOGGED_OUT: (&str, &str) = (
    "You are logged out",
    "Apps and websites that you opened with this service may still be logged in, and WeChat stays logged in. \
     On a shared computer, log out of them as well.",
);

/// A browser in which a user has logged in to `web`.
async fn logged_in(world: &World) -> (Browser, Tokens) {
    let mut browser = Browser::with(&[ENGLISH]);
    let tokens = world.web().log_in(&mut browser, &[]).await;
    (browser, tokens)
}

async fn assert_logged_out(world: &World, browser: &mut Browser, tokens: &Tokens) {
    assert_eq!(browser.session(), None);
    assert!(!world.web().is_logged_in(browser).await);
    let userinfo = world.web().userinfo(&tokens.access_token).await;
    assert_eq!(userinfo.status, StatusCode::UNAUTHORIZED);
}

async fn assert_still_logged_in(world: &World, browser: &mut Browser, tokens: &Tokens) {
    assert!(world.web().is_logged_in(browser).await);
    let userinfo = world.web().userinfo(&tokens.access_token).await;
    assert_eq!(userinfo.status, StatusCode::OK);
}

/// A request that names no user, or none that can be trusted: the page asks, and after it there is no redirect.
async fn assert_asks_and_does_not_return(params: &[(&str, &str)]) {
    let world = with_return().await;
    let (mut browser, tokens) = logged_in(&world).await;
    let page = world.web().log_out(&mut browser, params).await;
    assert_eq!((page.status, message(&page)), (StatusCode::OK, ASKS));
    assert_still_logged_in(&world, &mut browser, &tokens).await;
    let page = world.web().confirm_logout(&mut browser, &page).await;
    assert_eq!((page.status, message(&page)), (StatusCode::OK, LOGGED_OUT));
    assert_logged_out(&world, &mut browser, &tokens).await;
}

/// A URL that is not registered: a page tells, nothing ends, and there is no redirect.
async fn assert_rejected(uri: &str) {
    let world = with_return().await;
    let (mut browser, tokens) = logged_in(&world).await;
    let params = [
        ("id_token_hint", &*tokens.id_token),
        ("post_logout_redirect_uri", uri),
        ("state", "s"),
    ];
    let page = world.web().log_out(&mut browser, &params).await;
    let expected = (
        "This logout link does not work",
        "You may still be logged in. The app or website that sent you here has a wrong setting. Tell its operator:",
    );
    assert_eq!(
        (page.status, message(&page)),
        (StatusCode::BAD_REQUEST, expected)
    );
    let error = "invalid_request: the post_logout_redirect_uri is not registered";
    assert_eq!(page.paragraphs()[1], error);
    assert_eq!(page.header("location"), "");
    assert_still_logged_in(&world, &mut browser, &tokens).await;
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_discovery_endpoint_verification() {
    for path in super::PATHS {
        let options = Options {
            path,
            ..Options::default()
        };
        let world = World::with(options).await;
        let url = format!("{}/.well-known/openid-configuration", world.issuer());
        let metadata = world.get(&url).await.json();
        let expected = format!("https://localhost{path}/end_session");
        assert_eq!(metadata["end_session_endpoint"], expected);
        assert_eq!(world.get(&expected).await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn oidcc_rp_initiated_logout() {
    let world = with_return().await;
    let (mut browser, tokens) = logged_in(&world).await;
    let params = [
        ("id_token_hint", &*tokens.id_token),
        ("client_id", "web"),
        ("post_logout_redirect_uri", RETURN),
        ("state", "a state & more"),
    ];
    let page = world.web().log_out(&mut browser, &params).await;
    assert_eq!(page.location(), format!("{RETURN}?state=a+state+%26+more"));
    assert_logged_out(&world, &mut browser, &tokens).await;
    let events =
        "select event || ' ' || client || ' ' || detail from audit where event like 'logout.%'";
    let expected = format!("logout.ok web {}", tokens.claims["sid"].as_str().unwrap());
    assert_eq!(world.texts(events).await, [expected]);
    let reasons = world.texts("select ended_reason from sessions").await;
    assert_eq!(reasons, ["logged_out_by_client"]);
    assert_eq!(
        world.count("users where logged_out_at is not null").await,
        1
    );
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_no_state() {
    let world = with_return().await;
    let (mut browser, tokens) = logged_in(&world).await;
    let params = [
        ("id_token_hint", &*tokens.id_token),
        ("post_logout_redirect_uri", RETURN),
    ];
    let page = world.web().log_out(&mut browser, &params).await;
    assert_eq!(page.location(), RETURN);
    assert_logged_out(&world, &mut browser, &tokens).await;
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_no_post_logout_redirect_uri() {
    let world = with_return().await;
    let (mut browser, tokens) = logged_in(&world).await;
    let params = [("id_token_hint", &*tokens.id_token), ("state", "s")];
    let page = world.web().log_out(&mut browser, &params).await;
    assert_eq!((page.status, message(&page)), (StatusCode::OK, LOGGED_OUT));
    assert_logged_out(&world, &mut browser, &tokens).await;
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_no_params() {
    assert_asks_and_does_not_return(&[]).await;
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_only_state() {
    assert_asks_and_does_not_return(&[("state", "s")]).await;
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_no_id_token_hint() {
    let params = [("post_logout_redirect_uri", RETURN), ("state", "s")];
    assert_asks_and_does_not_return(&params).await;
    let with_client = [params[0], params[1], ("client_id", "web")];
    assert_asks_and_does_not_return(&with_client).await;
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_bad_id_token_hint() {
    assert_asks_and_does_not_return(&[
        ("id_token_hint", "bad"),
        ("post_logout_redirect_uri", RETURN),
        ("state", "s"),
    ])
    .await;
}

/// Its signature is that of other claims.
#[tokio::test]
async fn oidcc_rp_initiated_logout_modified_id_token_hint() {
    let world = with_return().await;
    let (mut browser, tokens) = logged_in(&world).await;
    let claims = Value::from(tokens.claims.clone()).to_string();
    let mut parts = tokens.id_token.split('.');
    let (header, signature) = (parts.next().unwrap(), parts.next_back().unwrap());
    let claims = claims.replace("a nonce", "a nonc3");
    let payload = data_encoding::BASE64URL_NOPAD.encode(claims.as_bytes());
    let params = [
        ("id_token_hint", &*format!("{header}.{payload}.{signature}")),
        ("post_logout_redirect_uri", RETURN),
        ("state", "s"),
    ];
    let page = world.web().log_out(&mut browser, &params).await;
    assert_eq!((page.status, message(&page)), (StatusCode::OK, ASKS));
    assert_still_logged_in(&world, &mut browser, &tokens).await;
    let page = world.web().confirm_logout(&mut browser, &page).await;
    assert_eq!((page.status, message(&page)), (StatusCode::OK, LOGGED_OUT));
    assert_logged_out(&world, &mut browser, &tokens).await;
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_bad_post_logout_redirect_uri() {
    assert_rejected("https://rp.example/elsewhere").await;
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_query_added_to_post_logout_redirect_uri() {
    assert_rejected(&format!("{RETURN}?added=1")).await;
}
