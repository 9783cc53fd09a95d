//! The example of a site with accounts, attacked: what its accounts, links and sessions are worth.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod accounts;
mod cross_site;
mod deletion;
mod linking;
mod pages;
mod passwords;
#[path = "../running/mod.rs"]
mod running;
mod sessions;
/// The example itself, in this process: its clock can be moved, its tables can be read.
#[path = "../../examples/website/site/mod.rs"]
mod site;
mod world;

use self::running::{Browser, sim, start, text};

#[tokio::test]
async fn the_program_logs_a_user_in_and_out() {
    let sim = sim().await;
    let site = start("website", &sim);
    let mut browser = Browser::default();
    let done = browser.log_in(&format!("{}/login", site.url)).await;
    assert_eq!(running::location(&done), "/");
    let profile = browser.get(&site.url).await;
    assert!(text(&profile).contains("<h1>小明🐼é</h1>"));
    browser.post(&format!("{}/logout", site.url), "").await;
    let start = browser.get(&site.url).await;
    assert!(text(&start).contains("使用微信登录"));
}
