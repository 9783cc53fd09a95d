//! Nodes whose key files differ.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use sqlx::Executor;
use weixin_gateway::{KeyFileDifference, LOST_KEY};

use crate::{
    browser::{Browser, Http, parameter},
    node::Node,
    postgres::{connect, count, redis, schema},
    site::Site,
};

const OLD: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
const NEW: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
const LOADED: &str = "the configuration was loaded again";
const NOT_READY: &str =
    "the key file differs from that of the other nodes: `weixin gateway check` says what to do\n";

const UNKNOWN: KeyFileDifference = KeyFileDifference::OwnIsUnknown;

/// A node with a key file of its own.
struct Files {
    config: PathBuf,
    keys: PathBuf,
}

impl Files {
    fn new(site: &Site, url: &str, name: &str) -> Self {
        Self::with(site, &format!("url = \"{url}\""), name)
    }

    /// The same with the lines of the table `[store]`.
    fn with(site: &Site, store: &str, name: &str) -> Self {
        let keys = site.path(&format!("{name}.key"));
        let config = site.config(store, "");
        let config = config.replace("/gateway.key", &format!("/{name}.key"));
        let config = site.write(&format!("{name}.toml"), &config);
        let files = Self { config, keys };
        files.load(&[OLD]);
        files
    }

    /// A node takes it over within ten seconds.
    fn load(&self, keys: &[&str]) {
        fs::write(&self.keys, keys.join("\n")).unwrap();
    }

    /// A node that logs which files it has loaded.
    fn start(&self) -> Node {
        let mut command = Node::command(&self.config);
        command.env("RUST_LOG", "info");
        Node::spawn(command, &self.config)
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
        "{} has a key in its first line that another node lacks: {}",
        first.name(),
        UNKNOWN.remedy().en
    );
    while !one.log().contains(&rejected) {
        tokio::task::yield_now().await;
    }
    assert_exchanged(&http, [&one, &other]).await;
    let (code, report, _) = weixin(&["check"], &first.config);
    assert_eq!(code, Some(5), "{report}");
    assert!(report.contains(UNKNOWN.description().en), "{report}");
    assert!(report.contains(UNKNOWN.remedy().en), "{report}");

    // An operator who says that it is right all the same: the other node serves no more.
    assert_eq!(weixin(&["keys", "reseal"], &first.config).0, Some(0));
    assert_eq!(other.until_ready(503).await, NOT_READY);
    // It loads its file again within seconds.
    one.until_ready(200).await;
    let (code, report, _) = weixin(&["check"], &second.config);
    assert_eq!(code, Some(5), "{report}");
    // Its file does not decrypt the signing keys.
    assert!(report.contains(LOST_KEY.en), "{report}");
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
        (&[OLD][..], KeyFileDifference::LacksTheirs),
        (
            &["AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=", OLD, NEW],
            UNKNOWN,
        ),
    ] {
        second.load(keys);
        let (code, _, error) = weixin(&["serve", "--listen", "127.0.0.1:0"], &second.config);
        let name = second.name();
        let (description, remedy) = (difference.description().en, difference.remedy().en);
        let expected = format!("error: {name} {description}: {remedy}\n");
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
    let nodes = files.each_ref().map(Files::start);
    for (files, node) in files.iter().zip(&nodes) {
        files.load(&[NEW, OLD]);
        while !node.log().contains(UNKNOWN.description().en) {
            tokio::task::yield_now().await;
        }
        assert_eq!(node.readiness().await, (200, "ok\n".to_owned()));
    }
    for (arguments, told) in [
        (&["check"][..], UNKNOWN.description().en),
        (&["check", "--lang", "zh"], UNKNOWN.description().zh),
    ] {
        let (code, report, _) = weixin(arguments, &files[0].config);
        assert_eq!(code, Some(5), "{report}");
        assert!(report.contains(told), "{report}");
    }
    // A node that starts now says the same, and names the file.
    let serve = ["serve", "--lang", "zh", "--listen", "127.0.0.1:0"];
    let (code, _, error) = weixin(&serve, &files[1].config);
    let expected = format!(
        "错误：密钥文件 {} {}。{}\n",
        files[1].name(),
        UNKNOWN.description().zh,
        UNKNOWN.remedy().zh
    );
    assert_eq!((code, error), (Some(1), expected));

    // The command that the message names: all nodes load the file that they rejected.
    assert_eq!(weixin(&["keys", "reseal"], &files[0].config).0, Some(0));
    for node in &nodes {
        while !node.log().contains(LOADED) {
            tokio::task::yield_now().await;
        }
    }
    for node in &nodes {
        node.until_ready(200).await;
    }
    assert_exchanged(&Http::new(&site.issuer), [&nodes[0], &nodes[1]]).await;
    let (_, report, _) = weixin(&["check"], &files[0].config);
    assert!(!report.contains("key file"), "{report}");
}

