//! Nodes whose key files differ.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    browser::{Browser, Http},
    node::Node,
    postgres::{count, schema},
    site::Site,
};

const OLD: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
const NEW: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
const NOT_READY: &str =
    "the key file differs from that of the other nodes: `weixin gateway check` says what to do\n";

/// A node with a key file of its own.
struct Files {
    config: PathBuf,
    keys: PathBuf,
}

impl Files {
    fn new(site: &Site, url: &str, name: &str) -> Self {
        let keys = site.path(&format!("{name}.key"));
        let config = site.config(&format!("url = \"{url}\""), "");
        let config = config.replace("/gateway.key", &format!("/{name}.key"));
        let config = site.write(&format!("{name}.toml"), &config);
        let files = Self { config, keys };
        files.load(&[OLD]);
        files
    }

    /// A node takes it over within five seconds.
    fn load(&self, keys: &[&str]) {
        fs::write(&self.keys, keys.join("\n")).unwrap();
    }

    fn name(&self) -> String {
        self.keys.display().to_string()
    }
}

fn weixin(arguments: &[&str], config: &Path) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_weixin"));
    command.arg("gateway").args(arguments);
    command.arg("--config").arg(config);
    let output = command.env("LANG", "C").env("RUST_LOG", "error").output();
    let output = output.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

