//! Requests that have crashed, or opened, other programs.

use axum::{
    body::Body,
    http::{Method, Request, StatusCode},
};

use super::connections::Served;
use crate::world::{Browser, OFFLINE, Options, Page, World, browser::encoded, devices::ENGLISH};

const POSTED: [&str; 8] = [
    "/authorize",
    "/par",
    "/token",
    "/revoke",
    "/introspect",
    "/userinfo",
    "/end_session",
    "/consent/aaaaaaaaaaaaaaaaaaaaaaaaaa",
];

/// `mod_auth_openidc` CVE-2025-3891: a POST without a `Content-Type` ended the process. CVE-2023-28625: so did a cookie that is
/// to be removed, and is all there is.
#[tokio::test]
async fn a_post_without_type_or_body_is_an_error_of_its_sender() {
    let world = World::start().await;
    let mut user = Browser::default();
    world.web().log_in(&mut user, &[]).await;
    let cookies = user
        .cookies
        .iter()
        .map(|(name, value)| format!("{name}={value}"));
    let whole = cookies.collect::<Vec<_>>().join("; ");
    let (names, _) = whole.split_once('=').unwrap();
    for path in POSTED {
        for content_type in [
            None,
            Some(""),
            Some(";"),
            Some("application/x-www-form-urlencoded"),
        ] {
            for cookie in ["", ";", "=", ";;=;", names, &whole] {
                for body in ["", "&", "=", "%", "client_id"] {
                    let mut request = Request::post(path).header("cookie", cookie);
                    if let Some(content_type) = content_type {
                        request = request.header("content-type", content_type);
                    }
                    let page = world.respond(request.body(Body::from(body)).unwrap()).await;
                    // A logout without parameters is one: the page asks the user.
                    let is_logout = path == "/end_session"
                        && (page.status == StatusCode::OK || page.header("location") == path);
                    let is_expected = page.status.is_client_error() || is_logout;
                    assert!(
                        is_expected,
                        "{path} {content_type:?} {cookie} {body}: {page:?}"
                    );
                }
            }
        }
    }
    world.web().log_in(&mut user, &[("prompt", "none")]).await;
}

/// What a response may not contain, because the one who gets it has no right to it.
fn assert_tells_nothing(page: &Page, known: &[(&str, &str)], what: &str) {
    let headers = format!("{:?}", page.headers);
    for (name, value) in known {
        for text in [&page.body, &headers] {
            assert!(!text.contains(value), "{what}: {name} in {text}");
        }
    }
}

/// `mod_auth_openidc` CVE-2025-31492: what was protected followed the page that asked the visitor to log in.
#[tokio::test]
async fn a_rejection_is_followed_by_nothing_of_the_user() {
    let options = Options {
        web: "consent = \"always\"".to_owned(),
        ..Options::default()
    };
    let world = World::with(options).await;
    world.next_user("Protected");
    let (web, other) = (world.web(), world.other());
    let mut user = Browser::with(&[ENGLISH]);
    let theirs = other
        .log_in(&mut user, &[("scope", "openid profile")])
        .await;
    let asked = user.asked(&world, &web.authorize_url(&[])).await;
    assert!(asked.page.body.contains("Protected"), "{}", asked.page.body);
    let known = [("sub", theirs.sub()), ("name", "Protected")];
    let mut stranger = Browser::with(&[ENGLISH]);
    for url in [
        asked.action(),
        asked.action().replace("consent", "login"),
        web.authorize_url(&[("prompt", "none"), ("response_mode", "form_post")]),
        web.authorize_url(&[("prompt", "login"), ("response_mode", "form_post")]),
        format!("/end_session?{}", encoded(&[("id_token_hint", "x")])),
        "/userinfo".to_owned(),
    ] {
        let page = stranger.open(&world, &url).await;
        assert_tells_nothing(&page, &known, &url);
        for method in [Method::HEAD, Method::OPTIONS, Method::PUT, Method::DELETE] {
            let request = Request::builder().method(&method).uri(&url);
            let page = world.respond(request.body(Body::empty()).unwrap()).await;
            assert_tells_nothing(&page, &known, &format!("{method} {url}"));
        }
    }
    let form = [("token", &*asked.token()), ("decision", "allow")];
    let page = stranger.post(&world, &asked.action(), &form).await;
    assert_tells_nothing(&page, &known, "the form of another browser");
    // Tokens of others, and those that were valid once.
    let offline = other.log_in(&mut user, &OFFLINE).await;
    other.revoke(&theirs.access_token).await;
    for (what, page) in [
        ("introspection", web.introspect(&offline.access_token).await),
        ("revocation", web.revoke(&offline.access_token).await),
        ("refresh", web.refresh(offline.refresh_token(), &[]).await),
        ("revoked", other.userinfo(&theirs.access_token).await),
        ("revoked", other.introspect(&theirs.access_token).await),
    ] {
        assert_tells_nothing(&page, &known, what);
    }
}

/// oauth2-proxy GHSA-5hvv-m4w4-gf6v (the `User-Agent` of a health check), CVE-2025-54576 (a query like a path that needs no
/// login), GHSA-pxq7-h93f-9jrg (a fragment in the path): each passed for a path that is open to all.
#[tokio::test]
async fn neither_a_user_agent_nor_a_query_nor_a_fragment_opens_a_path() {
    let served = Served::start().await;
    for agent in [
        "GoogleHC/1.0",
        "kube-probe/1.32",
        "ELB-HealthChecker/2.0",
        "",
    ] {
        for (target, expected) in [
            ("/userinfo", "401"),
            ("/userinfo?/healthz", "401"),
            ("/userinfo?path=/jwks", "401"),
            ("/userinfo?/.well-known/openid-configuration", "401"),
            ("/userinfo#/healthz", "401"),
            ("/userinfo%23/healthz", "404"),
            ("/userinfo/healthz", "404"),
            ("/userinfo;/healthz", "404"),
            ("/healthz/../userinfo", "404"),
            ("/healthz%2f..%2fuserinfo", "404"),
            ("/healthz", "200"),
        ] {
            let request = format!(
                "GET {target} HTTP/1.1\r\nhost: localhost\r\nuser-agent: {agent}\r\nconnection: close\r\n\r\n"
            );
            let response = served.response(request.as_bytes()).await;
            let status = response.split(' ').nth(1).unwrap_or("none");
            assert_eq!(status, expected, "{agent} {target}: {response}");
        }
    }
    served.stop().await;
}
