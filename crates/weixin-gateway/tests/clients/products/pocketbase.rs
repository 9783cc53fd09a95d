//! `PocketBase`. Its client library opens the provider in a window, and sends the code that the window receives.

use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{
    World,
    process::{Process, write},
};
use crate::{
    browser::{Browser, param},
    provider::{SECRET, WRONG_SECRET, free_ports},
    report::user,
    script::packages,
};

/// A running server.
struct PocketBase {
    url: String,
    _process: Process,
}

impl PocketBase {
    async fn start(world: &World, port: u16, secret: &str) -> Self {
        let url = url(port);
        let folder = TempDir::new().unwrap();
        let migration = world.file("1_wechat.js", &url, secret);
        write(&folder, "pb_migrations/1_wechat.js", &migration);
        let program = packages("recipes/pocketbase").join("bin/pocketbase");
        let mut command = Command::new(program);
        let listen = format!("127.0.0.1:{port}");
        command.args([
            "serve",
            "--dir",
            "pb_data",
            "--migrationsDir",
            "pb_migrations",
        ]);
        command.args(["--http", &listen]);
        let process = Process::start(command, folder);
        let process = process.responds(&format!("{url}/api/health")).await;
        Self {
            url,
            _process: process,
        }
    }

    /// What a login returns.
    async fn log_in(&self) -> Value {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let users = format!("{}/api/collections/users", self.url);
        let methods = client.get(format!("{users}/auth-methods")).send().await;
        let methods: Value = methods.unwrap().json().await.unwrap();
        let provider = &methods["oauth2"]["providers"][0];
        let redirect_uri = format!("{}/api/oauth2-redirect", self.url);
        let start = format!("{}{redirect_uri}", provider["authURL"].as_str().unwrap());
        let arrived = |url: &url::Url| url.as_str().starts_with(&redirect_uri);
        let visit = Browser::new().open_until(&start, arrived).await;
        assert_eq!(param(&visit.url, "state"), provider["state"]);
        let login = json!({
            "provider": provider["name"],
            "code": param(&visit.url, "code"),
            "codeVerifier": provider["codeVerifier"],
            "redirectURL": redirect_uri,
        });
        let response = client
            .post(format!("{users}/auth-with-oauth2"))
            .json(&login);
        response.send().await.unwrap().json().await.unwrap()
    }
}

fn url(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_logs_in_to_pocketbase_with_the_recipe() {
    let ports = free_ports::<2>();
    let world = World::start(
        "pocketbase",
        "https://pocketbase.example.com",
        &ports.map(url),
    )
    .await;
    let pocketbase = PocketBase::start(&world, ports[0], SECRET).await;
    let first = pocketbase.log_in().await;
    let again = pocketbase.log_in().await;
    let sub = user(&first["meta"]["id"]);
    let seen = |login: &Value| {
        json!({
            "user": { "sub": login["meta"]["id"], "name": login["record"]["name"] },
            "email": login["record"]["email"],
            "record": login["record"]["id"],
            "new": login["meta"]["isNew"],
        })
    };
    // Its own e-mail address stays empty: PocketBase takes verified ones only.
    let expected = |new: bool| json!({ "user": sub, "email": "", "record": first["record"]["id"], "new": new });
    assert_eq!(
        [seen(&first), seen(&again)],
        [expected(true), expected(false)]
    );

    let misconfigured = PocketBase::start(&world, ports[1], WRONG_SECRET).await;
    let rejected = json!({ "data": {}, "message": "Failed to fetch OAuth2 token.", "status": 400 });
    assert_eq!(misconfigured.log_in().await, rejected);
}
