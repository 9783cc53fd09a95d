//! Headers that only a proxy may set (RFC 9700 §4.13).

use axum::{body::Body, http::Request};
use serde_json::Value;

use crate::world::{
    Browser, World,
    browser::{param, query},
    devices::Header,
};

/// The last one with underscores is oauth2-proxy CVE-2025-64484; `X-Forwarded-Uri` is its GHSA-7x63-xv5r-3p2x.
const FORGED: [Header; 24] = [
    ("host", "evil.example"),
    ("host", "localhost:evil"),
    ("x-forwarded-host", "evil.example"),
    ("x-forwarded-server", "evil.example"),
    ("x-forwarded-proto", "http"),
    ("x-forwarded-scheme", "http"),
    ("x-forwarded-ssl", "off"),
    ("x-forwarded-port", "8080"),
    ("x-forwarded-for", "127.0.0.1"),
    ("x-forwarded-prefix", "/evil"),
    ("x-forwarded-path", "/evil"),
    ("x-forwarded-uri", "/healthz"),
    ("x-original-url", "/healthz"),
    ("x-rewrite-url", "/healthz"),
    ("x-original-host", "evil.example"),
    ("x-host", "evil.example"),
    ("x-real-ip", "127.0.0.1"),
    ("x-forwarded-user", "admin"),
    ("remote-user", "admin"),
    ("x-auth-request-email", "admin@evil.example"),
    ("x-http-method-override", "DELETE"),
    ("forwarded", "for=127.0.0.1;host=evil.example;proto=http"),
    ("via", "1.1 evil.example"),
    ("x_forwarded_host", "evil.example"),
];

/// What a login shows of the gateway's URLs: the callback at WeChat, the names of the cookies, the response to the client
/// without its code, and the claims that name the issuer.
async fn login(world: &World, header: Option<Header>) -> Vec<Value> {
    world.clock.advance(std::time::Duration::from_secs(1));
    let mut browser = Browser::with(header.as_slice());
    let web = world.web();
    let page = browser.open(world, &web.authorize_url(&[])).await;
    let mut at_wechat = query(page.location());
    at_wechat.retain(|(name, _)| name != "state");
    let callback = param(page.location(), "redirect_uri");
    let callback = callback.split("%2Flogin%2F").next().unwrap().to_owned();
    at_wechat.retain(|(name, _)| name != "redirect_uri");
    // WeChat's own proxy is another matter.
    let url = Browser::default().visit_wechat(page.location()).await;
    let page = browser.open(world, &url).await;
    let mut response = query(page.location());
    let code = param(page.location(), "code");
    response.retain(|(name, _)| name != "code");
    let names = browser.cookies.iter().map(|(name, _)| name.as_str());
    let names = names.filter(|name| name.contains("gateway"));
    let cookies: Vec<_> = page
        .headers
        .get_all("set-cookie")
        .iter()
        .map(|cookie| {
            let (_, attributes) = cookie.to_str().unwrap().split_once(';').unwrap();
            attributes.to_owned()
        })
        .collect();
    let claims = web.tokens(&code).await.claims;
    vec![
        at_wechat
            .into_iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect(),
        callback.into(),
        response
            .into_iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect(),
        names.collect(),
        cookies.into(),
        claims["iss"].clone(),
        claims["aud"].clone(),
        claims["sub"].clone(),
        claims["name"].clone(),
    ]
}

/// RFC 9700 §4.13: the issuer's URL is configured, and no header changes any URL.
#[tokio::test]
async fn no_header_changes_a_url_a_cookie_or_a_claim() {
    let world = World::start().await;
    let usual = login(&world, None).await;
    assert_eq!(usual[1], "https://localhost/callback?return_to=");
    for header in FORGED {
        assert_eq!(login(&world, Some(header)).await, usual, "{header:?}");
    }
}

#[tokio::test]
async fn no_header_changes_what_a_client_discovers() {
    let world = World::start().await;
    for path in [
        "/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server",
        "/jwks",
    ] {
        let usual = Browser::default().open(&world, path).await;
        assert!(!usual.body.contains("evil"));
        for header in FORGED {
            let page = Browser::with(&[header]).open(&world, path).await;
            assert_eq!(
                (page.status, &page.body),
                (usual.status, &usual.body),
                "{header:?}"
            );
        }
        // The URL as a proxy receives it.
        let request = Request::get(format!("http://evil.example{path}"));
        let page = world.respond(request.body(Body::empty()).unwrap()).await;
        assert_eq!(page.body, usual.body);
    }
}
