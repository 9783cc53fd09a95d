//! A mobile app's server: the code that WeChat's SDK handed to the app, and the token that is refreshed for weeks.
//!
//! `cargo run --example mobile_app` plays the phone's part with a simulator.
#![expect(clippy::print_stdout, reason = "an example")]

use std::{error::Error, time::Duration};

use weixin::{AppKind, AppSecret, Client, Code, Endpoints, TokenStatus};
use weixin_sim::Sim;

const APP: &str = "wx0123456789abcde1";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let sim = Sim::builder().seed(1).start().await?;
    // Without `endpoints`, this is WeChat.
    let client = Client::builder(APP.parse()?, AppSecret::new("s".repeat(32))?)
        .kind(AppKind::MobileApp)
        .endpoints(Endpoints::single(sim.url().parse()?))
        .build()?;

    // The app calls `SendAuth`, and sends the code of the response here.
    let code = sim.send_auth(APP, "layla")?;
    let token = client.exchange(Code::new(code.as_str())?).await?;
    let user = client.user(&token).await?;
    println!("{} may use {}: {}", user.openid, token.scope, user.nickname);

    // A code works once, and says so in words that a program can ask.
    if let Err(error) = client.exchange(Code::new(code)?).await {
        println!("again: {error}; log in again: {}", error.needs_login());
    }

    // Two hours later the access token is over, and the refresh token is not.
    sim.advance(Duration::from_hours(3))
        .map_err(|by| format!("{by:?} is too far"))?;
    if let TokenStatus::Invalid(error) = client.check(&token).await? {
        println!("over: {} ({})", error.code, error.message);
    }
    let token = client.refresh(&token.refresh_token).await?;
    println!("refreshed: {}", client.check(&token).await?.is_valid());
    Ok(())
}
