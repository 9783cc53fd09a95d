//! One of several servers that share users' tokens: for each line of its input, it calls WeChat with a token.
//!
//! Start two of them on one database and kill one in the middle: no user has to log in again.
//!
//! ```text
//! weixin sim
//! WEIXIN_STORE=postgres://localhost/shop cargo run --example token_server --features postgres,redis
//! token oKsc…
//! advance 7200
//! ```
//!
//! `WEIXIN_STORE` is a PostgreSQL or a Redis; `WEIXIN_STORE_KEY` encrypts the stored tokens (`openssl rand -base64 32`).
//! A line `advance SECONDS` moves this server's clock, so that you need not wait until a token expires.
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
    AppSecret, Endpoints, MobileApp, OpenId, UserTokens,
    clock::{Clock, SystemClock},
    store::{PostgresStore, RedisStore, StoreKeys},
    tokens::TokenStatus,
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let ahead = Arc::new(AtomicU64::new(0));
    let app = app(Ahead(Arc::clone(&ahead)))?;
    let tokens = user_tokens(&app).await?;
    println!("ready");
    for line in io::stdin().lines() {
        let line = line?;
        match line.split_once(' ') {
            Some(("token", openid)) => {
                let openid = openid.parse()?;
                tokio::spawn(check(tokens.clone(), app.clone(), openid));
            }
            Some(("advance", seconds)) => {
                ahead.fetch_add(seconds.parse()?, Ordering::Relaxed);
            }
            _ => println!("expected `token OPENID` or `advance SECONDS`"),
        }
    }
    Ok(())
}

/// Prints whether WeChat accepts the token of this user.
async fn check(tokens: UserTokens, app: MobileApp, openid: OpenId) {
    let token = match tokens.get(app.id(), &openid).await {
        Ok(token) => token,
        Err(error) => return println!("{openid} {error}"),
    };
    match app.check(&*token).await {
        Ok(TokenStatus::Valid) => println!("{openid} valid"),
        Ok(status) => println!("{openid} {status:?}"),
        Err(error) => println!("{openid} {error}"),
    }
}

/// A mobile app, by default the simulator's.
fn app(clock: Ahead) -> Result<MobileApp, Box<dyn Error>> {
    let or = |name, default: &str| -> Result<String, String> {
        Ok(setting(name)?.unwrap_or_else(|| default.to_owned()))
    };
    let id = or("WEIXIN_APP_ID", "wx0123456789abcde1")?;
    let id = id.parse().map_err(named("WEIXIN_APP_ID"))?;
    let secret = AppSecret::new(or("WEIXIN_APP_SECRET", &"s".repeat(32))?);
    let secret = secret.map_err(named("WEIXIN_APP_SECRET"))?;
    let simulator = or("WEIXIN_SIM_URL", "http://127.0.0.1:9300")?;
    let simulator = simulator.parse().map_err(named("WEIXIN_SIM_URL"))?;
    let builder = MobileApp::builder(id, secret);
    let builder = builder.endpoints(Endpoints::single(simulator));
    Ok(builder.clock(clock).build()?)
}

/// The tokens that all servers with the same store share.
async fn user_tokens(app: &MobileApp) -> Result<UserTokens, Box<dyn Error>> {
    let needed = |name| setting(name)?.ok_or_else(|| format!("{name}: it is not set"));
    let keys = StoreKeys::new(needed("WEIXIN_STORE_KEY")?).map_err(named("WEIXIN_STORE_KEY"))?;
    let url = needed("WEIXIN_STORE")?;
    Ok(if url.starts_with("redis") {
        let store = RedisStore::connect(&url, keys).await;
        UserTokens::new(app, store.map_err(named("WEIXIN_STORE"))?)
    } else {
        let store = PostgresStore::connect(&url, keys).await;
        UserTokens::new(app, store.map_err(named("WEIXIN_STORE"))?)
    })
}

/// An environment variable, if it is set. The error does not show its value, which `VarError` does.
fn setting(name: &str) -> Result<Option<String>, String> {
    match env::var(name) {
        Ok(text) => Ok(Some(text)),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => Err(format!("{name}: it is not UTF-8")),
    }
}

/// Adds the name of the setting to an error.
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
