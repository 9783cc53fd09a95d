//! `weixin gateway` as an operator runs it.
#![cfg(unix)]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test")]

#[expect(dead_code, reason = "each command runs in a folder of its own")]
mod running;

mod operator;

use std::{
    collections::BTreeSet, fs, net::TcpListener, os::unix::net::UnixDatagram, path::Path,
    process::Command,
};

use reqwest::header;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpSocket,
};

use self::{
    operator::{
        APP_SECRET, Browser, Folder, SECRET, Server, check, failure, mode, set_mode, wait_for_log,
    },
    running::{Running, closed::closed_port, interrupt, run},
};

#[tokio::test]
async fn the_demo_prints_what_a_client_needs_and_leaves_nothing_behind() {
    let (folder, temporary) = (Folder::new(), TempDir::new().unwrap());
    let mut command = folder.command(&[
        "--json",
        "gateway",
        "--no-open",
        "--listen",
        "127.0.0.1:0",
        "--redirect-uri",
        "http://localhost:3000/callback",
    ]);
    command.env("TMPDIR", temporary.path());
    let demo = Server::start(command);
    let issuer = demo.text("issuer").to_owned();
    assert_eq!(demo.text("page"), format!("{issuer}/"));
    assert_eq!(demo.text("client_id"), "demo");
    assert_eq!(demo.text("client_secret").len(), 43);
    assert_eq!(fs::read_dir(temporary.path()).unwrap().count(), 1);
    let mut browser = Browser::new();
    let url = format!("{issuer}/.well-known/openid-configuration");
    let metadata: Value = browser.open(&url).await.json().await.unwrap();
    assert_eq!(metadata["issuer"], *issuer);
    // The redirect URI of another client is accepted, and one that is not named is not.
    for (uri, status) in [
        ("http%3A%2F%2Flocalhost%3A3000%2Fcallback", 303),
        ("http%3A%2F%2Flocalhost%3A3000%2Fother", 400),
    ] {
        let url = format!(
            "{issuer}/authorize?response_type=code&client_id=demo&scope=openid&redirect_uri={uri}"
        );
        assert_eq!(browser.open(&url).await.status(), status, "{uri}");
    }
    assert_eq!(demo.end("-INT"), (Some(0), String::new()));
    assert_eq!(fs::read_dir(temporary.path()).unwrap().count(), 0);
    assert_eq!(fs::read_dir(folder.0.path()).unwrap().count(), 0);
}

#[test]
fn the_demo_is_for_this_machine_only() {
    let folder = Folder::new();
    // The port is in use, so that a demo which starts ends at once.
    let taken = TcpListener::bind("0.0.0.0:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    for host in ["0.0.0.0", "[::]", "192.0.2.1", "127.0.0.2"] {
        let address = format!("{host}:{port}");
        let printed = folder.run(&["gateway", "demo", "--no-open", "--listen", &address]);
        let expected = format!(
            "error: --listen {address}: the demo is for this machine only, since anyone can log in as any user. \
             Use 127.0.0.1; for a real gateway, `weixin gateway init` and `weixin gateway serve`"
        );
        assert_eq!(failure(&printed), (Some(2), &*expected));
    }
}

#[test]
fn the_demo_does_not_start_beside_a_configuration() {
    let given = "error: the demo uses no configuration file: to run the gateway of real.toml, use `weixin gateway serve --config real.toml`";
    let present = "error: there is a gateway.toml in this folder, so the demo does not start: to run its gateway, use `weixin gateway serve`; to run the demo, use another folder";
    let named = "error: WEIXIN_GATEWAY_CONFIG is set, so the demo does not start: to run the gateway that it names, use `weixin gateway serve`; to run the demo, unset it";
    // The port is in use, so that a demo which starts ends at once.
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for start in [&["gateway"][..], &["gateway", "demo"]] {
        let start = &[start, &["--no-open", "--listen", &address]].concat()[..];
        let folder = Folder::new();
        let args = [start, &["--config", "real.toml"]].concat();
        assert_eq!(failure(&folder.run(&args)), (Some(2), given));
        let mut command = folder.command(start);
        command.env("WEIXIN_GATEWAY_CONFIG", "/etc/weixin/gateway.toml");
        assert_eq!(failure(&run(command)), (Some(2), named));
        fs::write(folder.path("gateway.toml"), "").unwrap();
        assert_eq!(failure(&folder.run(start)), (Some(2), present));
    }
}

#[test]
fn an_empty_variable_names_no_configuration() {
    let folder = Folder::new();
    let mut command =
        folder.command(&["--json", "gateway", "--no-open", "--listen", "127.0.0.1:0"]);
    command.env("WEIXIN_GATEWAY_CONFIG", "");
    let demo = Server::start(command);
    assert_eq!(demo.end("-TERM"), (Some(0), String::new()));
}

#[test]
fn a_port_in_use_is_an_error_that_names_the_option() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (folder, sim) = (Folder::new(), Running::sim(&[]));
    let expected = |command: &str| {
        let port = taken.local_addr().unwrap().port();
        format!(
            "error: cannot listen on {address}: port {port} is in use. To use any free port: weixin gateway {command} --listen 127.0.0.1:0"
        )
    };
    let demo = folder.run(&["gateway", "--no-open", "--listen", &address]);
    assert_eq!(failure(&demo), (Some(1), &*expected("demo")));
    folder.configure(&sim.url, &[]);
    let serve = folder.run(&["gateway", "serve", "--listen", &address]);
    assert_eq!(failure(&serve), (Some(1), &*expected("serve")));
}

/// The status of an authorization request of the client `new`.
async fn status_of_new(server: &Server) -> u16 {
    let url = format!(
        "http://{}/authorize?response_type=code&client_id=new&scope=openid&redirect_uri=https%3A%2F%2Fnew.example%2F",
        server.address()
    );
    Browser::new().open(&url).await.status().as_u16()
}

