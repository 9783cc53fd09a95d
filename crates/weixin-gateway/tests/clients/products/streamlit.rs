//! Streamlit. Its pages are made in the browser.

use std::process::Command;

use tempfile::TempDir;

use super::{
    World,
    chromium::Chromium,
    process::{Process, write},
    recipe,
};
use crate::{
    provider::{SECRET, WRONG_SECRET, free_ports},
    report::NAME,
    script::packages,
};

/// The button of the page, by the first letters of its text.
const BUTTON: &str = "
const button = [...document.querySelectorAll('button')].find(it => it.innerText.startsWith('Log in'));
";

fn url(port: u16) -> String {
    format!("http://localhost:{port}")
}

async fn start(world: &World, port: u16, secret: &str) -> Process {
    let folder = TempDir::new().unwrap();
    let secrets = world.file("secrets.toml", &url(port), secret);
    let secrets = secrets.replace("COOKIE_SECRET", "a-secret-of-this-test-of-enough-letters");
    write(&folder, ".streamlit/secrets.toml", &secrets);
    write(&folder, "app.py", &recipe("streamlit/app.py"));
    let mut command = Command::new(packages("recipes/streamlit").join("bin/streamlit"));
    command.args(["run", "app.py", "--server.address", "localhost"]);
    command.args(["--server.port", &port.to_string()]);
    command.args([
        "--server.headless",
        "true",
        "--browser.gatherUsageStats",
        "false",
    ]);
    Process::start(command, folder).responds(&url(port)).await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "./scripts/test --all installs Streamlit and runs it"]
async fn a_user_logs_in_to_streamlit_with_the_recipe() {
    let [right, wrong] = free_ports();
    let world = World::start(
        "streamlit",
        "https://app.example.com",
        &[right, wrong].map(url),
    )
    .await;
    let _right = start(&world, right, SECRET).await;
    let browser = Chromium::start().await;
    browser.open(&url(right)).await;
    let click = format!("{BUTTON} button?.click(); return button?.innerText");
    browser.until(&click).await;
    let greeting = "return document.body.innerText.match(/^Hello, .*$/m)?.[0]";
    assert_eq!(browser.until(greeting).await, format!("Hello, {NAME}"));

    let wrong_secret = start(&world, wrong, WRONG_SECRET).await;
    let browser = Chromium::start().await;
    browser.open(&url(wrong)).await;
    browser.until(&click).await;
    // The page begins again, and the log has the reason.
    wrong_secret.prints("OAuthError: invalid_client").await;
    let button = format!("{BUTTON} return button?.innerText");
    assert_eq!(browser.until(&button).await, "Log in with WeChat");
}
