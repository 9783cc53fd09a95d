//! One site with a website app and an official account: the login that fits a browser, and the account of its user.
//!
//! `cargo run --example which_login` plays browser and phone with a simulator.
#![expect(clippy::print_stdout, reason = "an example")]

use std::error::Error;

use http::{Request, header::LOCATION};
use url::{Position, Url};
use weixin::{
    AppSecret, Callback, Code, ConsentOptions, CsrfToken, Endpoints, Language, OfficialAccount,
    QrPageOptions, RedirectUri, UserIds, Website,
    app::{Apps, LoginRoute},
    authorize::Device,
    identity::LinkOutcome,
    transport::{Https, Transport},
};
use weixin_sim::Sim;

/// Browsers, by their `User-Agent`.
const DESKTOP: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
const PHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Safari/604.1";
const WECHAT: &str =
    "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Mobile Safari/537.36 MicroMessenger/8.0.50";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let sim = Sim::builder().seed(1).auto_allow().start().await?;
    let secret = || AppSecret::new("s".repeat(32));
    let endpoints = Endpoints::single(sim.url().parse()?);
    let website = Website::builder("wx0123456789abcdef".parse()?, secret()?);
    let account = OfficialAccount::builder("wx0123456789abcde0".parse()?, secret()?);
    let apps = Apps::new()
        .website(website.endpoints(endpoints.clone()).build()?)
        .official_account(account.endpoints(endpoints).build()?);

    // The IDs of each account, as a table of the site would have them.
    let mut accounts: Vec<UserIds> = Vec::new();
    for agent in [DESKTOP, PHONE, WECHAT] {
        let ids = log_in(&apps, agent).await?;
        match ids.link(accounts.iter().cloned().enumerate()) {
            LinkOutcome::Create => {
                println!("  a new account");
                accounts.push(ids);
            }
            LinkOutcome::Unchanged(account) => println!("  account {account}"),
            LinkOutcome::Update { account, ids } => {
                println!("  account {account}, with the OpenID of one more app");
                accounts[account] = ids;
            }
            other => println!("  a person must decide: {other:?}"),
        }
    }
    Ok(())
}

/// The login that fits the browser, from its start to the profile.
async fn log_in(apps: &Apps, agent: &str) -> Result<UserIds, Box<dyn Error>> {
    let redirect_uri: RedirectUri = "http://localhost:8080/callback".parse()?;
    let csrf = CsrfToken::random()?;
    let device = Device::from_user_agent(agent);
    // The calls after the redirect are the same for both apps.
    let (url, client) = match apps.for_device(device) {
        Some(LoginRoute::QrPage { app, hint }) => {
            println!("{device:?}: QR page of {}", app.id());
            if let Some(hint) = hint {
                println!("  {}", hint.text().pick(Language::English));
            }
            let url = app.authorize_url(&redirect_uri, &csrf, &QrPageOptions::new())?;
            (url, app.client())
        }
        Some(LoginRoute::InWeChat(app)) => {
            println!("{device:?}: consent page of {}", app.id());
            let url = app.authorize_url(&redirect_uri, &csrf, &ConsentOptions::new())?;
            (url, app.client())
        }
        _ => return Err("no app for this device".into()),
    };
    let code = follow(&url, agent, &csrf).await?;
    let token = client.exchange(code).await?;
    let user = client.user(&token).await?;
    let name = user.real_nickname().unwrap_or("a user without a name");
    println!("  {} is {name}", user.openid);
    Ok(token.user_ids())
}

/// The browser opens the page and comes back.
async fn follow(url: &Url, agent: &str, csrf: &CsrfToken) -> Result<Code, Box<dyn Error>> {
    let request = Request::get(&url[..Position::AfterQuery]).header("user-agent", agent);
    let page = Https::new()?.send(request.body(Vec::new())?).await?;
    let location = page.headers().get(LOCATION).ok_or("no redirect")?;
    let (_, query) = location.to_str()?.split_once('?').ok_or("no query")?;
    Ok(Callback::parse(query)?.verify(csrf)?)
}
