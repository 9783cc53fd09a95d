//! A mobile app's server: the code that WeChat's SDK gives to the app, and the token that is refreshed for weeks.
//!
//! `cargo run --example mobile_app` plays the phone's part with a simulator.
#![expect(clippy::print_stdout, reason = "an example")]

use std::{error::Error, time::Duration};

use weixin::{AppSecret, Code, Endpoints, MobileApp, tokens::TokenStatus};
use weixin_sim::Sim;

const APP: &str = "wx0123456789abcde1";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let sim = Sim::builder().seed(1).start().await?;
    // Without `endpoints`, this is WeChat.
    let app = MobileApp::builder(APP.parse()?, AppSecret::new("s".repeat(32))?)
        .endpoints(Endpoints::single(sim.url().parse()?))
        .build()?;

    // The app calls `SendAuth`, and sends the code of the response here.
    let code = sim.send_auth(APP, "layla")?;
    let token = app.exchange(Code::new(code.as_str())?).await?;
    let user = app.user(&token).await?;
    println!(
        "{} may use {}: {}",
        user.openid, token.scopes, user.nickname
    );

    // A code is single-use.
    if let Err(error) = app.exchange(Code::new(code)?).await {
        println!("again: {error}; log in again: {}", error.needs_login());
    }

    // Two hours later the access token has expired, and the refresh token has not.
    sim.advance(Duration::from_secs(3 * 60 * 60))
        .map_err(|by| format!("{by:?} is too far"))?;
    if let TokenStatus::Invalid(error) = app.check(&token).await? {
        println!("invalid: {} ({})", error.code, error.message);
    }
    let token = app.refresh(&token.refresh_token).await?;
    println!("refreshed: {}", app.check(&token).await?.is_valid());
    Ok(())
}