/// A gateway that is asked again and again: its log would fill the pipe, which is read at the end.
fn serve_quietly(folder: &Folder) -> Server {
    let mut command = folder.command(&["--json", "gateway", "serve", "--listen", "127.0.0.1:0"]);
    command.env("RUST_LOG", "warn");
    Server::start(command)
}

/// SIGHUP ends no gateway: it loads the file again. One with an error is reported in the log and changes nothing.
#[tokio::test]
async fn serve_loads_the_configuration_again_after_sighup() {
    let (folder, sim) = (Folder::new(), Running::sim(&[]));
    folder.configure(&sim.url, &[]);
    let server = serve_quietly(&folder);
    assert_eq!(status_of_new(&server).await, 400);
    let file = folder.path("gateway.toml");
    let old = fs::read_to_string(&file).unwrap();
    let client = format!(
        "[[client]]\nid = \"new\"\nsecret = \"{SECRET}\"\nredirect_uris = [\"https://new.example/\"]\n"
    );
    fs::write(&file, format!("{old}{client}")).unwrap();
    server.signal("-HUP");
    while status_of_new(&server).await != 303 {}
    fs::write(&file, "[server]\n").unwrap();
    server.signal("-HUP");
    let moved = old.replace("127.0.0.1:0", "127.0.0.1:1");
    assert_ne!(moved, old);
    let (code, errors) = {
        let broken = folder.run(&["gateway", "reload"]);
        let expected = "error: gateway.toml: line 1, server.key_file: the key is missing";
        assert_eq!(failure(&broken), (Some(5), expected));
        assert_eq!(status_of_new(&server).await, 303);
        fs::write(&file, moved).unwrap();
        let printed = folder.run(&["gateway", "reload"]);
        let text = printed.stdout;
        assert!(
            text.contains("weixin_gateway_reload_failures_total"),
            "{text}"
        );
        let printed = folder.run(&["--json", "gateway", "reload"]);
        let expected = json!({ "config": "gateway.toml", "within_seconds": 10 });
        let printed: Value = serde_json::from_str(&printed.stdout).unwrap();
        assert_eq!(printed, expected);
        server.signal("-HUP");
        while status_of_new(&server).await != 400 {}
        server.end("-TERM")
    };
    assert_eq!(code, Some(0));
    assert!(
        errors.contains("\"settings\":\"server.listen\""),
        "{errors}"
    );
}

/// The JSON that a command prints.
fn json_of(folder: &Folder, args: &[&str]) -> Value {
    let printed = folder.run(&[&["--json", "gateway"], args].concat());
    assert_eq!((printed.code, &*printed.stderr), (Some(0), ""));
    serde_json::from_str(&printed.stdout).unwrap()
}

/// Adds a client, and returns its secret.
fn add_new(folder: &Folder) -> String {
    let added = json_of(folder, &ADD[1..]);
    assert_eq!(added["client_id"], "new");
    let secret = added["client_secret"].as_str().unwrap();
    assert_eq!(secret.len(), 43);
    secret.to_owned()
}

const ADD: &[&str] = &[
    "gateway",
    "client",
    "add",
    "new",
    "--name",
    "New",
    "--set",
    "require_pkce=false",
    "--redirect-uri",
    "https://new.example/",
];

/// As an operator does it beside a gateway that runs: each command takes effect within five seconds.
#[tokio::test]
async fn clients_are_added_and_removed_beside_a_gateway() {
    let (folder, sim) = (Folder::new(), Running::sim(&[]));
    folder.configure(&sim.url, &[]);
    let server = serve_quietly(&folder);
    let secret = add_new(&folder);
    while status_of_new(&server).await != 303 {}
    let list = json!([
        { "id": "wiki", "issuer": "http://localhost", "from": "file", "problem": null },
        { "id": "new", "issuer": "http://localhost", "from": "database", "problem": null },
    ]);
    assert_eq!(json_of(&folder, &["client", "list"]), list);
    let printed = folder.run(&["gateway", "client", "list"]);
    assert_eq!(
        printed.stdout,
        "wiki  http://localhost  file\nnew  http://localhost  database\n"
    );
    assert_eq!(
        json_of(&folder, &["client", "show", "wiki"])["from"],
        "file"
    );
    let check = folder.run(&["gateway", "check"]).stdout;
    assert!(check.contains("https://new.example/"), "{check}");
    json_of(&folder, &["client", "remove", "new"]);
    while status_of_new(&server).await != 400 {}
    let (code, errors) = server.end("-TERM");
    assert_eq!(code, Some(0));
    assert!(!errors.contains(&secret), "{errors}");
}

#[test]
fn the_secret_of_a_client_is_shown_once_and_replaced() {
    let (folder, sim) = (Folder::new(), Running::sim(&[]));
    folder.configure(&sim.url, &[]);
    let secret = add_new(&folder);
    let mut shown = json_of(&folder, &["client", "show", "new"]);
    let made = shown["secrets_made"].take();
    let changed = shown["changed"].take();
    assert_eq!(made, json!([changed]));
    let expected = json!({
        "from": "database",
        "secrets_made": null,
        "changed": null,
        "problem": null,
        "id": "new",
        "issuer": "http://localhost",
        "name": "New",
        "redirect_uris": ["https://new.example/"],
        "require_pkce": false,
        "public": false,
        "scopes": ["openid", "profile", "email", "offline_access"],
        "id_token_alg": "RS256",
        "sample_claims": {},
    });
    assert_eq!(shown, expected);
    let names = |shown: &Value| -> BTreeSet<String> {
        let own = ["secrets_made", "changed", "problem", "name"];
        let names = shown.as_object().unwrap().keys().cloned();
        names.filter(|name| !own.contains(&name.as_str())).collect()
    };
    let in_file = json_of(&folder, &["client", "show", "wiki"]);
    assert_eq!(names(&shown), names(&in_file));
    let second = json_of(&folder, &["client", "secret", "new"]);
    assert_ne!(second["client_secret"], *secret);
    let printed = folder.run(&["gateway", "client", "secret", "new"]);
    let expected =
        "error: new has two secrets: first run weixin gateway client secret new --remove-old";
    assert_eq!(failure(&printed), (Some(1), expected));
    let printed = folder.run(&["gateway", "client", "secret", "new", "--remove-old"]);
    assert_eq!(printed.stdout, "removed the older secret of new\n");
    let printed = folder.run(&["gateway", "client", "secret", "new", "--remove-old"]);
    let expected = "error: new has one secret only, which it needs";
    assert_eq!(failure(&printed), (Some(1), expected));
}