/// The step that gives the new key to the other node is forgotten, and the file is put back as it was.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_key_that_the_other_node_has_not_loaded_never_signs_and_can_be_taken_back() {
    let site = Site::new("http://localhost".to_owned()).await;
    let url = schema().await;
    let files = ["first", "second"].map(|name| Files::new(&site, &url, name));
    let nodes = files.each_ref().map(Files::start);
    let [one, two] = &nodes;
    assert_exchanged(&Http::new(&site.issuer), [one, two]).await;
    let loads = || two.log().matches(LOADED).count();
    files[1].load(&[OLD, NEW]);
    while loads() < 1 {
        tokio::task::yield_now().await;
    }
    files[1].load(&[NEW, OLD]);
    while !two.log().contains(UNKNOWN.description().en) {
        assert_eq!(loads(), 1, "{}", two.log());
        tokio::task::yield_now().await;
    }
    for node in &nodes {
        assert_eq!(node.readiness().await, (200, "ok\n".to_owned()));
    }
    files[1].load(&[OLD]);
    while loads() < 2 {
        tokio::task::yield_now().await;
    }
    assert_exchanged(&Http::new(&site.issuer), [one, two]).await;

    // Two nodes of which each lacks the key of the other, as a former program has left them: the file of both is right again.
    let row = "update audit set detail = 'abcdefghijklmnop ' || detail where id = 'key_file'";
    let mut store = connect(&url).await;
    store.execute(row).await.unwrap();
    one.until_ready(200).await;
    drop(nodes);
    let restarted = files.each_ref().map(Files::start);
    assert_exchanged(&Http::new(&site.issuer), [&restarted[0], &restarted[1]]).await;
}

/// All nodes are stopped, and one starts that lacks the key by which they have signed: tokens would become invalid unnoticed.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_node_alone_that_lacks_the_key_of_those_before_does_not_start() {
    const FORMER: KeyFileDifference = KeyFileDifference::LacksFormer;
    let site = Site::new("http://localhost".to_owned()).await;
    let url = schema().await;
    let files = Files::new(&site, &url, "gateway");
    for keys in [&[OLD][..], &[NEW, OLD]] {
        files.load(keys);
        Node::start(&files.config).stop("-TERM").await;
    }
    // It decrypts all signing keys.
    files.load(&[OLD]);
    let serve = ["serve", "--listen", "127.0.0.1:0"];
    let (code, _, error) = weixin(&serve, &files.config);
    let name = files.name();
    let (description, remedy) = (FORMER.description().en, FORMER.remedy().en);
    let expected = format!("error: {name} {description}: {remedy}\n");
    assert_eq!((code, error), (Some(1), expected));
    let (code, report, _) = weixin(&["check"], &files.config);
    assert_eq!(code, Some(5), "{report}");
    assert!(report.contains(description), "{report}");

    // The former line, and then the command that the message names.
    files.load(&[OLD, NEW]);
    Node::start(&files.config).stop("-TERM").await;
    files.load(&[NEW]);
    let (code, _, error) = weixin(&serve, &files.config);
    assert_eq!(code, Some(1));
    assert!(error.contains("cannot be decrypted"), "{error}");
    files.load(&[NEW, OLD]);
    Node::start(&files.config).stop("-TERM").await;
    files.load(&[OLD]);
    assert_eq!(weixin(&["keys", "reseal"], &files.config).0, Some(0));
    let (one, other) = (Node::start(&files.config), Node::start(&files.config));
    assert_exchanged(&Http::new(&site.issuer), [&one, &other]).await;
}

