//! What the pages promise to browsers, and the database to the pages.

use std::sync::Arc;

use axum::{body::Body, http::Request};
use http::HeaderMap;
use tempfile::tempdir;
use tower::ServiceExt;
use weixin::clock::SystemClock;
use weixin_sim::Sim;

use crate::{
    running::{Browser, location, text},
    site::{Database, Site},
    world::{EMAIL, SESSION, WeChat, World, web_login},
};

const PROTECTIONS: [&str; 5] = [
    "cache-control",
    "content-security-policy",
    "referrer-policy",
    "strict-transport-security",
    "x-content-type-options",
];

fn protections(headers: &HeaderMap) -> Vec<String> {
    let values = PROTECTIONS.iter().flat_map(|name| headers.get_all(*name));
    values
        .map(|value| value.to_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn each_page_of_the_site_tells_browsers_what_they_may_do() {
    let world = World::new().await;
    let expected = [
        "no-store",
        "default-src 'none'; style-src 'self'; img-src https: http:; form-action 'self' http: https:; base-uri 'none'; frame-ancestors 'none'",
        "same-origin",
        "nosniff",
    ];
    let mut user = world.registered(EMAIL).await;
    for path in [
        "/",
        "/conflict",
        "/delete",
        "/deleted",
        "/failed",
        "/not-linked",
        "/style.css",
        "/nothing",
    ] {
        for browser in [&mut Browser::default(), &mut user] {
            let page = world.get(browser, path).await;
            assert_eq!(protections(page.headers()), expected, "{path}");
        }
    }
    let refused = user.post_with(&world.at("/logout"), "", &[]).await;
    assert_eq!(protections(refused.headers()), expected);
}

#[tokio::test]
async fn no_code_stays_in_the_address_bar_when_the_database_fails() {
    for (table, is_used) in [("ended_logins", false), ("identities", true)] {
        let world = World::new().await;
        let mut browser = Browser::default();
        let callback = world.allowed(&mut browser, "xiaoming").await;
        let login = browser.0.keys().next().unwrap().clone();
        let drop = sqlx::query(sqlx::AssertSqlSafe(format!("DROP TABLE {table}")));
        drop.execute(&world.site.database.pool).await.unwrap();
        let failed = browser.get(&callback).await;
        let (status, path) = (failed.status().as_u16(), location(&failed));
        assert_eq!((status, path), (303, "/failed".to_owned()), "{table}");
        // The login is forgotten, once its code is used.
        let cookie = failed.headers().get("set-cookie");
        let cookie = cookie.map_or("", |cookie| cookie.to_str().unwrap());
        let is_forgotten = cookie.starts_with(&login) && cookie.ends_with("Max-Age=60");
        assert_eq!(is_forgotten, is_used, "{table} {cookie}");
        let page = world.get(&mut browser, "/failed").await;
        assert_eq!(page.status(), 500);
        assert!(text(&page).contains("出错了"), "{}", text(&page));
        assert!(!browser.0.contains_key(SESSION));
    }
}

#[tokio::test]
async fn over_https_forms_go_to_this_site_and_wechat_only_and_the_browser_stays_with_https() {
    let sim = Sim::start().await.unwrap();
    let url = "https://shop.example";
    let database = Database::open(None, Arc::new(SystemClock)).await.unwrap();
    let login = web_login(&sim, url, WeChat::default());
    let site = Site::new(login, url.to_owned(), database).unwrap();
    let request = Request::get("/").body(Body::empty()).unwrap();
    let page = site.router().oneshot(request).await.unwrap();
    assert_eq!(
        protections(page.headers()),
        [
            "no-store",
            "default-src 'none'; style-src 'self'; img-src https:; form-action 'self' https://open.weixin.qq.com; base-uri 'none'; frame-ancestors 'none'",
            "same-origin",
            "max-age=31536000",
            "nosniff",
        ]
    );
}

#[tokio::test]
async fn a_database_file_lets_readers_go_on_beside_a_writer_and_writers_wait() {
    let directory = tempdir().unwrap();
    let world = World::in_directory(directory.path()).await;
    assert_eq!(world.rows("PRAGMA journal_mode").await, ["wal"]);
    assert_eq!(world.count("PRAGMA busy_timeout").await, 5000);
    let write = world.site.database.write().await.unwrap();
    // On another connection, while the transaction is open.
    assert_eq!(world.count("SELECT COUNT(*) FROM users").await, 0);
    drop(write);
}

#[tokio::test]
async fn a_database_in_memory_survives_requests_that_are_dropped() {
    let world = World::new().await;
    let mut browser = world.registered(EMAIL).await;
    // Dropped at each point of their way, as when visitors close their connections.
    let router = world.site.clone().router();
    for polls in 0..200 {
        let request = Request::get("/").header("cookie", "session=AAAAAAAAAAAAAAAAAAAAAA");
        let request = request.body(Body::empty()).unwrap();
        let visit = tokio::spawn(router.clone().oneshot(request));
        for _ in 0..polls % 20 {
            tokio::task::yield_now().await;
        }
        visit.abort();
    }
    assert!(world.home(&browser).await.contains("joe@shop.example"));
    world.post(&mut browser, "/logout", "").await;
}