#[test]
fn a_client_that_cannot_be_added_or_changed_is_an_error() {
    let (folder, sim) = (Folder::new(), Running::sim(&[]));
    folder.configure(&sim.url, &[]);
    add_new(&folder);
    for (args, expected) in [
        (
            ADD,
            "error: there is a client new already: change it with `weixin gateway client set new`, make another secret for it with `weixin gateway client secret new`, or use another ID",
        ),
        (
            &["gateway", "client", "remove", "wiki"],
            "error: wiki is a client of the configuration file: change it there",
        ),
        (
            &["gateway", "client", "show", "x"],
            "error: there is no client x: see `weixin gateway client list`",
        ),
    ] {
        assert_eq!(failure(&folder.run(args)), (Some(1), expected));
    }
    let invalid = [ADD, &["--set", "scopes=[\"admin\"]"]].concat();
    let expected = "error: client new, scopes: expected some of: openid, profile, email, offline_access, wechat";
    assert_eq!(failure(&folder.run(&invalid)), (Some(2), expected));
    let wildcard = [ADD, &["--redirect-uri", "https://new.example/*"]].concat();
    let expected = "error: client new, redirect_uris: not a valid redirect URI: expected no `*`: wildcards are not supported, so write each URI in full";
    assert_eq!(failure(&folder.run(&wildcard)), (Some(2), expected));
}

/// The IDs of the keys in the JWKS.
async fn published(server: &Server) -> Vec<String> {
    let url = format!("http://{}/jwks", server.address());
    let jwks: Value = Browser::new().open(&url).await.json().await.unwrap();
    let keys = jwks["keys"].as_array().unwrap().iter();
    keys.map(|key| key["kid"].as_str().unwrap().to_owned())
        .collect()
}

/// The steps after a leak: of a signing key, and of the master key.
#[tokio::test]
async fn keys_are_replaced_beside_a_gateway() {
    const NEW: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\n";

    let (folder, sim) = (Folder::new(), Running::sim(&[]));
    folder.configure(&sim.url, &[]);
    let server = serve_quietly(&folder);
    let first = published(&server).await;
    let rotated = json_of(&folder, &["keys", "rotate", "--now", "--revoke"]);
    while published(&server).await == first {}
    let second = published(&server).await;
    assert_eq!(rotated, json!({ "signing": second, "revoked": true }));
    let printed = folder.run(&["gateway", "keys", "rotate", "--now", "--alg", "ES256"]);
    let expected = "error: there is no signing key of this algorithm: no client uses it";
    assert_eq!(failure(&printed), (Some(1), expected));
    let key = folder.path("gateway.key");
    let old = fs::read_to_string(&key).unwrap();
    fs::write(&key, format!("{NEW}{old}")).unwrap();
    let needs = |folder: &Folder| json_of(folder, &["keys", "list"])[0]["master_key"].clone();
    assert_eq!(needs(&folder), 2);
    let check = || folder.run(&["gateway", "check"]).stdout;
    let warning = format!("{} needs line 2 of the key file", second[0]);
    assert!(check().contains(&warning), "{}", check());
    assert_eq!(
        json_of(&folder, &["keys", "reseal"]),
        json!({ "resealed": 1 })
    );
    assert_eq!(needs(&folder), 1);
    assert!(!check().contains("of the key file"), "{}", check());
    fs::write(&key, NEW).unwrap();
    server.signal("-HUP");
    assert_eq!(published(&server).await, second);
    fs::write(&key, &old).unwrap();
    assert_eq!(needs(&folder), Value::Null);
    assert!(
        check().contains("no line of the key file decrypts it"),
        "{}",
        check()
    );
    assert_eq!(server.end("-TERM").0, Some(0));
}

#[test]
fn init_writes_files_that_serve_can_use_and_overwrites_none() {
    let folder = Folder::new();
    let init = [
        "gateway",
        "init",
        "--issuer",
        "https://id.example.org/wechat",
    ];
    let printed = folder.run(&init);
    let expected = "\
wrote gateway.toml and gateway.key (only you can read it: keep a copy, and commit it nowhere)
Next:
  1. set the app_id of your WeChat app in gateway.toml, and write its app secret to website.secret
  2. add a [[client]] to gateway.toml for each program, or run `weixin gateway client add`
  3. weixin gateway check
  4. weixin gateway serve, behind a reverse proxy that serves https://id.example.org/wechat by HTTPS
";
    assert_eq!((printed.code, &*printed.stdout), (Some(0), expected));
    let [config, key] = ["gateway.toml", "gateway.key"].map(|file| folder.path(file));
    let text = fs::read_to_string(&config).unwrap();
    assert!(text.contains("\nurl = \"https://id.example.org/wechat\"\n"));
    assert!(text.starts_with("# The configuration of `weixin gateway serve`."));
    let chinese = Folder::new();
    let printed = chinese.run(&[&["--lang", "zh"], &init[..]].concat());
    assert_eq!(printed.code, Some(0));
    let chinese = fs::read_to_string(chinese.path("gateway.toml")).unwrap();
    assert!(chinese.starts_with("# `weixin gateway serve` 的配置，"));
    assert!(chinese.contains("\nurl = \"https://id.example.org/wechat\"\n"));
    assert_eq!(mode(&key), 0o600);
    let secret = fs::read_to_string(&key).unwrap();

    let again = folder.run(&init);
    let error = "error: gateway.toml and gateway.key exist already and are not overwritten: run in another folder, or move the files away";
    assert_eq!(failure(&again), (Some(2), error));
    fs::remove_file(&config).unwrap();
    let again = folder.run(&init);
    let (_, next) = expected.split_once('\n').unwrap();
    let wrote = format!("wrote gateway.toml, and kept gateway.key as it was\n{next}");
    assert_eq!((again.code, again.stdout), (Some(0), wrote));
    assert_eq!(fs::read_to_string(&key).unwrap(), secret);

    // With its secret file, the configuration is complete.
    fs::write(folder.path("website.secret"), APP_SECRET).unwrap();
    let gateway = Server::serve(&folder, &[]);
    assert_eq!(gateway.end("-TERM").0, Some(0));
    assert_eq!(mode(&folder.path("gateway.db")), 0o600);
}

