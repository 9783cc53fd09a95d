//! The clients in other languages, each with a program of this folder.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::{Value, json};
use tempfile::TempDir;
use url::Url;

use crate::{
    provider::{Issuer, Provider, REDIRECT_URI, SECRET, WRONG_SECRET, free_ports},
    report::{logins, print_row, user},
};

const BASIC_POST_PUBLIC: [&str; 3] = ["client_secret_basic", "client_secret_post", "none"];

/// The packages of a language, where `scripts/test` installs them.
pub(crate) fn packages(language: &str) -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let packages = target.with_file_name(language);
    assert!(
        packages.join("clients").exists(),
        "{} is missing: ./scripts/test installs it",
        packages.display()
    );
    packages
}

pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients")
}

fn node(script: &str, folder: &TempDir) -> Command {
    // Node looks for packages beside the program.
    let packages = packages("node/now").join("node_modules");
    std::os::unix::fs::symlink(packages, folder.path().join("node_modules")).unwrap();
    fs::create_dir(folder.path().join("recipes")).unwrap();
    for file in [script, "client.mjs", "recipes/oauth4webapi.mjs"] {
        fs::copy(self::folder().join(file), folder.path().join(file)).unwrap();
    }
    let mut node = Command::new("node");
    node.arg(script);
    node
}

/// A program in Rust, in a workspace of its own.
fn rust(program: &str) -> Command {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let program = target.with_file_name("openid/debug").join(program);
    assert!(
        program.exists(),
        "{} is missing: ./scripts/test builds it",
        program.display()
    );
    Command::new(program)
}

fn python(script: &str) -> Command {
    let mut python = Command::new(packages("python").join("bin/python"));
    python.arg("-B").arg(folder().join(script));
    python
}

/// A gateway, and a port for clients that listen.
struct World {
    provider: Provider,
    port: u16,
}

impl World {
    async fn start() -> Self {
        let [port] = free_ports();
        let confidential = format!("http://127.0.0.1:{port}/callback");
        let public = "http://127.0.0.1/callback".to_owned(); // any port
        let provider = Provider::start(&[confidential], &[public]).await;
        Self { provider, port }
    }

    /// What a program prints.
    async fn run(&self, script: &str, issuer: &Issuer) -> Value {
        let folder = TempDir::new().unwrap();
        let extension = Path::new(script).extension();
        let mut command = match extension.and_then(|it| it.to_str()) {
            Some("py") => python(script),
            Some("mjs") => node(script, &folder),
            _ => rust(script),
        };
        command
            .current_dir(&folder)
            .env("BROWSER", &self.provider.browser)
            .env("ISSUER", &issuer.url)
            .env("WRONG_ISSUER", &issuer.wrong_url)
            .env("CLIENT_ID", &issuer.client_id)
            .env("PUBLIC_ID", &issuer.public_id)
            .env("CLIENT_SECRET", SECRET)
            .env("WRONG_SECRET", WRONG_SECRET)
            .env("REDIRECT_URI", REDIRECT_URI)
            .env("PORT", self.port.to_string())
            .env("no_proxy", "localhost,127.0.0.1");
        let output = tokio::task::spawn_blocking(move || command.output());
        let output = output.await.unwrap().unwrap();
        let stdout = String::from_utf8_lossy(&output.stdout);
        let stderr = String::from_utf8_lossy(&output.stderr);
        serde_json::from_str(&stdout).unwrap_or_else(|_| panic!("{stdout}{stderr}"))
    }

    /// Runs a program at each issuer, and compares its reports, apart from the version of the client.
    async fn check(&self, script: &str, methods: &[&str], failures: Value) {
        for issuer in &self.provider.issuers {
            let mut seen = self.run(script, issuer).await;
            let (client, version) = (seen["client"].take(), seen["version"].take());
            let logins = logins(methods, &seen);
            let expected =
                json!({ "client": null, "version": null, "logins": logins, "failures": failures });
            assert_eq!(seen, expected);
            let (client, version) = (client.as_str().unwrap(), version.as_str().unwrap());
            print_row(client, version, issuer, &seen);
        }
    }
}

