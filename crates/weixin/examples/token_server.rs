//! One of several servers that share users' tokens: it asks WeChat by them, one line of its input after the other.
//!
//! Start two of them on one database, kill one in the middle, and see that nobody has to log in again:
//!
//! ```text
//! weixin sim
//! WEIXIN_STORE=postgres://localhost/shop cargo run --example token_server --features postgres,redis
//! token oKsc…
//! advance 7200
//! ```
//!
//! `WEIXIN_STORE` is a PostgreSQL or a Redis; `WEIXIN_STORE_KEY` encrypts what is kept there (`openssl rand -base64
//! 32`). A line `advance SECONDS` moves this server's clock, so that nobody has to wait for a token's end.
#![expect(clippy::print_stdout, reason = "an example")]

use std::{
    env::{self, VarError},
    error::Error,
    fmt::Display,
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use weixin::{
    AppKind, AppSecret, Client, Clock, Endpoints, OpenId, RedisStore, SqlStore, StoreKeys,
    SystemClock, TokenStatus, Vault,
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let ahead = Arc::new(AtomicU64::new(0));
    let client = client(Ahead(Arc::clone(&ahead)))?;
    let vault = Arc::new(vault(client.clone()).await?);
    println!("ready");
    for line in io::stdin().lines() {
        let line = line?;
        match line.split_once(' ') {
            Some(("token", openid)) => {
                let openid = openid.parse()?;
                tokio::spawn(ask(Arc::clone(&vault), client.clone(), openid));
            }
            Some(("advance", seconds)) => {
                ahead.fetch_add(seconds.parse()?, Ordering::Relaxed);
            }
            _ => println!("expected `token OPENID` or `advance SECONDS`"),
        }
    }
    Ok(())
}

/// Whether this user's token is good: the vault's answer, and WeChat's.
async fn ask(vault: Arc<Vault>, client: Client, openid: OpenId) {
    let token = match vault.token(&openid).await {
        Ok(token) => token,
        Err(error) => return println!("{openid} {error}"),
    };
    match client.check(&*token).await {
        Ok(TokenStatus::Valid) => println!("{openid} valid"),
        Ok(status) => println!("{openid} {status:?}"),
        Err(error) => println!("{openid} {error}"),
    }
}

/// A mobile app, by default the simulator's.
fn client(clock: Ahead) -> Result<Client, Box<dyn Error>> {
    let or = |name, default: &str| -> Result<String, String> {
        Ok(setting(name)?.unwrap_or_else(|| default.to_owned()))
    };
    let app = or("WEIXIN_APP_ID", "wx0123456789abcde1")?;
    let app = app.parse().map_err(named("WEIXIN_APP_ID"))?;
    let secret = AppSecret::new(or("WEIXIN_APP_SECRET", &"s".repeat(32))?);
    let secret = secret.map_err(named("WEIXIN_APP_SECRET"))?;
    let simulator = or("WEIXIN_SIM", "http://127.0.0.1:9300")?;
    let simulator = simulator.parse().map_err(named("WEIXIN_SIM"))?;
    let builder = Client::builder(app, secret).kind(AppKind::MobileApp);
    let builder = builder.endpoints(Endpoints::single(simulator));
    Ok(builder.clock(clock).build()?)
}

/// The same for every server that has the same store.
async fn vault(client: Client) -> Result<Vault, Box<dyn Error>> {
    let needed = |name| setting(name)?.ok_or_else(|| format!("{name}: it is not set"));
    let keys = StoreKeys::new(&needed("WEIXIN_STORE_KEY")?).map_err(named("WEIXIN_STORE_KEY"))?;
    let url = needed("WEIXIN_STORE")?;
    Ok(if url.starts_with("redis") {
        let store = RedisStore::connect(&url, keys).await;
        Vault::new(client, store.map_err(named("WEIXIN_STORE"))?)
    } else {
        let store = SqlStore::connect(&url, keys).await;
        Vault::new(client, store.map_err(named("WEIXIN_STORE"))?)
    })
}

/// An environment variable, if it is set. The error does not show its value, as that of `VarError` does.
fn setting(name: &str) -> Result<Option<String>, String> {
    match env::var(name) {
        Ok(text) => Ok(Some(text)),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => Err(format!("{name}: it is not UTF-8")),
    }
}

/// Makes an error name the setting that it is about.
fn named<E: Display>(name: &str) -> impl FnOnce(E) -> String {
    move |error| format!("{name}: {error}")
}

/// A clock that can be moved.
#[derive(Debug)]
struct Ahead(Arc<AtomicU64>);

impl Clock for Ahead {
    fn now(&self) -> SystemTime {
        SystemClock.now() + Duration::from_secs(self.0.load(Ordering::Relaxed))
    }
}
