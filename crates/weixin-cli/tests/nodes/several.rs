//! Two nodes on one PostgreSQL.

use std::sync::Arc;

use crate::{
    browser::{Browser, Http, parameter},
    load::{Load, Subs},
    node::Node,
    postgres::{redis, schema},
    proxy::Proxy,
    site::{CALLBACK, Site},
};

async fn nodes(site: &Site, more: &str) -> [Node; 2] {
    let store = format!("url = \"{}\"\n{more}", schema().await);
    let config = site.config(&store, "");
    let [first, second] = ["first.toml", "second.toml"].map(|file| site.write(file, &config));
    [Node::start(&first), Node::start(&second)]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_login_that_begins_on_one_node_ends_on_the_other() {
    let site = Site::new("http://localhost".to_owned()).await;
    let nodes = nodes(&site, "").await;
    let http = Http::new(&site.issuer);
    let [one, other] = nodes.each_ref().map(|node| http.at(node.address));
    for (begin, end) in [(&one, &other), (&other, &one)] {
        let mut browser = Browser::new(site.new_user());
        let wechat = browser.open(begin, &begin.authorize_url("")).await.unwrap();
        let callback = browser.open(begin, &wechat).await.unwrap();
        let url = browser.follow(end, callback).await.unwrap();
        let tokens = begin.redeem(&parameter(&url, "code")).await.unwrap();
        assert_eq!(
            begin.sub(&tokens.access).await.unwrap(),
            end.sub(&tokens.access).await.unwrap()
        );
        // The session is one of both.
        browser.log_in(begin).await.unwrap();
        assert_eq!(browser.scans, 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_callback_that_comes_to_both_nodes_is_exchanged_once() {
    let site = Site::new("http://localhost".to_owned()).await;
    let nodes = nodes(&site, &format!("redis = \"{}\"", redis())).await;
    let http = Http::new(&site.issuer);
    let [one, other] = nodes.each_ref().map(|node| http.at(node.address));
    let mut browser = Browser::new(site.new_user());
    let wechat = browser.open(&one, &one.authorize_url("")).await.unwrap();
    let callback = browser.open(&one, &wechat).await.unwrap();
    let mut twin = browser.clone();
    let (first, second) = tokio::join!(
        browser.follow(&one, callback.clone()),
        twin.follow(&other, callback)
    );
    let mut subs = Vec::new();
    for (url, node) in [(first, &other), (second, &one)] {
        let url = url.unwrap();
        assert!(url.starts_with(CALLBACK), "{url}");
        let tokens = node.redeem(&parameter(&url, "code")).await.unwrap();
        subs.push(node.sub(&tokens.access).await.unwrap());
    }
    assert_eq!(subs[0], subs[1]);
    let requests = site.sim.requests();
    let exchanges = requests
        .iter()
        .filter(|it| it.path == "/sns/oauth2/access_token");
    assert_eq!(exchanges.count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_refresh_on_both_nodes_at_once_has_one_successor() {
    let site = Site::new("http://localhost".to_owned()).await;
    let nodes = nodes(&site, "").await;
    let http = Http::new(&site.issuer).public();
    let [one, other] = nodes.each_ref().map(|node| http.at(node.address));
    let mut tokens = Browser::new(site.new_user()).log_in(&one).await.unwrap();
    for _ in 0..10 {
        let refresh = tokens.refresh.unwrap();
        let (first, second) = tokio::join!(one.refresh(&refresh), other.refresh(&refresh));
        let (first, second) = (first.unwrap(), second.unwrap());
        assert_eq!(first.refresh, second.refresh);
        assert_ne!(first.refresh.as_ref(), Some(&refresh));
        tokens = second;
    }
    one.sub(&tokens.access).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nodes_start_and_log_users_in_without_redis() {
    let site = Site::new("http://localhost".to_owned()).await;
    let missing = format!("redis = \"unix:{}\"", site.path("no.socket").display());
    let nodes = nodes(&site, &missing).await;
    let http = Http::new(&site.issuer).at(nodes[0].address);
    Browser::new(site.new_user()).log_in(&http).await.unwrap();
    assert_eq!(nodes[0].readiness().await.0, 200);
    let log = nodes[0].log();
    assert!(log.contains("Redis ([store] redis): "), "{log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_node_that_is_killed_cuts_its_open_connections_and_loses_no_login() {
    let proxy = Proxy::start().await;
    let site = Arc::new(Site::new(proxy.issuer()).await);
    let [first, second] = nodes(&site, "").await;
    proxy.add(first.address);
    proxy.add(second.address);
    let (http, subs) = (Http::new(&site.issuer), Subs::default());
    let load = Load::start(&site, &http, &subs, 8);
    load.progress(40).await;
    let killed = first.address;
    first.kill();
    load.progress(40).await;
    let mut report = load.stop().await;
    // An error for each connection that the killed node had, and none for the other's.
    assert_eq!(report.cut(), proxy.cut(killed));
    assert_eq!(proxy.cut(second.address), 0);
    report.assert_kept(&subs).await;
    assert_eq!(second.stop("-TERM").await.code(), Some(0));
}
