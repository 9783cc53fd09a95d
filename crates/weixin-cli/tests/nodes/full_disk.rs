//! A disk that is full, as the limit of a file's size, which the kernel enforces in the same place.

use std::{fs, process::Command, sync::Arc};

use crate::{
    browser::{Failure, Http},
    load::{Load, Subs},
    node::Node,
    site::Site,
};

/// Sets the largest size of a file that a process writes.
fn limit(node: &Node, size: &str) {
    let mut prlimit = Command::new("prlimit");
    prlimit.args(["--pid", &node.id().to_string(), &format!("--fsize={size}:")]);
    let status = prlimit
        .status()
        .unwrap_or_else(|error| panic!("prlimit (util-linux): {error}"));
    assert!(status.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_full_disk_is_an_error_and_loses_nothing_that_was_confirmed() {
    let site = Arc::new(Site::new("http://localhost".to_owned()).await);
    let store = format!("url = \"sqlite:{}\"", site.path("gateway.db").display());
    let config = site.write("gateway.toml", &site.config(&store, ""));
    // Without the signal, a write beyond the limit is an error, as on a full disk.
    let mut command = Command::new("sh");
    command.args([
        "-c",
        "trap '' XFSZ; exec \"$0\" --json gateway serve --listen 127.0.0.1:0 --config \"$1\"",
    ]);
    command.arg(env!("CARGO_BIN_EXE_weixin")).arg(&config);
    let node = Node::spawn(command, &config);
    let (http, subs) = (Http::new(&site.issuer).at(node.address), Subs::default());
    let load = Load::start(&site, &http, &subs, 8);
    load.progress(30).await;
    let log = fs::metadata(site.path("gateway.db-wal")).unwrap().len();
    limit(&node, &(log + 100_000).to_string());
    while !node.log().contains("a commit failed") {
        tokio::task::yield_now().await;
    }
    let log = node.log();
    let line = log.lines().find(|line| line.contains("a commit failed"));
    let line = line.unwrap();
    assert!(
        ["database or disk is full", "disk I/O error"]
            .iter()
            .any(|cause| line.contains(cause)),
        "{line}"
    );
    let mut full = load.stop().await;
    assert!(!full.failures.is_empty());
    for failure in &full.failures {
        let Failure::Rejected { status, text, .. } = failure else {
            panic!("{failure:?}")
        };
        assert!(status.is_server_error(), "{status} {text}");
    }
    limit(&node, "unlimited");
    // Space is free again: the same process goes on.
    let load = Load::start(&site, &http, &subs, 8);
    load.progress(30).await;
    let mut after = load.stop().await;
    assert!(after.failures.is_empty(), "{:?}", after.failures);
    full.assert_kept(&subs).await;
    after.assert_kept(&subs).await;
    assert_eq!(node.stop("-TERM").await.code(), Some(0));
}
