//! Redirect URIs that are almost the registered one (RFC 9700 §2.1, §4.1).

use axum::http::StatusCode;
use weixin_gateway::Config;

use crate::world::{Browser, CALLBACK, RelyingParty, World};

/// Each is what some provider once took for `https://rp.example/callback`.
const MANGLED: [&str; 60] = [
    "https://rp.example/callback/",
    "https://rp.example/callback?",
    "https://rp.example/callback?next=https://evil.example",
    "https://rp.example/callback&next=https://evil.example",
    "https://rp.example/callback;next",
    "https://rp.example/callback#",
    "https://rp.example/callback#fragment",
    "https://rp.example/callback%23fragment",
    "https://rp.example/Callback",
    "https://rp.example/CALLBACK",
    "HTTPS://rp.example/callback",
    "https://RP.example/callback",
    "http://rp.example/callback",
    "https://rp.example:443/callback",
    "https://rp.example:8443/callback",
    "https://rp.example:/callback",
    "https://rp.example./callback",
    "https://rp.example//callback",
    "https://rp.example/./callback",
    "https://rp.example/x/../callback",
    "https://rp.example/callback/../evil",
    "https://rp.example/callback/..;/evil",
    "https://rp.example/callback%2f..%2fevil",
    "https://rp.example/%63allback",
    "https://rp.example/callback%00",
    "https://rp.example/callback%20",
    "https://rp.example/callback%0d%0aSet-Cookie:x=1",
    "https://rp.example\\callback",
    "https:\\\\rp.example\\callback",
    "https://rp.example/\\evil.example",
    "https://evil.example\\@rp.example/callback",
    "https://user@rp.example/callback",
    "https://user:password@rp.example/callback",
    "https://rp.example@evil.example/callback",
    "https://rp.example%40evil.example/callback",
    "https://rp.example%2f@evil.example/callback",
    "https://evil.example/callback",
    "https://evil.example/https://rp.example/callback",
    "https://evil.example?https://rp.example/callback",
    "https://evil.example#https://rp.example/callback",
    "https://rp.example.evil.example/callback",
    "https://evilrp.example/callback",
    "https://sub.rp.example/callback",
    "https://rpxexample/callback",
    "https://rp\u{3002}example/callback",
    "https://\u{440}p.example/callback",
    "//rp.example/callback",
    "/callback",
    "rp.example/callback",
    "https:rp.example/callback",
    "https:/rp.example/callback",
    "https:///rp.example/callback",
    " https://rp.example/callback",
    "https://rp.example/callback ",
    "https://rp.example/callback\n",
    "https://rp.example/callback\0",
    "\thttps://rp.example/callback",
    "https://rp.example/callback https://evil.example",
    "https://rp.example/*",
    "*",
];

/// An error page, which names nothing that was sent, and no redirect.
async fn assert_rejected(world: &World, client: RelyingParty<'_>, redirect_uri: &str) {
    let mut browser = Browser::default();
    for prompt in ["", "none", "nonsense"] {
        let changes = [("redirect_uri", redirect_uri), ("prompt", prompt)];
        let url = client.authorize_url(&changes);
        let params = client.params(&changes);
        let form: Vec<_> = params
            .iter()
            .map(|(name, value)| (&**name, &**value))
            .collect();
        let pages = [
            browser.open(world, &url).await,
            browser.post(world, "/authorize", &form).await,
        ];
        for page in pages {
            assert_eq!(page.status, StatusCode::BAD_REQUEST, "{redirect_uri:?}");
            assert_eq!(page.header("location"), "", "{redirect_uri:?}");
            assert!(
                !page.body.contains("evil"),
                "{redirect_uri:?}: {}",
                page.body
            );
            assert!(!page.body.contains("a state"), "{}", page.body);
        }
    }
    assert_eq!(browser.cookies, []);
}

/// RFC 9700 §2.1, §4.1; keycloak CVE-2023-6291, CVE-2023-6927, CVE-2024-1132, CVE-2024-8883; fosite CVE-2020-15234 (case);
/// authentik CVE-2024-52289 (a dot of a pattern); oauth2-proxy CVE-2021-21291 (the end of a host name).
#[tokio::test]
async fn an_address_that_differs_in_any_character_is_no_redirect_uri() {
    let world = World::start().await;
    for redirect_uri in MANGLED {
        assert_rejected(&world, world.web(), redirect_uri).await;
    }
    // Those of the other clients, too.
    for client in [world.other(), world.app()] {
        assert_rejected(&world, world.web(), client.redirect_uri).await;
    }
    assert_eq!(world.count("requests").await, 0);
}