const INVALID_CLIENT: &str =
    "InvalidClientError: (invalid_client) the client is unknown, or its credentials are wrong";

#[tokio::test(flavor = "multi_thread")]
async fn oauth4webapi_logs_in() {
    let failures = json!({
        "wrong secret, Basic": "server responded with a challenge in the WWW-Authenticate HTTP Header",
        "wrong secret, POST": "invalid_client",
        "wrong state": "unexpected \"state\" response parameter value",
        "wrong nonce": "unexpected ID Token \"nonce\" claim value",
        "iss of another": "unexpected \"iss\" (issuer) response parameter value",
        "wrong issuer": "\"response\" body \"issuer\" property does not match the expected value",
    });
    let world = World::start().await;
    world
        .check("oauth4webapi.mjs", &BASIC_POST_PUBLIC, failures)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_recipe_for_oauth4webapi_logs_in() {
    let world = World::start().await;
    for issuer in &world.provider.issuers {
        let seen = world.run("recipe.mjs", issuer).await;
        let user = user(&seen["user"]["sub"]);
        assert_eq!(
            seen,
            json!({ "user": user, "wrong verifier": "invalid_grant" })
        );
    }
}

/// It cannot send Basic, and leaves state and ID token to the program.
#[tokio::test(flavor = "multi_thread")]
async fn appauth_logs_in_with_a_browser_and_a_port_of_its_own() {
    let failures = json!({ "wrong secret": "Unauthorized", "wrong verifier": "Bad Request" });
    let world = World::start().await;
    world
        .check("appauth.mjs", &["client_secret_post", "none"], failures)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_oauthlib_logs_in() {
    let failures = json!({
        "wrong secret, Basic": INVALID_CLIENT,
        "wrong secret, POST": INVALID_CLIENT,
        "wrong state": "MismatchingStateError: (mismatching_state) CSRF Warning! State not equal in request and response.",
        "wrong issuer": "InvalidIssuerError: Invalid issuer",
    });
    let world = World::start().await;
    world
        .check("requests_session.py", &BASIC_POST_PUBLIC, failures)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fastapi_site_logs_in() {
    let failures = json!({
        "wrong secret, Basic": INVALID_CLIENT,
        "wrong secret, POST": INVALID_CLIENT,
        "wrong state": "RuntimeError: Invalid state",
    });
    let world = World::start().await;
    world
        .check("fastapi_site.py", &BASIC_POST_PUBLIC, failures)
        .await;
}

/// Its own credentials in the body come beside Basic.
#[tokio::test(flavor = "multi_thread")]
async fn the_crate_openid_logs_in() {
    let world = World::start().await;
    let [root, path] = &world.provider.issuers;
    for issuer in [root, path] {
        let mut seen = world.run("openid-client", issuer).await;
        let (client, version) = (seen["client"].take(), seen["version"].take());
        let url = |text: &str| Url::parse(text).unwrap();
        let mismatch = format!(
            "Configured issuer and token issuer mismatch: '{}', '{}'",
            url(&issuer.wrong_url),
            url(&issuer.url)
        );
        let failures = json!({
            "wrong secret": "InvalidClient: the client is unknown, or its credentials are wrong",
            "wrong nonce": "Given nonce does not match token nonce: 'x', 'a nonce'",
            "wrong issuer": mismatch,
            "credentials in the body": "InvalidRequest: the client authenticates in two ways",
        });
        let logins = logins(&["client_secret_basic", "none"], &seen);
        let expected =
            json!({ "client": null, "version": null, "logins": logins, "failures": failures });
        assert_eq!(seen, expected);
        let (client, version) = (client.as_str().unwrap(), version.as_str().unwrap());
        print_row(client, version, issuer, &seen);
    }
}
