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

const HTML: (&str, &str) = ("accept", "text/html,application/xhtml+xml,*/*;q=0.8");

#[tokio::test]
async fn an_unknown_url_opened_in_a_browser_is_the_page_with_another_title_and_status() {
    for (path, url) in [
        ("", "/nothing"),
        ("", "/token/nothing"),
        ("/a/b", "/a/b/nothing"),
    ] {
        let world = at(path).await;
        for (language, title, beginning) in [
            (ENGLISH, "Page not found", "is an OpenID Provider: "),
            (
                ("accept-language", "zh-CN"),
                "页面不存在",
                "是 OpenID Provider，",
            ),
        ] {
            let page = Browser::with(&[HTML, language]).open(&world, url).await;
            assert_eq!(page.status, StatusCode::NOT_FOUND, "{url}");
            let (shown_title, text, links) = shown(&page);
            let text_start = format!("{} {beginning}", world.issuer());
            assert!(
                shown_title == title && text.starts_with(&text_start),
                "{}",
                page.body
            );
            let metadata = format!("{}/.well-known/openid-configuration", world.issuer());
            assert_eq!(links, [metadata]);
        }
    }
}

#[tokio::test]
async fn an_unknown_url_is_empty_for_programs_and_outside_of_the_issuers() {
    let world = at("/a/b").await;
    for (accept, url) in [
        ("*/*", "/a/b/nothing"),
        ("application/json", "/a/b/nothing"),
        ("application/json, text/html", "/a/b/nothing"),
        ("text/html", "/nothing"),
        ("text/html", "/a/bc"),
    ] {
        let page = Browser::with(&[("accept", accept)]).open(&world, url).await;
        assert_eq!(
            (page.status, &*page.body),
            (StatusCode::NOT_FOUND, ""),
            "{accept} {url}"
        );
    }
}