#[test]
fn init_makes_a_missing_key_file_and_keeps_the_configuration() {
    let folder = Folder::new();
    let init = ["gateway", "init"];
    assert_eq!(folder.run(&init).code, Some(0));
    let [config, key] = ["gateway.toml", "gateway.key"].map(|file| folder.path(file));
    let text = fs::read_to_string(&config).unwrap();
    let secret = fs::read_to_string(&key).unwrap();
    let changed = format!("{text}# changed\n");
    fs::write(&config, &changed).unwrap();
    fs::remove_file(&key).unwrap();
    let again = folder.run(&init);
    let wrote = "\
wrote gateway.key (only you can read it: keep a copy, and commit it nowhere), and kept gateway.toml as it was: its key_file must be \"gateway.key\"
Next: weixin gateway check
";
    assert_eq!((again.code, &*again.stdout), (Some(0), wrote));
    assert_eq!(fs::read_to_string(&config).unwrap(), changed);
    assert_ne!(fs::read_to_string(&key).unwrap(), secret);
    assert_eq!(mode(&key), 0o600);
}

#[test]
fn init_for_this_machine_listens_on_the_port_of_the_issuer() {
    let folder = Folder::new();
    let printed = folder.run(&["gateway", "init", "--issuer", "http://localhost:9000"]);
    let expected = "\
wrote gateway.toml and gateway.key (only you can read it: keep a copy, and commit it nowhere)
Next:
  1. set the app_id of your WeChat app in gateway.toml, and write its app secret to website.secret
  2. add a [[client]] to gateway.toml for each program, or run `weixin gateway client add`
  3. weixin gateway check
  4. weixin gateway serve, which serves http://localhost:9000 on this machine, without a proxy
WeChat does not accept localhost as callback domain: to try a login, run `weixin sim` and set `endpoint` of [app.website] to its URL
";
    assert_eq!((printed.code, &*printed.stdout), (Some(0), expected));
    let text = fs::read_to_string(folder.path("gateway.toml")).unwrap();
    let keys = [
        "\nlisten = \"127.0.0.1:9000\"\n",
        "\nurl = \"http://localhost:9000\"\n",
    ];
    assert!(keys.iter().all(|key| text.contains(key)), "{text}");
}

#[test]
fn init_rejects_an_issuer_that_the_gateway_would_reject() {
    let folder = Folder::new();
    for issuer in [
        "https://login.example.com/",
        "https://login.example.com/a/",
        "https://login.example.com/?a=1",
        "https://login.example.com?a=1",
        "https://login.example.com/a?",
        "https://login.example.com#a",
        "https://user@login.example.com",
        "https://Login.example.com",
        "https://login.example.com:443",
    ] {
        let printed = folder.run(&["gateway", "init", "--issuer", issuer]);
        let error = "expected a URL such as https://login.example.com: scheme and host in lower case, and a path if need be, without query, fragment and user name, and without a slash at its end";
        let (code, text) = failure(&printed);
        assert_eq!(
            (code, text.contains(error)),
            (Some(2), true),
            "{issuer} {text}"
        );
    }
    for (language, expected) in [
        (
            "en",
            "expected an absolute URL: write https:// before the host, such as https://login.example.com",
        ),
        (
            "zh",
            "应为完整的 URL，主机前面要写 https://，例如 https://login.example.com",
        ),
    ] {
        let issuer = "login.example.com";
        let printed = folder.run(&["--lang", language, "gateway", "init", "--issuer", issuer]);
        assert!(failure(&printed).1.contains(expected), "{printed:?}");
    }
    assert!(!folder.path("gateway.toml").exists());
}

#[test]
fn serve_without_a_file_names_init_and_the_demo() {
    let folder = Folder::new();
    let error = |file: &str| {
        format!(
            "error: {file} does not exist: create it with `weixin gateway init`, or name another file with --config. \
             To try the gateway without a file: `weixin gateway demo`"
        )
    };
    let printed = folder.run(&["gateway", "serve"]);
    assert_eq!(failure(&printed), (Some(2), &*error("gateway.toml")));
    let mut command = folder.command(&["gateway", "serve"]);
    command.env("WEIXIN_GATEWAY_CONFIG", "elsewhere.toml");
    assert_eq!(failure(&run(command)), (Some(2), &*error("elsewhere.toml")));
}

#[test]
fn serve_rejects_a_simulator_for_an_issuer_that_others_can_reach() {
    let folder = Folder::new();
    let issuer = "https://login.example.com";
    folder.configure("http://127.0.0.1:9300", &[("http://localhost", issuer)]);
    let printed = folder.run(&["gateway", "serve", "--listen", "127.0.0.1:0"]);
    let expected = "error: gateway.toml: issuer https://login.example.com, apps #1: an app with an endpoint, at an issuer that is not on localhost: remove its endpoint, or use an issuer on localhost. With a simulator, anyone can log in\n";
    let [error, ..] = &printed.stderr.split_inclusive('\n').collect::<Vec<_>>()[..] else {
        panic!("{printed:?}")
    };
    assert_eq!((printed.code, *error), (Some(5), expected));
}

