//! Synapse, the server of Matrix, with a client that opens its single sign-on.

use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;
use url::Url;

use super::{
    World,
    process::{Process, write},
};
use crate::{
    browser::Browser,
    provider::{SECRET, WRONG_SECRET, free_ports},
    report::user,
    script::packages,
};

const CONFIG: &str = r#"
server_name: matrix.example
public_baseurl: "SITE/"
listeners:
  - port: PORT
    bind_addresses: ["127.0.0.1"]
    type: http
    resources: [{ names: [client] }]
database: { name: sqlite3, args: { database: homeserver.db } }
media_store_path: media
signing_key: "ed25519 a_test AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
macaroon_secret_key: "a secret of this test"
form_secret: "another secret of this test"
report_stats: false
trusted_key_servers: []
"#;

/// Where the client of a user waits for the token. Nothing listens there.
const CLIENT: &str = "http://127.0.0.1:9/";

struct Synapse {
    url: String,
    _process: Process,
}

impl Synapse {
    async fn start(world: &World, port: u16, secret: &str) -> Self {
        let url = url(port);
        let folder = TempDir::new().unwrap();
        let config = CONFIG
            .replace("SITE", &url)
            .replace("PORT", &port.to_string());
        write(&folder, "homeserver.yaml", &config);
        let recipe = world.file("wechat.yaml", &url, secret);
        write(&folder, "wechat.yaml", &recipe);
        let python = packages("recipes/synapse").join("bin/python");
        let mut command = Command::new(python);
        command.args(["-m", "synapse.app.homeserver"]);
        command.args(["-c", "homeserver.yaml", "-c", "wechat.yaml"]);
        let process = Process::start(command, folder);
        let process = process.responds(&format!("{url}/health")).await;
        Self {
            url,
            _process: process,
        }
    }

    /// The page at which a login ends.
    async fn log_in(&self) -> String {
        let mut start = Url::parse(&self.url).unwrap();
        start.set_path("/_matrix/client/v3/login/sso/redirect/oidc-wechat");
        start.query_pairs_mut().append_pair("redirectUrl", CLIENT);
        Browser::new().open(start.as_str()).await.body
    }

    async fn call(&self, request: reqwest::RequestBuilder) -> Value {
        request.send().await.unwrap().json().await.unwrap()
    }
}

fn url(port: u16) -> String {
    format!("http://localhost:{port}")
}

/// The text between two others.
fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let (_, rest) = text.split_once(before).unwrap_or_else(|| panic!("{text}"));
    rest.split_once(after).unwrap_or_else(|| panic!("{text}")).0
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "./scripts/test --all installs Synapse and runs it"]
async fn a_user_logs_in_to_synapse_with_the_recipe() {
    let ports = free_ports::<2>();
    let world = World::start("synapse", "https://matrix.example.com", &ports.map(url)).await;
    let synapse = Synapse::start(&world, ports[0], SECRET).await;
    let page = synapse.log_in().await;
    let id = between(&page, r#"<div class="user-id">@"#, ":matrix.example<");
    let name = between(&page, r#"<div class="display-name">"#, "<");
    let seen = json!({ "sub": id, "name": name });
    assert_eq!(seen, user(&seen["sub"]));

    // The client that receives the token is logged in.
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let api = format!("{}/_matrix/client/v3", synapse.url);
    let token = between(&page, "loginToken=", "\"");
    let login = json!({ "type": "m.login.token", "token": token });
    let login = synapse
        .call(client.post(format!("{api}/login")).json(&login))
        .await;
    let profile = client.get(format!(
        "{api}/profile/{}",
        login["user_id"].as_str().unwrap()
    ));
    let profile = synapse.call(profile).await;
    let seen = json!({ "user": login["user_id"], "profile": profile["displayname"] });
    assert_eq!(
        seen,
        json!({ "user": format!("@{id}:matrix.example"), "profile": name })
    );

    let misconfigured = Synapse::start(&world, ports[1], WRONG_SECRET).await;
    let page = misconfigured.log_in().await;
    let error = between(&page, "<strong>Error code</strong></p>", "</div>");
    assert_eq!(error.trim(), "<p>invalid_client</p>");
}