/// The key file lacks the master key of the newest signing key, and decrypts the one before it, which is still published.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_node_that_decrypts_only_some_signing_keys_starts_after_the_commands_that_the_message_names()
 {
    let site = Site::new("http://localhost".to_owned()).await;
    let url = schema().await;
    let files = Files::new(&site, &url, "gateway");
    Node::start(&files.config).stop("-TERM").await;
    files.load(&[NEW, OLD]);
    assert_eq!(
        weixin(&["keys", "rotate", "--now"], &files.config).0,
        Some(0)
    );
    files.load(&[OLD]);
    let (code, _, error) = weixin(&["serve", "--listen", "127.0.0.1:0"], &files.config);
    let expected = format!(
        "error: a signing key cannot be decrypted: its master key is not in {}\nremedy: {}\n",
        files.name(),
        LOST_KEY.en
    );
    assert_eq!((code, error), (Some(1), expected));
    // No node has made another key meanwhile.
    assert_eq!(count(&url, "select count(*) from keys").await, 2);
    for arguments in [
        &["keys", "rotate", "--now", "--revoke"][..],
        &["keys", "reseal"],
    ] {
        assert_eq!(weixin(arguments, &files.config).0, Some(0));
    }
    let (one, other) = (Node::start(&files.config), Node::start(&files.config));
    assert_exchanged(&Http::new(&site.issuer), [&one, &other]).await;
}

/// Step by step as the manual says, one node after the other.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn both_nodes_stay_ready_while_the_key_file_is_changed() {
    let site = Site::new("http://localhost".to_owned()).await;
    let url = schema().await;
    let files = ["first", "second"].map(|name| Files::new(&site, &url, name));
    let nodes = files.each_ref().map(Files::start);
    let http = Http::new(&site.issuer);
    let mut loads = [0, 0];
    for (step, keys) in [&[OLD, NEW][..], &[NEW, OLD], &[NEW]]
        .into_iter()
        .enumerate()
    {
        for (index, node) in nodes.iter().enumerate() {
            files[index].load(keys);
            loads[index] += 1;
            while node.log().matches(LOADED).count() < loads[index] {
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

/// Each callback comes to both nodes: the first response is lost, and the second one is of the other node.
async fn assert_shared(site: &Site, nodes: [&Node; 2]) {
    let http = Http::new(&site.issuer);
    let [one, other] = nodes.map(|node| http.at(node.address));
    for (first, second) in [(&one, &other), (&other, &one)] {
        let mut browser = Browser::new(site.new_user());
        let wechat = browser.open(first, &first.authorize_url("")).await.unwrap();
        let callback = browser.open(first, &wechat).await.unwrap();
        let mut lost = browser.clone();
        lost.follow(first, callback.clone()).await.unwrap();
        let url = browser.follow(second, callback).await.unwrap();
        first.redeem(&parameter(&url, "code")).await.unwrap();
        assert_eq!(browser.session(), lost.session());
    }
}

/// Step by step as the manual says. Redis has what both nodes have encrypted, also while one has loaded the file and the other
/// has not, and after one has started again.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nodes_share_callbacks_while_the_key_file_is_changed() {
    let site = Site::new("http://localhost".to_owned()).await;
    let url = schema().await;
    let store = format!("url = \"{url}\"\nredis = \"{}\"", redis());
    let files = ["first", "second"].map(|name| Files::with(&site, &store, name));
    let mut nodes = files.each_ref().map(Files::start);
    let mut loads = [0, 0];
    for keys in [&[OLD, NEW][..], &[NEW, OLD], &[NEW]] {
        for index in 0..2 {
            files[index].load(keys);
            loads[index] += 1;
            while nodes[index].log().matches(LOADED).count() < loads[index] {
                tokio::task::yield_now().await;
            }
            assert_shared(&site, nodes.each_ref()).await;
        }
        if *keys == [NEW, OLD] {
            assert_eq!(weixin(&["keys", "reseal"], &files[0].config).0, Some(0));
            let [first, second] = nodes;
            drop(second);
            nodes = [first, files[1].start()];
            assert_shared(&site, nodes.each_ref()).await;
        }
    }
    for node in &nodes {
        assert!(!node.log().contains("decrypted"), "{}", node.log());
    }
}
