//! PostgreSQL that restarts while nodes serve.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use reqwest::StatusCode;

use crate::{
    browser::{Browser, Failure, Http, Tokens},
    load::{Load, Subs},
    node::Node,
    postgres::Server,
    proxy::Proxy,
    site::Site,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nodes_recover_when_postgresql_has_restarted() {
    let server = tokio::task::spawn_blocking(Server::start).await.unwrap();
    let proxy = Proxy::start().await;
    let site = Arc::new(Site::new(proxy.issuer()).await);
    let config = site.config(&format!("url = \"{}\"", server.url()), "");
    let nodes = ["first.toml", "second.toml"].map(|file| Node::start(&site.write(file, &config)));
    for node in &nodes {
        proxy.add(node.address);
    }
    let (http, subs) = (Http::new(&site.issuer), Subs::default());
    let load = Load::start(&site, &http, &subs, 8);
    load.progress(20).await;
    let mut browser = Browser::new(site.new_user());
    let tokens = browser.log_in(&http).await.unwrap();
    tokio::task::block_in_place(|| server.stop());
    for node in &nodes {
        assert_eq!(node.until_ready(503).await, "the store does not respond\n");
    }
    for node in &nodes {
        assert_waits(&http.at(node.address), &mut browser, &tokens).await;
    }
    tokio::task::block_in_place(|| server.start_again());
    for node in &nodes {
        assert_eq!(node.until_ready(200).await, "ok\n");
    }
    load.progress(20).await;
    let mut report = load.stop().await;
    assert!(!report.failures.is_empty());
    assert!(
        report.failures.iter().all(is_away),
        "{:#?}",
        report.failures
    );
    report.assert_kept(&subs).await;
    for node in nodes {
        assert!(node.log().contains("not ready"));
        assert_eq!(node.stop("-TERM").await.code(), Some(0));
    }
}

/// A page and an endpoint wait for the server before they fail.
async fn assert_waits(node: &Http, browser: &mut Browser, tokens: &Tokens) {
    let begin = Instant::now();
    let url = node.authorize_url("");
    let (page, endpoint) = tokio::join!(browser.open(node, &url), node.sub(&tokens.access));
    let took = begin.elapsed();
    for failure in [page.unwrap_err(), endpoint.unwrap_err()] {
        assert!(is_away(&failure), "{failure:#?}");
    }
    assert!(took > Duration::from_millis(4_500), "{took:?}");
}

/// What a program or a browser can repeat.
fn is_away(failure: &Failure) -> bool {
    match failure {
        Failure::Cut(_) => true,
        Failure::Rejected {
            status,
            retry_after,
            ..
        } => *status == StatusCode::SERVICE_UNAVAILABLE && retry_after.as_deref() == Some("5"),
    }
}
