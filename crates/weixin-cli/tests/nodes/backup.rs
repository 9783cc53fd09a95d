//! A backup that is made while users log in, and what it restores.

use std::{fs, process::Command, sync::Arc};

use crate::{
    browser::{Browser, Failure, Http},
    load::{Load, Subs},
    node::Node,
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
