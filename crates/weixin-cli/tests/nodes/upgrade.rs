//! Nodes that are replaced one by one.

use std::sync::Arc;

use sqlx::Executor;

use crate::{
    browser::{Failure, Http},
    load::{Load, Subs},
    node::Node,
    postgres::{connect, schema},
    proxy::Proxy,
    site::{SECRET, Site},
};

/// What the program of the next version does when it starts: migrations that only add, one table in use each.
const NEXT_MIGRATIONS: [&str; 4] = [
    "alter table users add column email text",
    "alter table grants add column note text not null default 'x'",
    "create table devices (id text primary key)",
    "insert into _sqlx_migrations (version, description, success, checksum, execution_time)
    select max(version) + 1, 'next', true, '\\x00', 0 from _sqlx_migrations",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nodes_are_replaced_one_by_one_across_a_migration_without_an_error() {
    let proxy = Proxy::start().await;
    let site = Arc::new(Site::new(proxy.issuer()).await);
    let url = schema().await;
    let config = |more: &str| {
        let config = site.config(&format!("url = \"{url}\""), more);
        // Long enough for the load balancer, which asks all the time.
        config.replace("stop_delay = \"0s\"", "stop_delay = \"3s\"")
    };
    let mut files = ["first.toml", "second.toml"].map(|file| site.write(file, &config("")));
    let mut nodes = files.each_ref().map(|file| Node::start(file));
    for node in &nodes {
        proxy.add(node.address);
    }
    let (http, subs) = (Http::new(&site.issuer), Subs::default());
    let load = Load::start(&site, &http, &subs, 8);
    load.progress(20).await;
    let mut connection = connect(&url).await;
    for statement in NEXT_MIGRATIONS {
        connection.execute(statement).await.unwrap();
    }
    load.progress(20).await;
    // The new configuration has one more client. For a while, one node knows it and the other does not.
    let blog = format!(
        "[[client]]\nid = \"blog\"\nsecret = \"{SECRET}\"\nredirect_uris = [\"https://blog.example/cb\"]"
    );
    for (node, file) in nodes.iter_mut().zip(&mut files) {
        *file = site.write("next.toml", &config(&blog));
        let next = Node::start(file);
        proxy.add(next.address);
        node.signal("-TERM");
        node.until_ready(503).await;
        proxy.remove(node.address);
        let old = std::mem::replace(node, next);
        load.progress(20).await;
        assert_eq!(old.wait().await.code(), Some(0));
    }
    let mut report = load.stop().await;
    assert_eq!(report.cut(), 0, "{:#?}", report.failures);
    report.assert_kept(&subs).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_client_that_one_node_knows_already_disturbs_no_other() {
    let site = Site::new("http://localhost".to_owned()).await;
    let store = format!("url = \"{}\"", schema().await);
    let blog = format!(
        "[[client]]\nid = \"blog\"\nsecret = \"{SECRET}\"\nredirect_uris = [\"https://blog.example/cb\"]"
    );
    let old = Node::start(&site.write("old.toml", &site.config(&store, "")));
    let new = Node::start(&site.write("new.toml", &site.config(&store, &blog)));
    let http = Http::new(&site.issuer);
    let of_blog = |http: &Http| {
        http.authorize_url("")
            .replace("client_id=wiki", "client_id=blog")
            .replace("wiki.example%2Fcallback", "blog.example%2Fcb")
    };
    let mut browser = crate::browser::Browser::new(site.new_user());
    let (at_old, at_new) = (http.at(old.address), http.at(new.address));
    for _ in 0..2 {
        browser.log_in(&at_old).await.unwrap();
        browser.log_in(&at_new).await.unwrap();
        let Err(Failure::Rejected { status, .. }) = browser.open(&at_old, &of_blog(&at_old)).await
        else {
            panic!("the old node does not know the client")
        };
        assert_eq!(status, 400);
        let url = browser.open(&at_new, &of_blog(&at_new)).await.unwrap();
        assert!(url.starts_with("https://blog.example/cb?"), "{url}");
    }
    assert_eq!(browser.scans, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_node_that_may_not_migrate_waits_for_the_command() {
    use std::process::Command;

    let site = Site::new("http://localhost".to_owned()).await;
    let store = format!("url = \"{}\"\nmigrate = false", schema().await);
    let file = site.write("gateway.toml", &site.config(&store, ""));
    let run = |command: &str| {
        let mut program = Command::new(env!("CARGO_BIN_EXE_weixin"));
        program
            .args(["gateway", command, "--config"])
            .arg(&file)
            .env("LANG", "C");
        program.output().unwrap()
    };
    let serve = run("serve");
    let message = "error: the tables are missing or of an earlier version, and `migrate` is false\nremedy: run `weixin gateway migrate`\n";
    assert_eq!(
        (
            serve.status.code(),
            String::from_utf8_lossy(&serve.stderr).as_ref()
        ),
        (Some(1), message)
    );
    let check = run("check");
    assert!(
        String::from_utf8_lossy(&check.stdout).contains("run `weixin gateway migrate`"),
        "{check:?}"
    );
    assert_eq!(run("migrate").status.code(), Some(0));
    let node = Node::start(&file);
    assert_eq!(node.readiness().await.0, 200);
}
