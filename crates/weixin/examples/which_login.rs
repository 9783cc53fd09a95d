//! One site, a website app and an official account: which of them logs this browser in, and whose account it is.
//!
//! `cargo run --example which_login` plays browser and phone with a simulator.
#![expect(clippy::print_stdout, reason = "an example")]

use std::error::Error;

use http::{Request, header::LOCATION};
use weixin::{
    AppKind, AppSecret, Apps, Callback, Client, Device, Endpoints, Https, KnownIds, Linking,
    RedirectUri, Start, Transport, User,
};
use weixin_sim::Sim;

/// What browsers say of themselves.
const DESKTOP: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
const PHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Safari/604.1";
const WECHAT: &str =
    "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Mobile Safari/537.36 MicroMessenger/8.0.50";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let sim = Sim::builder().seed(1).auto_allow().start().await?;
    let client = |app: &str, kind| -> Result<Client, Box<dyn Error>> {
        let builder = Client::builder(app.parse()?, AppSecret::new("s".repeat(32))?).kind(kind);
        Ok(builder
            .endpoints(Endpoints::single(sim.url().parse()?))
            .build()?)
    };
    let apps = Apps::new()
        .with(client("wx0123456789abcdef", AppKind::Website)?)
        .with(client("wx0123456789abcde0", AppKind::OfficialAccount)?);
    let callback: RedirectUri = "http://localhost:8080/callback".parse()?;

    // What is known of each account, as a table of the site would keep it.
    let mut accounts: Vec<KnownIds> = Vec::new();
    for agent in [DESKTOP, PHONE, WECHAT] {
        let device = Device::from_user_agent(agent);
        let start = apps.start(device, &callback)?;
        println!(
            "{device:?}: {} by app {}",
            start.client.kind(),
            start.client.app()
        );
        if let Some(advice) = start.advice {
            println!("  {}", advice.en());
        }
        let (user, ids) = log_in(&start, agent).await?;
        println!(
            "  {} is {}",
            user.openid,
            user.real_nickname().unwrap_or("somebody")
        );
        match ids.link(&accounts) {
            Linking::New => {
                println!("  a new account");
                accounts.push(ids);
            }
            Linking::Same(account) => println!("  account {account}"),
            Linking::Learned { index, ids } => {
                println!("  account {index}, now known in one more app");
                accounts[index] = ids;
            }
            other => println!("  people must decide: {other:?}"),
        }
    }
    Ok(())
}

/// The browser goes to the page and comes back; the code belongs to the app that began.
async fn log_in(start: &Start<'_>, agent: &str) -> Result<(User, KnownIds), Box<dyn Error>> {
    let url = start.url.as_str().split('#').next().unwrap_or_default();
    let request = Request::get(url).header("user-agent", agent);
    let page = Https::new()?.send(request.body(Vec::new())?).await?;
    let location = page
        .headers()
        .get(LOCATION)
        .ok_or("no redirect")?
        .to_str()?;
    let (_, query) = location.split_once('?').ok_or("no query")?;
    let code = Callback::parse(query)?.verify(start.url.csrf())?;
    let token = start.client.exchange(code).await?;
    let user = start.client.user(&token).await?;
    Ok((user, token.ids(start.client.app())))
}
