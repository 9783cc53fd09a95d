//! Cases that the browser tests cannot cause: WeChat is unreachable, or the site is misconfigured.

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, StatusCode, header},
};
use tokio::net::TcpSocket;
use tower::ServiceExt;
use weixin::{AppSecret, Endpoints};
use weixin_sim::{App, Sim};

use super::*;

const SITE: &str = "http://127.0.0.1:8080";

fn demo(wechat: &str) -> Router {
    let secret = AppSecret::new("s".repeat(32)).unwrap();
    let website = Website::builder("wx0123456789abcdef".parse().unwrap(), secret)
        .endpoints(Endpoints::single(wechat.parse().unwrap()))
        .build()
        .unwrap();
    site(website, SITE, wechat).unwrap()
}

/// Status, headers and body of a page in English.
async fn open(site: &Router, path: &str, cookie: &str) -> (StatusCode, header::HeaderMap, String) {
    let request = Request::get(path)
        .header(header::HOST, "127.0.0.1:8080")
        .header(header::COOKIE, cookie)
        .header(header::ACCEPT_LANGUAGE, "en");
    let response = site
        .clone()
        .oneshot(request.body(Body::empty()).unwrap())
        .await
        .unwrap();
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, 1 << 20).await.unwrap();
    (
        parts.status,
        parts.headers,
        String::from_utf8(body.to_vec()).unwrap(),
    )
}

fn text(headers: &header::HeaderMap, name: HeaderName) -> &str {
    headers[name].to_str().unwrap()
}

/// Status and title of a callback with this browser's state and any code.
async fn callback(site: &Router) -> (StatusCode, String) {
    let (_, headers, _) = open(site, "/login", "").await;
    let cookie = text(&headers, header::SET_COOKIE)
        .split(';')
        .next()
        .unwrap();
    let state = text(&headers, header::LOCATION)
        .split("state=")
        .nth(1)
        .unwrap();
    let state = state.split(['&', '#']).next().unwrap();
    let callback = format!("/callback?code=071x&state={state}");
    let (status, headers, _) = open(site, &callback, cookie).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    // No code stays in the address bar.
    let failure = text(&headers, header::LOCATION).to_owned();
    assert!(!failure.contains("071x"), "{failure}");
    let (status, _, page) = open(site, &failure, cookie).await;
    let title = page
        .split("<h1>")
        .nth(1)
        .unwrap()
        .split('<')
        .next()
        .unwrap();
    (status, title.to_owned())
}

#[tokio::test]
async fn an_unreachable_wechat_is_a_page_that_says_so() {
    // Nothing listens at this port, and no other program gets it while it is bound.
    let closed = TcpSocket::new_v4().unwrap();
    closed.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let wechat = format!("http://{}", closed.local_addr().unwrap());
    let (status, title) = callback(&demo(&wechat)).await;
    assert_eq!(
        (status, title.as_str()),
        (StatusCode::SERVICE_UNAVAILABLE, "WeChat is not available")
    );
}

#[tokio::test]
async fn a_site_that_wechat_does_not_know_is_misconfigured() {
    let sim = Sim::builder()
        .app(App::new("wxother", "secret"))
        .start()
        .await
        .unwrap();
    let (status, title) = callback(&demo(sim.url())).await;
    assert_eq!(
        (status, title.as_str()),
        (
            StatusCode::INTERNAL_SERVER_ERROR,
            "This site is misconfigured"
        )
    );
}

#[tokio::test]
async fn a_login_begins_at_the_host_that_wechat_calls_back() {
    let site = demo("http://127.0.0.1:1");
    let request = Request::get("/login").header(header::HOST, "localhost:8080");
    let response = site
        .oneshot(request.body(Body::empty()).unwrap())
        .await
        .unwrap();
    assert_eq!(
        text(response.headers(), header::LOCATION),
        "http://127.0.0.1:8080/login"
    );
    assert!(response.headers().get(header::SET_COOKIE).is_none());
}

#[tokio::test]
async fn every_page_is_protected_and_none_is_kept() {
    let site = demo("http://127.0.0.1:9300");
    for path in ["/", "/login", "/callback", "/style.css", "/nothing"] {
        let (_, headers, _) = open(&site, path, "").await;
        insta::allow_duplicates! {
            insta::assert_snapshot!(text(&headers, header::CONTENT_SECURITY_POLICY), @"default-src 'none'; style-src 'self'; img-src 'self' http://127.0.0.1:9300; form-action 'self'; frame-ancestors 'none'; base-uri 'none'");
        }
        assert_eq!(
            text(&headers, header::REFERRER_POLICY),
            "no-referrer",
            "{path}"
        );
        assert_eq!(
            headers
                .get_all(header::CACHE_CONTROL)
                .iter()
                .collect::<Vec<_>>(),
            ["no-store"],
            "{path}"
        );
    }
}

#[tokio::test]
async fn without_a_session_the_buttons_lead_to_the_start() {
    let site = demo("http://127.0.0.1:1");
    for path in ["/refresh", "/check", "/logout"] {
        let request = Request::post(path).header(header::COOKIE, "demo-session=stolen");
        let response = site
            .clone()
            .oneshot(request.body(Body::empty()).unwrap())
            .await
            .unwrap();
        assert_eq!(
            (
                response.status(),
                text(response.headers(), header::LOCATION)
            ),
            (StatusCode::SEE_OTHER, "/")
        );
    }
}
