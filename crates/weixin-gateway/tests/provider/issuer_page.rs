//! The page that a browser shows at the issuer's own URL.

use axum::http::StatusCode;
use serde_json::Value;

use crate::world::{Browser, Options, Page, World, devices::ENGLISH};

/// The title, the text and the links of a page.
fn shown(page: &Page) -> (String, String, Vec<String>) {
    let part = |start: &str, end: &str| {
        let (_, rest) = page.body.split_once(start).unwrap();
        rest.split(end).next().unwrap().to_owned()
    };
    (
        part("<title>", "</title>"),
        part("<p>", "</p>"),
        page.links(),
    )
}

async fn at(path: &'static str) -> World {
    World::with(Options {
        path,
        ..Options::default()
    })
    .await
}

#[tokio::test]
async fn the_issuer_says_what_it_is_and_links_to_its_metadata_in_both_languages() {
    let world = World::start().await;
    let issuer = world.issuer();
    let metadata = format!("{issuer}/.well-known/openid-configuration");
    for (headers, text) in [
        (
            &[ENGLISH][..],
            format!(
                "{issuer} is an OpenID Provider: apps and websites send their users here to log in. To log in, start at the app or website. To connect an app, use this URL as its issuer."
            ),
        ),
        (
            &[("accept-language", "zh-CN")][..],
            format!(
                "{issuer} 是 OpenID Provider，供应用和网站登录使用。如需登录，请从应用或网站进入。接入应用时，请把这个 URL 填写为 issuer。"
            ),
        ),
    ] {
        let page = Browser::with(headers).open(&world, "/").await;
        assert_eq!(page.status, StatusCode::OK);
        assert_eq!(
            shown(&page),
            ("OpenID Provider".to_owned(), text, vec![metadata.clone()])
        );
    }
    let document: Value = world.get(&metadata).await.json();
    assert_eq!(document["issuer"], issuer);
}

#[tokio::test]
async fn the_page_is_at_the_path_of_the_issuer_as_it_was_configured_only() {
    for (path, own, others) in [
        ("", "/", ["//", "/x"]),
        ("/", "/", ["//", "/x"]),
        ("/a/b", "/a/b", ["/", "/a/b/"]),
        ("/a/b/", "/a/b/", ["/", "/a/b"]),
    ] {
        let world = at(path).await;
        assert_eq!(world.get(own).await.status, StatusCode::OK, "{path}");
        for other in others {
            let page = world.get(other).await;
            assert_eq!(page.status, StatusCode::NOT_FOUND, "{path}: {other}");
        }
    }
}
