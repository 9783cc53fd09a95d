//! A backup that is made while users log in, and what it restores.

use std::{fs, process::Command, sync::Arc};

use crate::{
    browser::{Browser, Failure, Http},
    load::{Load, Subs},
    node::Node,
    postgres::Server,
    site::Site,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_backup_restores_the_logins_before_it_and_no_stolen_token() {
    let site = Arc::new(Site::new("http://localhost".to_owned()).await);
    let database = site.path("gateway.db");
    let store = format!("url = \"sqlite:{}\"", database.display());
    let config = site.write("gateway.toml", &site.config(&store, ""));
    let node = Node::start(&config);
    let (http, subs) = (Http::new(&site.issuer).at(node.address), Subs::default());
    let app = http.public();
    let stolen = Browser::new(site.new_user()).log_in(&app).await.unwrap();
    let stolen = stolen.refresh.unwrap();
    let load = Load::start(&site, &http, &subs, 8);
    load.progress(20).await;
    let mut before = load.stop().await;

    let load = Load::start(&site, &http, &subs, 8);
    load.progress(5).await;
    let mut backup = Command::new(env!("CARGO_BIN_EXE_weixin"));
    backup.args(["gateway", "backup", "--config"]).arg(&config);
    let backup = backup.arg(site.path("copy.db")).output();
    assert_eq!(backup.unwrap().status.code(), Some(0));
    load.progress(5).await;
    load.stop().await;
    // The owner refreshes after the backup, which knows the stolen token as the current one.
    let owner = app.refresh(&stolen).await.unwrap().refresh.unwrap();
    let owner = app.refresh(&owner).await.unwrap().refresh.unwrap();
    assert_eq!(node.stop("-TERM").await.code(), Some(0));

    // As the manual says.
    for file in ["gateway.db-wal", "gateway.db-shm"] {
        let _ = fs::remove_file(site.path(file));
    }
    fs::rename(site.path("copy.db"), &database).unwrap();
    let node = Node::start(&config);
    before.move_to(node.address);
    before.assert_kept(&subs).await;
    let app = app.at(node.address);
    app.refresh(&owner).await.unwrap();
    let Err(Failure::Rejected { status, text, .. }) = app.refresh(&stolen).await else {
        panic!("the stolen token works")
    };
    assert!(
        status == 400 && text.contains("invalid_grant"),
        "{status} {text}"
    );
}

/// A program of PostgreSQL's, or a command of the gateway.
fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let errors = text(output.stderr);
    assert!(output.status.success(), "{program} {arguments:?} {errors}");
    text(output.stdout)
}

/// As the manual says, with a key file that has been changed since.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_dump_of_postgres_restores_the_logins_before_it_and_no_stolen_token() {
    const NEW: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\n";
    let server = Server::start();
    let admin = server.url();
    let (host, _) = admin.rsplit_once('/').unwrap();
    let url = |database: &str| format!("{host}/{database}");
    run("createdb", &["--maintenance-db", &admin, "gateway"]);
    let site = Site::new("http://localhost".to_owned()).await;
    let dump = site.path("gateway.dump").display().to_string();
    let config_of = |database| site.config(&format!("url = \"{}\"", url(database)), "");
    let config = site.write("gateway.toml", &config_of("gateway"));
    let weixin = |arguments: &[&str]| {
        let config = config.display().to_string();
        let arguments = [&["gateway"], arguments, &["--config", &config]].concat();
        run(env!("CARGO_BIN_EXE_weixin"), &arguments)
    };

    let node = Node::start(&config);
    let app = Http::new(&site.issuer).at(node.address).public();
    let user = site.new_user();
    let before = Browser::new(user.clone()).log_in(&app).await.unwrap();
    let sub = app.sub(&before.access).await.unwrap();
    let stolen = before.refresh.unwrap();
    run(
        "pg_dump",
        &["--format=custom", "--file", &dump, &url("gateway")],
    );
    let owner = app.refresh(&stolen).await.unwrap().refresh.unwrap();
    let owner = app.refresh(&owner).await.unwrap().refresh.unwrap();
    let new_user = site.new_user();
    let later = Browser::new(new_user.clone()).log_in(&app).await.unwrap();
    let later_sub = app.sub(&later.access).await.unwrap();
    assert_eq!(node.stop("-TERM").await.code(), Some(0));
    let old = fs::read_to_string(site.path("gateway.key")).unwrap();
    fs::write(site.path("gateway.key"), format!("{NEW}{old}")).unwrap();
    weixin(&["keys", "reseal"]);

    run(
        "createdb",
        &["--maintenance-db", &admin, "gateway_restored"],
    );
    let restored = url("gateway_restored");
    let to = [
        "--exit-on-error",
        "--single-transaction",
        "--no-owner",
        "--dbname",
        &restored,
        &dump,
    ];
    run("pg_restore", &to);
    site.write("gateway.toml", &config_of("gateway_restored"));
    let check = ["gateway", "check", "--config"];
    let checked = Command::new(env!("CARGO_BIN_EXE_weixin"))
        .args(check)
        .arg(&config)
        .output();
    let checked = String::from_utf8(checked.unwrap().stdout).unwrap();
    assert!(
        checked.contains("`weixin gateway keys reseal`"),
        "{checked}"
    );
    let resealed = weixin(&["keys", "reseal"]);
    assert!(
        resealed.starts_with("encrypted 1 signing key"),
        "{resealed}"
    );
    let node = Node::start(&config);
    let app = app.at(node.address);

    // What is from before the dump works, also with the key of its time.
    assert_eq!(app.sub(&before.access).await.unwrap(), sub);
    let again = Browser::new(user).log_in(&app).await.unwrap();
    assert_eq!(app.sub(&again.access).await.unwrap(), sub);
    // What is from after it is unknown.
    assert!(app.sub(&later.access).await.is_err());
    assert!(app.refresh(&later.refresh.unwrap()).await.is_err());
    let later = Browser::new(new_user).log_in(&app).await.unwrap();
    assert_ne!(app.sub(&later.access).await.unwrap(), later_sub);
    // Of the tokens of one login, the newest works, and an older one is stolen.
    app.refresh(&owner).await.unwrap();
    let Err(Failure::Rejected { status, .. }) = app.refresh(&stolen).await else {
        panic!("the stolen token works")
    };
    assert_eq!(status, 400);
    let events = "select event from audit where event like 'token.%' order by at";
    let events = run(
        "psql",
        &[
            "--tuples-only",
            "--no-align",
            "--command",
            events,
            &restored,
        ],
    );
    assert_eq!(events, "token.newer_than_row\ntoken.reused\n");
}