#[tokio::test]
async fn a_session_outlives_a_gateway_that_is_killed() {
    let (folder, sim) = (Folder::new(), Running::sim(&["--auto-allow"]));
    folder.configure(&sim.url, &[]);
    let mut browser = Browser::new();
    let first = Server::serve(&folder, &[]);
    let urls = browser.log_in(first.address()).await;
    let is_wechat = |url: &String| url.starts_with(&sim.url);
    assert_eq!(urls.iter().filter(|url| is_wechat(url)).count(), 1);
    let (code, log) = first.end("-KILL");
    assert_eq!(code, None);

    let second = Server::serve(&folder, &[]);
    let again = browser.log_in(second.address()).await;
    assert_eq!(again.len(), 2, "{again:?}");
    let (code, more) = second.end("-TERM");
    assert_eq!(code, Some(0));

    // Each line of the log is an object; none has a query, a code or a secret.
    let codes = urls.iter().chain(&again);
    let codes = codes.filter_map(|url| url.split("code=").nth(1)?.split('&').next());
    let codes: Vec<_> = codes.filter(|code| code.len() > 10).collect();
    assert_eq!(codes.len(), 3);
    let lines = format!("{log}{more}");
    for secret in codes.into_iter().chain([SECRET, APP_SECRET, "?", "&"]) {
        assert!(!lines.contains(secret), "{secret} in {lines}");
    }
    let lines = lines.lines().map(|line| {
        let line: Value = serde_json::from_str(line).unwrap();
        json!([
            line["level"],
            line["message"],
            line["method"],
            line["status"]
        ])
    });
    let (requests, others): (Vec<_>, Vec<_>) = lines.partition(|line| line[1] == "request");
    assert_eq!(requests, vec![json!(["INFO", "request", "GET", 303]); 3]);
    let told: Vec<_> = others.iter().map(|line| &line[1]).collect();
    let stopping = "stopping: connections are accepted for the stop_delay, then running requests have time to end";
    let serving = "serving an issuer";
    assert_eq!(
        told,
        [serving, serving, stopping, "the gateway has stopped"]
    );
}

#[test]
fn a_database_belongs_to_one_gateway() {
    let (folder, sim) = (Folder::new(), Running::sim(&[]));
    folder.configure(&sim.url, &[]);
    let gateway = Server::serve(&folder, &[]);
    let printed = folder.run(&["gateway", "serve", "--listen", "127.0.0.1:0"]);
    let expected = "gateway.db is in use by another gateway";
    assert!(printed.stderr.contains(expected), "{printed:?}");
    assert_eq!(printed.code, Some(1));
    drop(gateway);
}

#[test]
fn check_reports_what_each_part_needs() {
    let (folder, sim) = (Folder::new(), Running::sim(&[]));
    folder.configure(&sim.url, &[]);
    let simulator = format!(
        "warning simulator website: {} takes the place of WeChat: anyone can log in as any user",
        sim.url
    );
    let expected = [
        "ok configuration -: gateway.toml has no errors",
        "ok secret-file -: only the owner may read gateway.key",
        "warning trusted-proxies -: no proxy is trusted: X-Forwarded-For is ignored, and all users of a proxy share the limits of one address",
        "ok store -: it does not exist yet: the next start creates it",
        &*simulator,
        "ok redirect-uri website: http://localhost/callback",
        "ok app-id website: the login page accepts it",
        "ok scope website: the app has login permission",
        "ok callback-domain website: the login page accepts the redirect URI",
        "unproven app-secret website: the API accepts the app ID; WeChat checks the code before the secret, so the secret cannot be checked without a real code",
        "ok client wiki: sample claims: email = \"aaaaaaaaaaaaaaaaaaaaaaaaaa@wechat.invalid\"",
        "warning pkce wiki: PKCE is not required",
    ];
    assert_eq!(
        check(&folder),
        (Some(0), expected.map(str::to_owned).into())
    );
    assert!(!folder.path("gateway.db").exists());

    let text = folder.run(&["gateway", "check"]).stdout;
    let client = "\
client ID           wiki
issuer              http://localhost
discovery URL       http://localhost/.well-known/openid-configuration
redirect URIs       https://wiki.example/callback
authentication      client_secret_basic, client_secret_post
PKCE                S256, optional
scopes              openid profile email offline_access
ID token algorithm  RS256
";
    assert!(text.contains(client), "{text}");
}

/// Which results of `check` are about the server, with these lines of its table and of `[metrics]`.
fn server_results(folder: &Folder, simulator: &str, server: &str, metrics: &str) -> Vec<String> {
    let server = format!("[server]\n{server}\n");
    let metrics = format!("[metrics]\n{metrics}\n[store]");
    let usual = ("listen = \"127.0.0.1:0\"\n", "");
    let changes = [usual, ("[server]", &*server), ("[store]", &*metrics)];
    folder.configure(simulator, &changes);
    let is_of_server = |it: &String| it.contains("trusted-proxies") || it.contains(" metrics ");
    let results = check(folder).1.into_iter().filter(is_of_server);
    results.collect()
}

#[test]
fn check_warns_of_proxies_that_are_not_trusted_and_of_public_metrics() {
    let (folder, sim) = (Folder::new(), Running::sim(&[]));
    for (server, metrics, expected) in [
        (
            "trusted_proxies = [\"127.0.0.1\", \"10.0.0.0/8\"]",
            "listen = \"127.0.0.1:9090\"",
            &[
                "ok trusted-proxies -: X-Forwarded-For counts from 127.0.0.1, 10.0.0.0/8",
                "ok metrics -: metrics are served at 127.0.0.1:9090",
            ][..],
        ),
        (
            "trusted_proxies = [\"10.0.0.0/8\"]",
            "listen = \"0.0.0.0:9090\"",
            &[
                "warning trusted-proxies -: only programs of this machine reach 127.0.0.1, and none of them is a trusted proxy",
                "warning metrics -: metrics are served at 0.0.0.0:9090",
            ],
        ),
        (
            "listen = \"0.0.0.0:8080\"\ntrusted_proxies = [\"10.0.0.0/8\"]",
            "",
            &["ok trusted-proxies -: X-Forwarded-For counts from 10.0.0.0/8"],
        ),
        (
            "listen = \"0.0.0.0:8080\"\ntrusted_proxies = [\"127.0.0.1/32\", \"::1\"]",
            "",
            &[
                "warning trusted-proxies -: other machines reach 0.0.0.0, but X-Forwarded-For counts only from 127.0.0.1, ::1: all users of a proxy on another machine, or outside of a container, share the limits of one address",
            ],
        ),
        (
            "listen = \"0.0.0.0:8080\"\ntrusted_proxies = [\"127.0.0.1\", \"172.17.0.1\"]",
            "",
            &["ok trusted-proxies -: X-Forwarded-For counts from 127.0.0.1, 172.17.0.1"],
        ),
        (
            "trusted_proxies = [\"::/0\"]",
            "",
            &[
                "warning trusted-proxies -: every address is trusted: anyone can pose as any address, and no limit holds",
            ],
        ),
    ] {
        assert_eq!(server_results(&folder, &sim.url, server, metrics), expected);
    }
}

