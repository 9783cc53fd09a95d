//! Headers that each endpoint must have, or must not have: CORS (RFC 9700 §2.6) and caches (RFC 6749 §5.1).

use axum::{
    body::Body,
    http::{Method, Request, StatusCode},
};

use crate::world::{Options, Page, World};

/// The endpoints that a script of any site may call, and those that it must not.
const FOR_SCRIPTS: [(Method, &str); 9] = [
    (Method::GET, "/.well-known/openid-configuration"),
    (Method::GET, "/jwks"),
    (Method::POST, "/par"),
    (Method::POST, "/token"),
    (Method::GET, "/userinfo"),
    (Method::POST, "/userinfo"),
    (Method::GET, "/userinfo?access_token=x"),
    (Method::POST, "/token?x"),
    (Method::POST, "/revoke"),
];
const FOR_BROWSERS: [(Method, &str); 7] = [
    (Method::GET, "/authorize"),
    (Method::POST, "/authorize"),
    (Method::GET, "/login/aaaaaaaaaaaaaaaaaaaaaaaaaa"),
    (Method::GET, "/consent/aaaaaaaaaaaaaaaaaaaaaaaaaa"),
    (Method::POST, "/consent/aaaaaaaaaaaaaaaaaaaaaaaaaa"),
    (Method::GET, "/callback?code=x&state=x"),
    (Method::POST, "/introspect"),
];
const ABOVE_ISSUERS: [(Method, &str, &str); 4] = [
    (
        Method::GET,
        "/.well-known/openid-configuration/tenant",
        "public, max-age=3600",
    ),
    (
        Method::GET,
        "/.well-known/oauth-authorization-server/tenant",
        "public, max-age=3600",
    ),
    (Method::GET, "/healthz", "no-store"),
    (Method::GET, "/readyz", "no-store"),
];

/// A request of a script at another site.
async fn from_script(world: &World, method: &Method, url: &str) -> Page {
    let request = Request::builder()
        .method(method)
        .uri(url)
        .header("origin", "https://spa.example");
    world.respond(request.body(Body::empty()).unwrap()).await
}

/// What a browser asks before such a request.
async fn preflight(world: &World, method: &Method, url: &str) -> Page {
    let request = Request::options(url)
        .header("origin", "https://spa.example")
        .header("access-control-request-method", method.as_str())
        .header(
            "access-control-request-headers",
            "authorization,content-type",
        );
    world.respond(request.body(Body::empty()).unwrap()).await
}

/// The headers of CORS, sorted.
fn cors(page: &Page) -> Vec<String> {
    let headers = page
        .headers
        .iter()
        .filter(|(name, _)| name.as_str().starts_with("access-control-"));
    let mut lines: Vec<_> = headers
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
        .collect();
    lines.sort();
    lines
}

async fn tenant() -> World {
    World::with(Options {
        path: "/tenant",
        ..Options::default()
    })
    .await
}

fn below(path: &'static str) -> impl Fn(&(Method, &str)) -> (Method, String) {
    move |(method, url)| (method.clone(), format!("{path}{url}"))
}

#[tokio::test]
async fn scripts_of_any_site_may_call_the_endpoints_that_read_no_cookie() {
    let world = tenant().await;
    let above = ABOVE_ISSUERS
        .iter()
        .take(2)
        .map(|(method, url, _)| (method.clone(), (*url).to_owned()));
    for (method, url) in FOR_SCRIPTS.iter().map(below("/tenant")).chain(above) {
        let page = from_script(&world, &method, &url).await;
        let expected = [
            "access-control-allow-origin: *",
            "access-control-expose-headers: www-authenticate",
        ];
        assert_eq!(cors(&page), expected, "{method} {url}");
        let page = preflight(&world, &method, &url).await;
        assert_eq!(page.status, StatusCode::OK, "{method} {url}");
        let expected = [
            "access-control-allow-headers: authorization,content-type",
            "access-control-allow-methods: GET,POST",
            "access-control-allow-origin: *",
            "access-control-max-age: 3600",
        ];
        assert_eq!(cors(&page), expected, "{method} {url}");
    }
}

#[tokio::test]
async fn scripts_of_other_sites_may_call_nothing_else() {
    let world = tenant().await;
    let above = ABOVE_ISSUERS
        .iter()
        .skip(2)
        .map(|(method, url, _)| (method.clone(), (*url).to_owned()));
    let absent = [
        (Method::GET, "/tenant/nothing".to_owned()),
        (Method::GET, "/".to_owned()),
    ];
    let all = FOR_BROWSERS
        .iter()
        .map(below("/tenant"))
        .chain(above)
        .chain(absent);
    for (method, url) in all {
        let pages = [
            from_script(&world, &method, &url).await,
            preflight(&world, &method, &url).await,
        ];
        for page in pages {
            assert_eq!(cors(&page), [""; 0], "{method} {url}");
        }
    }
}

#[tokio::test]
async fn caches_keep_discovery_for_an_hour_keys_for_a_minute_and_nothing_else() {
    let world = tenant().await;
    let cache = |url: &str| {
        if url.ends_with("/jwks") {
            "public, max-age=60"
        } else if url.contains("/.well-known/") {
            "public, max-age=3600"
        } else {
            "no-store"
        }
    };
    for (method, url) in FOR_SCRIPTS
        .iter()
        .chain(&FOR_BROWSERS)
        .map(below("/tenant"))
    {
        let page = from_script(&world, &method, &url).await;
        assert_eq!(
            page.header("cache-control"),
            cache(&url),
            "{method} {url}: {}",
            page.status
        );
    }
    for (method, url, cache) in ABOVE_ISSUERS {
        let page = from_script(&world, &method, url).await;
        assert_eq!(
            (page.status, page.header("cache-control")),
            (StatusCode::OK, cache),
            "{url}"
        );
    }
}

/// The responses of a login that succeeds, each with a code, a token or a claim in it.
#[tokio::test]
async fn no_cache_keeps_a_response_of_a_login() {
    let world = World::start().await;
    let web = world.web();
    let mut browser = crate::world::Browser::default();
    let start = browser.open(&world, &web.authorize_url(&[])).await;
    let callback = browser.visit_wechat(start.location()).await;
    let response = browser.open(&world, &callback).await;
    let code = crate::world::browser::param(response.location(), "code");
    let token = web.redeem(&code, &[]).await;
    let access_token = token.json()["access_token"].as_str().unwrap().to_owned();
    let userinfo = web.userinfo(&access_token).await;
    let by_session = browser.open(&world, &web.authorize_url(&[])).await;
    for page in [start, response, token, userinfo, by_session] {
        assert!(
            page.status.is_success() || page.status.is_redirection(),
            "{}",
            page.body
        );
        let headers = ["cache-control", "referrer-policy", "x-content-type-options"]
            .map(|it| page.header(it));
        assert_eq!(headers, ["no-store", "no-referrer", "nosniff"]);
    }
}