async fn assert_exchanged(http: &Http, nodes: [&Node; 2]) {
    let [one, other] = nodes.map(|node| http.at(node.address));
    let mut browser = Browser::new("xiaoming".to_owned());
    for (begin, end) in [(&one, &other), (&other, &one)] {
        let code = browser.code(begin, "").await.unwrap();
        let tokens = end.redeem(&code).await.unwrap();
        begin.sub(&tokens.access).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_node_that_lacks_the_key_of_the_others_is_not_ready_and_does_not_start() {
    let site = Site::new("http://localhost".to_owned()).await;
    let url = schema().await;
    let [first, second] = ["first", "second"].map(|name| Files::new(&site, &url, name));
    let (one, other) = (Node::start(&first.config), Node::start(&second.config));
    let http = Http::new(&site.issuer);
    assert_exchanged(&http, [&one, &other]).await;

    // The step that gives the new key to all nodes is left out: the node that has it goes on with the old file.
    first.load(&[NEW, OLD]);
    let rejected = format!(
        "{} differs from the key file of the other nodes, which lack the key in its first line: \
         add it to their files as the second line before it becomes the first; \
         if there is no other node, run `weixin gateway keys reseal` with this file",
        first.name()
    );
    while !one.log().contains(&rejected) {
        tokio::task::yield_now().await;
    }
    assert_exchanged(&http, [&one, &other]).await;
    let (code, report, _) = weixin(&["check"], &first.config);
    assert_eq!(code, Some(5), "{report}");
    assert!(
        report.contains("they lack the key in its first line"),
        "{report}"
    );

    // An operator who says that it is right all the same: the other node serves no more.
    assert_eq!(weixin(&["keys", "reseal"], &first.config).0, Some(0));
    assert_eq!(other.until_ready(503).await, NOT_READY);
    // It loads its file again within seconds.
    one.until_ready(200).await;
    let (code, report, _) = weixin(&["check"], &second.config);
    assert_eq!(code, Some(5), "{report}");
    assert!(
        report.contains("it lacks the key by which they sign"),
        "{report}"
    );
    drop(other);
    let (code, _, error) = weixin(&["serve", "--listen", "127.0.0.1:0"], &second.config);
    assert_eq!(code, Some(1));
    assert!(error.contains("cannot be decrypted"), "{error}");

    second.load(&[NEW, OLD]);
    let other = Node::start(&second.config);
    while one.readiness().await.0 != 200 {}
    assert_exchanged(&http, [&one, &other]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_node_whose_first_key_is_its_own_does_not_start() {
    let site = Site::new("http://localhost".to_owned()).await;
    let url = schema().await;
    let [first, second] = ["first", "second"].map(|name| Files::new(&site, &url, name));
    first.load(&[NEW, OLD]);
    let one = Node::start(&first.config);
    let http = Http::new(&site.issuer);
    // The signing keys are encrypted with the old key again, so that both files decrypt them.
    drop(one);
    second.load(&[OLD, NEW]);
    assert_eq!(weixin(&["keys", "reseal"], &second.config).0, Some(0));
    let one = Node::start(&first.config);
    for (keys, difference) in [
        (
            &[OLD][..],
            "which sign with a key that it lacks: copy the file from one of them; \
             if there is no other node, run `weixin gateway keys reseal` with this file",
        ),
        (
            &["AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=", OLD, NEW],
            "which lack the key in its first line: add it to their files as the second line before it becomes the first; \
             if there is no other node, run `weixin gateway keys reseal` with this file",
        ),
    ] {
        second.load(keys);
        let (code, _, error) = weixin(&["serve", "--listen", "127.0.0.1:0"], &second.config);
        let name = second.name();
        let expected =
            format!("error: {name} differs from the key file of the other nodes, {difference}\n");
        assert_eq!((code, error), (Some(1), expected));
    }
    // The node that was there first is not disturbed.
    assert_eq!(one.readiness().await, (200, "ok\n".to_owned()));
    second.load(&[OLD, NEW]);
    let other = Node::start(&second.config);
    assert_exchanged(&http, [&one, &other]).await;
}

/// The mistake of an operator who changes all files in one step: the nodes go on, and `check` tells.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_new_key_on_top_of_all_files_at_once_is_told_by_check() {
    let site = Site::new("http://localhost".to_owned()).await;
    let url = schema().await;
    let files = ["first", "second"].map(|name| Files::new(&site, &url, name));
    let nodes = files.each_ref().map(|files| Node::start(&files.config));
    for (files, node) in files.iter().zip(&nodes) {
        files.load(&[NEW, OLD]);
        while !node.log().contains("which lack the key in its first line") {
            tokio::task::yield_now().await;
        }
        assert_eq!(node.readiness().await, (200, "ok\n".to_owned()));
    }
    for (arguments, told) in [
        (&["check"][..], "they lack the key in its first line"),
        (&["check", "--lang", "zh"], "其他节点没有第一行的密钥"),
    ] {
        let (code, report, _) = weixin(arguments, &files[0].config);
        assert_eq!(code, Some(5), "{report}");
        assert!(report.contains(told), "{report}");
    }
    // A node that starts now says the same, and names the file.
    let serve = ["serve", "--lang", "zh", "--listen", "127.0.0.1:0"];
    let (code, _, error) = weixin(&serve, &files[1].config);
    let expected = format!(
        "错误：密钥文件 {} 与其他节点的不同：其他节点没有第一行的密钥。请先把它作为第二行加入其他节点的密钥文件，再移到第一行；\
         如果没有其他节点，请用此文件运行 `weixin gateway keys reseal`\n",
        files[1].name()
    );
    assert_eq!((code, error), (Some(1), expected));
}

/// Step by step as the manual says, one node after the other.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn both_nodes_stay_ready_while_the_key_file_is_changed() {
    let site = Site::new("http://localhost".to_owned()).await;
    let url = schema().await;
    let files = ["first", "second"].map(|name| Files::new(&site, &url, name));
    let nodes = files.each_ref().map(|files| {
        let mut command = Node::command(&files.config);
        command.env("RUST_LOG", "info");
        Node::spawn(command, &files.config)
    });
    let http = Http::new(&site.issuer);
    let loaded = "the configuration was loaded again";
    let mut loads = [0, 0];
    for (step, keys) in [&[OLD, NEW][..], &[NEW, OLD], &[NEW]]
        .into_iter()
        .enumerate()
    {
        for (index, node) in nodes.iter().enumerate() {
            files[index].load(keys);
            loads[index] += 1;
            while node.log().matches(loaded).count() < loads[index] {
                assert!(!node.log().contains("cannot be used"), "{}", node.log());
                tokio::task::yield_now().await;
            }
            for node in &nodes {
                assert_eq!(node.readiness().await, (200, "ok\n".to_owned()));
            }
            // After the old key is removed, what it has signed is not valid there.
            assert_exchanged(&http, [&nodes[0], &nodes[1]]).await;
        }
        if step == 1 {
            assert_eq!(weixin(&["keys", "reseal"], &files[0].config).0, Some(0));
        }
    }
    let changes = "select count(*) from audit where event = 'key_file.changed'";
    assert_eq!(count(&url, changes).await, 1);
}