#[test]
fn check_finds_what_is_wrong() {
    let (folder, sim) = (Folder::new(), Running::sim(&[]));
    // The file itself.
    folder.configure(&sim.url, &[("apps = [\"website\"]", "apps = [\"site\"]")]);
    let error = "failed configuration -: gateway.toml: issuer http://localhost, apps #1: there is no such [app.NAME]. Known: website";
    assert_eq!(check(&folder), (Some(5), vec![error.to_owned()]));

    // The files beside it, the client's address, and a database that is none.
    folder.configure(&sim.url, &[("wechat.invalid", "mail.example.org")]);
    set_mode(&folder.path("gateway.key"), 0o644);
    fs::write(folder.path("gateway.db"), "no database").unwrap();
    let (code, results) = check(&folder);
    assert_eq!(code, Some(5));
    let has = |start: &str| results.iter().any(|result| result.starts_with(start));
    for start in [
        "warning secret-file -: other users of this machine can access gateway.key (mode 644)",
        "failed store -: ",
        "warning email wiki: mail.example.org does not seem to be a domain of yours",
    ] {
        assert!(has(start), "{start} {results:#?}");
    }
    fs::remove_file(folder.path("gateway.db")).unwrap();

    // WeChat's answer.
    folder.configure(&sim.url, &[("wx0123456789abcdef", "wx000000000000beef")]);
    let (code, results) = check(&folder);
    let result = "failed app-id website: the login page does not know it (AppID 参数错误)";
    assert!(results.iter().any(|it| it == result), "{results:#?}");
    assert_eq!(code, Some(5));

    // No answer.
    let closed = closed_port();
    folder.configure(&format!("http://{}", closed.address), &[]);
    assert_eq!(check(&folder).0, Some(4));
    let text = folder.run(&["gateway", "check"]).stdout;
    assert!(
        text.contains("→ start `weixin sim`, or correct `endpoint`\n"),
        "{text}"
    );
}

#[test]
fn a_backup_is_made_while_the_gateway_runs() {
    let (folder, sim) = (Folder::new(), Running::sim(&[]));
    folder.configure(&sim.url, &[]);
    let gateway = Server::serve(&folder, &[]);
    let backup = ["gateway", "backup", "copy.db"];
    let printed = folder.run(&backup);
    let expected = "copied the database to copy.db. Keep the key file elsewhere: the copy is useless without it\n";
    assert_eq!((printed.code, &*printed.stdout), (Some(0), expected));
    assert_eq!(mode(&folder.path("copy.db")), 0o600);
    let error = "error: copy.db exists already and is not overwritten: use another name";
    assert_eq!(failure(&folder.run(&backup)), (Some(2), error));
    assert_eq!(gateway.end("-TERM").0, Some(0));

    // The copy serves, with the keys of the original.
    folder.configure(&sim.url, &[("gateway.db", "copy.db")]);
    let (_, results) = check(&folder);
    assert!(results.contains(&"ok store -: it is ready".to_owned()));
    let copy = Server::serve(&folder, &[]);
    assert_eq!(copy.end("-TERM").0, Some(0));
}

#[test]
fn files_are_relative_to_the_folder_of_the_configuration() {
    let (folder, other, sim) = (Folder::new(), Folder::new(), Running::sim(&[]));
    folder.configure(&sim.url, &[]);
    let file = folder.path("gateway.toml");
    let gateway = Server::serve(&other, &["--config", file.to_str().unwrap()]);
    interrupt(&gateway.process);
    assert_eq!(gateway.end("-INT").0, Some(0));
    assert!(folder.path("gateway.db").exists());
    assert_eq!(fs::read_dir(other.0.path()).unwrap().count(), 0);
}

/// The result of a command of `weixin gateway`, which succeeds.
fn result(folder: &Folder, args: &[&str]) -> Value {
    let printed = folder.run(&[&["--json", "gateway"], args].concat());
    assert_eq!(printed.code, Some(0), "{printed:?}");
    serde_json::from_str(&printed.stdout).unwrap()
}

/// The reference of a login: the beginning of the ID of its request.
fn reference(urls: &[String]) -> String {
    let starts = ["return_to=%2Flogin%2F", "return_to=/login/"];
    let mut paths = urls
        .iter()
        .flat_map(|url| starts.iter().filter_map(|start| url.split(start).nth(1)));
    paths.next().unwrap_or_else(|| panic!("{urls:?}"))[..8].to_owned()
}