/// keycloak CVE-2022-4361, authentik CVE-2024-21637, hydra CVE-2019-8400, casdoor CVE-2024-41658.
#[tokio::test]
async fn no_script_is_a_redirect_uri_or_reaches_a_page() {
    let world = World::start().await;
    for script in [
        "javascript:alert(1)//evil",
        "JavaScript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "vbscript:evil",
        "https://rp.example/callback\"><script>evil()</script>",
        "https://rp.example/callback'-evil()-'",
    ] {
        assert_rejected(&world, world.web(), script).await;
        assert_rejected(&world, world.app(), script).await;
    }
    // An operator cannot register one either.
    for uri in [
        "javascript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "file:///x",
    ] {
        let client =
            format!("[[client]]\nid = \"spa\"\npublic = true\nredirect_uris = [\"{uri}\"]\n");
        let config = Config::parse(&format!("{}{client}", world.config()));
        assert!(config.is_err(), "{uri}");
    }
}

/// RFC 8252 §7.3, §8.3; fosite CVE-2020-15233 (the loopback address overridden).
#[tokio::test]
async fn only_the_port_of_a_native_client_may_differ() {
    let world = World::start().await;
    for other in [
        "http://127.0.0.1:/callback",
        "http://127.0.0.1:0/callback",
        "http://127.0.0.1:080/callback",
        "http://127.0.0.1:+80/callback",
        "http://127.0.0.1:-1/callback",
        "http://127.0.0.1:65536/callback",
        "http://127.0.0.1:80:80/callback",
        "http://127.0.0.1:8\u{663}/callback",
        "http://127.0.0.1:80@evil.example/callback",
        "http://127.0.0.1:80@evil.example:80/callback",
        "http://127.0.0.1@evil.example/callback",
        "http://127.0.0.1.evil.example/callback",
        "http://127.0.0.1:80.evil.example/callback",
        "http://127.0.0.1:80/evil/callback",
        "http://127.0.0.1:80/callback/",
        "http://127.0.0.1:80//callback",
        "http://127.0.0.1:80/callback?evil",
        "http://127.0.0.1:80/callback#evil",
        "http://127.0.0.1:80\\callback",
        "http://127.0.0.1:80%2fcallback",
        "https://127.0.0.1:80/callback",
        "http://localhost:80/callback",
        "http://[::1]:80/callback",
        "http://[::ffff:127.0.0.1]:80/callback",
        "http://127.0.0.2:80/callback",
        "http://127.1:80/callback",
        "http://0177.0.0.1:80/callback",
        "http://2130706433:80/callback",
        "http://0.0.0.0:80/callback",
    ] {
        assert_rejected(&world, world.app(), other).await;
    }
    // Not that of a confidential client.
    let port = "https://rp.example:8080/callback";
    assert_rejected(&world, world.web(), port).await;
    assert_eq!(world.count("requests").await, 0);
    // What a native client may do; and its code is bound to that port.
    let app = world
        .app()
        .with_redirect_uri("http://127.0.0.1:49152/callback");
    let url = app.callback(&mut Browser::default(), &[]).await;
    assert!(
        url.starts_with("http://127.0.0.1:49152/callback?code="),
        "{url}"
    );
    let code = crate::world::browser::param(&url, "code");
    let elsewhere = app.with_redirect_uri("http://127.0.0.1:49153/callback");
    let page = elsewhere.redeem(&code, &[]).await;
    assert_eq!(page.json()["error"], "invalid_grant");
    app.tokens(&code).await;
}

/// RFC 6749 §3.1.2; RFC 9700 §4.1: without a redirect URI, or with two, there is no place for an error but a page.
#[tokio::test]
async fn a_missing_or_repeated_redirect_uri_or_client_is_an_error_page() {
    let world = World::start().await;
    let mut browser = Browser::default();
    let url = world.web().authorize_url(&[]);
    let without = |name| world.web().authorize_url(&[(name, "")]);
    for url in [
        without("redirect_uri"),
        without("client_id"),
        format!("{url}&redirect_uri={CALLBACK}"),
        format!("{url}&redirect_uri=https://evil.example"),
        format!("{url}&redirect%5Furi=https://evil.example"),
        format!("{url}&redirect_uri="),
        format!("{url}&client_id=other"),
        format!("{url}&client_id=web"),
        url.replace("client_id=web", "client_id=Web"),
        url.replace("client_id=web", "client_id=other"),
        url.replace("client_id=web", "client_id=web%00"),
        url.replace("client_id=web", "client_id=web%20"),
        url.replace("client_id=web", "client_id=web'%20or%20'1'='1"),
    ] {
        let page = browser.open(&world, &url).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{url}");
        assert_eq!(page.header("location"), "", "{url}");
    }
    assert_eq!(world.count("requests").await, 0);
}
