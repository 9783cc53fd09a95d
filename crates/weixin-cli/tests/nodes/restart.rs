//! PostgreSQL that restarts while nodes serve.

use std::sync::Arc;

use crate::{
    browser::Http,
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
    tokio::task::block_in_place(|| server.stop());
    for node in &nodes {
        assert_eq!(node.until_ready(503).await, "the store does not respond\n");
    }
    tokio::task::block_in_place(|| server.start_again());
    for node in &nodes {
        assert_eq!(node.until_ready(200).await, "ok\n");
    }
    load.progress(20).await;
    let mut report = load.stop().await;
    report.assert_kept(&subs).await;
    for node in nodes {
        assert!(node.log().contains("not ready"));
        assert_eq!(node.stop("-TERM").await.code(), Some(0));
    }
}