/// The commands change the database of the gateway that runs.
#[tokio::test]
async fn a_user_is_found_and_disabled_beside_a_running_gateway() {
    let (folder, sim) = (Folder::new(), Running::sim(&["--auto-allow"]));
    folder.configure(&sim.url, &[]);
    let gateway = Server::serve(&folder, &[]);
    let mut browser = Browser::new();
    browser.log_in(gateway.address()).await;
    let found = result(&folder, &["user", "find", "小明"]);
    let user = &found["users"][0];
    let id = user["id"].as_str().unwrap();
    assert_eq!(user["nickname"], "小明🐼é");
    assert_eq!(
        (&user["sessions"], &user["disabled_at"]),
        (&json!(1), &Value::Null)
    );
    assert_eq!(user["openids"][0]["app_id"], "wx0123456789abcdef");
    assert_eq!(
        result(&folder, &["user", "disable", id]),
        json!({ "user": id, "disabled": true })
    );
    let urls = browser.log_in(gateway.address()).await;
    let last = urls.last().unwrap();
    assert!(last.contains("error=access_denied"), "{last}");
    let printed = folder.run(&["gateway", "explain-login", &reference(&urls)]);
    let lines: Vec<_> = printed.stdout.lines().skip(1).collect();
    assert_eq!(
        lines,
        [
            "  The user is disabled.",
            "  What to do: `weixin gateway user enable` with the ID of the user below allows logins again."
        ]
    );
    result(&folder, &["user", "enable", id]);
    assert_eq!(browser.log_in(gateway.address()).await.len(), 2);
    assert_eq!(gateway.end("-TERM").0, Some(0));
}

/// During a leak: a mistake must not look like success, and success not like a mistake.
#[test]
fn a_client_without_grants_is_revoked_and_an_unknown_one_is_an_error() {
    let folder = Folder::new();
    folder.configure("http://127.0.0.1:1", &[]);
    assert_eq!(folder.run(&["gateway", "migrate"]).code, Some(0));
    let uri = "https://stored.example/callback";
    result(&folder, &["client", "add", "stored", "--redirect-uri", uri]);
    result(&folder, &["client", "disable", "stored"]);
    for client in ["wiki", "stored"] {
        let revoked = result(&folder, &["revoke", "--client", client]);
        assert_eq!(revoked, json!({ "sessions": 0, "grants": 0 }));
    }
    let printed = folder.run(&["gateway", "revoke", "--client", "wikki"]);
    let expected = "error: no client has the ID wikki, and there are no grants of it: `weixin gateway client list` lists the clients";
    assert_eq!(failure(&printed), (Some(1), expected));
}

#[tokio::test]
async fn a_user_is_forgotten_if_the_operator_confirms_it() {
    let (folder, sim) = (Folder::new(), Running::sim(&["--auto-allow"]));
    folder.configure(&sim.url, &[]);
    let gateway = Server::serve(&folder, &[]);
    let mut browser = Browser::new();
    browser.log_in(gateway.address()).await;
    let found = result(&folder, &["user", "find", ""]);
    let id = found["users"][0]["id"].as_str().unwrap();
    let printed = folder.run(&["gateway", "user", "forget", id]);
    let expected = "error: standard input is no terminal on which to confirm: use --yes";
    assert_eq!(failure(&printed), (Some(2), expected));
    let revoked = result(&folder, &["revoke", "--user", id]);
    assert_eq!(revoked, json!({ "sessions": 1, "grants": 0 }));
    let removed = result(&folder, &["user", "forget", id, "--yes"]);
    let rows = json!({
        "users": 1, "identities": 2, "subjects": 0, "sessions": 1, "grants": 0, "consents": 0,
        "audit": 2,
    });
    assert_eq!(removed, json!({ "user": id, "removed": rows }));
    let printed = folder.run(&["gateway", "user", "disable", id]);
    let expected =
        format!("error: no user has the ID {id}: look it up with `weixin gateway user find`");
    assert_eq!(failure(&printed), (Some(1), &*expected));
    let found = result(&folder, &["user", "find", id]);
    assert_eq!(found, json!({ "users": [] }));
    // The same person is a new user.
    browser.log_in(gateway.address()).await;
    let found = result(&folder, &["user", "find", ""]);
    assert_ne!(found["users"][0]["id"], id);
    assert_eq!(gateway.end("-TERM").0, Some(0));
}

/// What is served has the names that the reference lists, and no user's.
#[tokio::test]
async fn serve_exports_documented_metrics_at_an_address_of_their_own() {
    let (folder, sim) = (Folder::new(), Running::sim(&["--auto-allow"]));
    let metrics = "[metrics]\nlisten = \"127.0.0.1:0\"\n[store]";
    folder.configure(&sim.url, &[("[store]", metrics)]);
    let mut server = Server::serve(&folder, &[]);
    let address = wait_for_log(&mut server, "\"metrics\"")["address"].clone();
    let url = format!("http://{}/metrics", address.as_str().unwrap());
    let gateway = server.address().to_owned();
    let mut browser = Browser::new();
    browser.log_in(&gateway).await;
    let response = browser.open(&url).await;
    let content_type = response.headers()[header::CONTENT_TYPE].clone();
    assert_eq!(content_type, "text/plain; version=0.0.4; charset=utf-8");
    let text = response.text().await.unwrap();
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference.md");
    let reference = fs::read_to_string(docs).unwrap();
    let names: Vec<_> = text
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE "))
        .collect();
    assert!(names.len() > 10, "{text}");
    for name in names.iter().filter_map(|name| name.split(' ').next()) {
        assert!(reference.contains(&format!("\n- `{name}`: ")), "{name}");
    }
    for line in [
        "weixin_gateway_logins_total{client=\"wiki\",app=\"wx0123456789abcdef\",outcome=\"created\"} 1",
        "weixin_gateway_codes_total{client=\"wiki\"} 1",
        "weixin_gateway_request_seconds_count{endpoint=\"/callback\"} 1",
        "weixin_calls_total{path=\"/sns/oauth2/access_token\"} 1",
    ] {
        assert!(text.contains(line), "{line} is missing in {text}");
    }
    // They are not at the address that everyone reaches.
    let public = browser.open(&format!("http://{gateway}/metrics")).await;
    assert_eq!(public.status(), 404);
    assert_eq!(server.end("-TERM").0, Some(0));
}

