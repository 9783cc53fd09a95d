//! URLs that send a browser elsewhere (RFC 9700 §4.11).

use axum::http::StatusCode;
use data_encoding::BASE64URL_NOPAD;
use url::Url;

use crate::world::{
    Browser, CALLBACK, World,
    browser::{Page, encoded, param},
    database::Rows,
    devices::{CROSS_SITE, ENGLISH},
};

const TARGETS: [&str; 36] = [
    "https://evil.example",
    "https:evil.example",
    "http:/evil.example",
    "//evil.example",
    "///evil.example",
    "////evil.example",
    "/\\evil.example",
    "\\/evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/\r\nLocation: https://evil.example",
    "/\0/evil.example",
    " //evil.example",
    "/ /evil.example",
    "\u{2028}//evil.example",
    "/\u{ff0f}evil.example",
    "%2F%2Fevil.example",
    "%2f%5cevil.example",
    "/%2Fevil.example",
    "/%5Cevil.example",
    "/%09/evil.example",
    "/.//evil.example",
    "/..//evil.example",
    "/login/..//evil.example",
    "/login//evil.example",
    "/login/%2e%2e/%2e%2e//evil.example",
    "/login/aaaaaaaaaaaaaaaaaaaaaaaaaa@evil.example",
    "/login/aaaaaaaaaaaaaaaaaaaaaaaaaa?next=//evil.example",
    "/login/aaaaaaaaaaaaaaaaaaaaaaaaaa#//evil.example",
    "@evil.example",
    ".evil.example",
    ":@evil.example",
    "javascript:alert(1)//evil.example",
    "data:text/html,evil.example",
    "/authorize?redirect_uri=https://evil.example",
];

/// Each URL to which a response leads is the gateway's own, the client's, or WeChat's page for this gateway.
fn assert_stays(world: &World, page: &Page, what: &str) {
    let mut urls = page.links();
    urls.extend(
        page.headers
            .get("location")
            .map(|url| url.to_str().unwrap().to_owned()),
    );
    urls.extend(
        page.headers
            .get("refresh")
            .map(|url| url.to_str().unwrap().to_owned()),
    );
    let base = Url::parse("https://localhost/callback").unwrap();
    for url in urls {
        if url.starts_with(world.sim.url()) {
            let callback = param(&url, "redirect_uri");
            let callback = Url::parse(&callback).unwrap();
            assert_eq!(callback.host_str(), Some("localhost"), "{what}: {url}");
            assert_eq!(callback.path(), "/callback", "{what}: {url}");
            continue;
        }
        let target = base.join(&url).unwrap();
        let is_client = url.starts_with(&format!("{CALLBACK}?"));
        assert!(
            is_client || target.host_str() == Some("localhost"),
            "{what}: {url}"
        );
        assert!(is_client || target.scheme() == "https", "{what}: {url}");
    }
    assert!(
        !page.body.contains("evil.example\""),
        "{what}: {}",
        page.body
    );
}

/// `mod_auth_openidc` CVE-2019-14857, CVE-2019-20479, CVE-2021-32786, CVE-2021-39191 (`target_link_uri`), CVE-2022-23527;
/// oauth2-proxy CVE-2020-4037, CVE-2020-5233, CVE-2020-11053 (`rd`); casdoor CVE-2024-41658.
#[tokio::test]
async fn no_parameter_and_no_path_leads_elsewhere() {
    let world = World::start().await;
    let mut logged_in = Browser::with(&[ENGLISH]);
    world.web().log_in(&mut logged_in, &[]).await;
    let rows = world.rows().await;
    for target in TARGETS {
        let value = encoded(&[("return_to", target)]);
        let base64 = encoded(&[("return_to", &BASE64URL_NOPAD.encode(target.as_bytes()))]);
        let state = "0123456789012345678901";
        for value in [&value, &base64] {
            let urls = [
                format!("/callback?{value}"),
                format!("/callback?login_error=expired&{value}"),
                format!("/callback?login_again=1&{value}"),
                format!("/callback?code=071&state={state}&{value}"),
                format!("/callback?code=071&state={state}&login_restarted=1&{value}"),
                world.web().authorize_url(&[
                    ("prompt", "login"),
                    ("return_to", target),
                    ("target_link_uri", target),
                    ("rd", target),
                ]),
            ];
            for url in urls {
                for browser in [
                    &mut Browser::with(&[ENGLISH]),
                    &mut logged_in.clone(),
                    &mut Browser::with(&[CROSS_SITE]),
                ] {
                    let page = browser.open(&world, &url).await;
                    assert_stays(&world, &page, &url);
                    if page.status == StatusCode::SEE_OTHER && page.location().starts_with('/') {
                        let next = page.location().to_owned();
                        assert_stays(&world, &browser.open(&world, &next).await, &url);
                    }
                }
            }
        }
        // As a path of its own.
        let path = encoded(&[("", target)]).split_off(1).replace('+', "%20");
        for url in [
            format!("/login/{path}"),
            format!("//{path}/login"),
            format!("/{path}"),
            format!("//evil.example/{path}"),
        ] {
            let page = logged_in.open(&world, &url).await;
            assert!(page.status.is_client_error(), "{url}: {}", page.status);
            assert_stays(&world, &page, &url);
        }
    }
    assert_eq!(world.rows().await, rows);
}

/// A login that a stranger has begun with another path ends on a page: the code is not even exchanged.
#[tokio::test]
async fn a_login_that_leads_to_no_request_is_not_completed() {
    let world = World::start().await;
    for path in [
        "/evil",
        "/login",
        "/login/",
        "/callback",
        "/authorize",
        "/login/aaaaaaaaaaaaaaaaaaaaaaaaaa",
    ] {
        let mut victim = Browser::with(&[ENGLISH]);
        let value = encoded(&[("return_to", path)]);
        let page = victim
            .open(
                &world,
                &format!("/callback?code=071&state=0123456789012345678901&{value}"),
            )
            .await;
        // No login begins there.
        assert_eq!(page.location(), "/callback?login_error=expired", "{path}");
        assert_eq!(victim.cookies, []);
    }
    assert_eq!(world.sim.request_count(), 0);
    assert_eq!(world.rows().await, Rows::default());
}