/// Half a head keeps a connection open for 30 seconds, and takes a file that a login would need.
#[tokio::test]
async fn the_address_of_the_metrics_keeps_few_connections_open() {
    let (folder, sim) = (Folder::new(), Running::sim(&[]));
    let metrics = "[metrics]\nlisten = \"127.0.0.1:0\"\n[store]";
    folder.configure(&sim.url, &[("[store]", metrics)]);
    let mut server = Server::serve(&folder, &[]);
    let address = wait_for_log(&mut server, "\"metrics\"")["address"].clone();
    let address = address.as_str().unwrap().parse().unwrap();
    let connect = async |from: [u8; 4]| {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((from, 0).into()).unwrap();
        socket.connect(address).await.unwrap()
    };
    let mut open = Vec::new();
    for _ in 0..32 {
        let mut stream = connect([127, 0, 0, 1]).await;
        stream
            .write_all(b"GET /metrics HTTP/1.1\r\n")
            .await
            .unwrap();
        open.push(stream);
    }
    let whole = b"GET /metrics HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    for (from, status) in [([127, 0, 0, 1], ""), ([127, 0, 0, 2], "HTTP/1.1 200 OK")] {
        let mut stream = connect(from).await;
        let mut page = Vec::new();
        // The one that has no place is closed, maybe before the request was sent.
        let _ = stream.write_all(whole).await;
        let _ = stream.read_to_end(&mut page).await;
        let page = String::from_utf8(page).unwrap();
        assert_eq!(page.lines().next().unwrap_or_default(), status, "{from:?}");
    }
    drop(open);
    assert_eq!(server.end("-TERM").0, Some(0));
}

#[tokio::test]
async fn each_line_of_a_request_has_its_trace_and_the_reference_of_its_login() {
    let (folder, sim) = (Folder::new(), Running::sim(&[]));
    folder.configure(&sim.url, &[]);
    let server = Server::serve(&folder, &[]);
    let url = format!(
        "http://{}/authorize?response_type=code&client_id=wiki&scope=openid&redirect_uri=https%3A%2F%2Fwiki.example%2Fcallback",
        server.address()
    );
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let request = Browser::new().client.get(url);
    let request = request.header("traceparent", format!("00-{trace}-00f067aa0ba902b7-01"));
    let response = request.send().await.unwrap();
    let location = response.headers()[header::LOCATION].to_str().unwrap();
    let (_, id) = location.split_once("login%252F").unwrap();
    let (_, errors) = server.end("-TERM");
    let lines = errors
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let requests = lines.filter(|line| line["message"] == "request");
    let requests: Vec<_> = requests
        .map(|line| (line["route"].clone(), line["span"].clone()))
        .collect();
    let span = json!({ "name": "request", "trace_id": trace, "reference": &id[..8] });
    assert_eq!(requests, [(json!("/authorize"), span)]);
}

#[test]
fn systemd_is_told_that_serve_is_ready_alive_and_stopping() {
    let (folder, sim) = (Folder::new(), Running::sim(&[]));
    folder.configure(&sim.url, &[]);
    let socket = UnixDatagram::bind(folder.path("notify")).unwrap();
    let mut command = folder.command(&["--json", "gateway", "serve", "--listen", "127.0.0.1:0"]);
    command.env("NOTIFY_SOCKET", folder.path("notify"));
    command.env("WATCHDOG_USEC", "3600000000");
    let server = Server::start(command);
    let received = || {
        let mut buffer = [0; 64];
        let length = socket.recv(&mut buffer).unwrap();
        String::from_utf8_lossy(&buffer[..length]).into_owned()
    };
    assert_eq!([received(), received()], ["READY=1\n", "WATCHDOG=1\n"]);
    assert_eq!(server.end("-TERM").0, Some(0));
    assert_eq!(received(), "STOPPING=1\n");
}

fn package(file: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packages/gateway");
    fs::read_to_string(folder.join(file)).unwrap()
}

/// The commands of unit and image start a gateway of a configuration, never the demo, and not as root.
#[test]
fn unit_and_image_serve_a_configuration_as_a_user_without_rights() {
    let unit = package("weixin-gateway.service");
    let image = package("Dockerfile");
    let (config, variable) = ("/etc/weixin-gateway/gateway.toml", "WEIXIN_GATEWAY_CONFIG");
    for line in [
        "Type=notify",
        "User=weixin-gateway",
        &format!("ExecStart=/usr/bin/weixin gateway serve --config {config}"),
        "ExecReload=/bin/kill -HUP $MAINPID",
        "StateDirectory=weixin-gateway",
        "CapabilityBoundingSet=",
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        "SystemCallFilter=~@privileged @resources",
    ] {
        assert!(unit.lines().any(|it| it == line), "{line}");
    }
    assert!(package("weixin-gateway.sysusers").contains("\nu weixin-gateway "));
    for line in [
        &format!("ENV {variable}={config}"),
        "USER 65532:65532",
        "ENTRYPOINT [\"/usr/bin/weixin\"]",
        "CMD [\"gateway\", \"serve\"]",
    ] {
        assert!(image.lines().any(|it| it == line), "{line}");
    }
    // The image's command without a file.
    let (_, command) = image.split_once("\nCMD ").unwrap();
    let arguments: Vec<String> = serde_json::from_str(command.trim()).unwrap();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    assert_eq!(Folder::new().run(&arguments).code, Some(2));
}

/// The health check of the image, at the port of a gateway that runs here.
#[test]
fn the_health_check_of_the_image_finds_a_gateway() {
    let image = package("Dockerfile");
    let check = image
        .lines()
        .find_map(|line| Some(line.split_once("CMD ")?.1))
        .unwrap();
    let check: Vec<String> = serde_json::from_str(check).unwrap();
    let (folder, sim) = (Folder::new(), Running::sim(&[]));
    folder.configure(&sim.url, &[]);
    let server = Server::serve(&folder, &[]);
    let (host, port) = server.address().rsplit_once(':').unwrap();
    let status = |port: &str| {
        let script = check[2].replace("8080", port);
        assert!(script.contains(&format!("/dev/tcp/{host}/{port}")));
        let mut command = Command::new(&check[0]);
        let output = command.args([&check[1], &script]).output().unwrap();
        output.status.success()
    };
    assert!(status(port));
    let closed = closed_port();
    assert!(!status(&closed.address.port().to_string()));
}
