//! A site with accounts: login with WeChat or with an email address and a password, WeChat linked and unlinked, sessions
//! in SQLite, log-out on this device and on all, deletion of the account.
//!
//! What it leaves to the proxy before it: a limit of requests per IP address, to `/login`, `/password` and `/register`.
//!
//! `cargo run -p weixin-axum --example website`, then open <http://localhost:8080>. `DATABASE` is the file of the
//! database; without it, everything is in memory.
#![expect(clippy::print_stdout, reason = "an example")]

#[path = "../settings/mod.rs"]
mod settings;
mod site;

use std::{env::var_os, error::Error, path::Path, sync::Arc};

use weixin::clock::SystemClock;
use weixin_axum::WebLogin;

use self::{
    settings::{REDIRECT_URI, Settings, named, url},
    site::{Database, Site},
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let settings = Settings::of_environment().await?;
    let file = var_os("DATABASE");
    let database = Database::open(file.as_ref().map(Path::new), Arc::new(SystemClock)).await;
    let database = database.map_err(named("DATABASE"))?;
    let origin = settings
        .redirect_uri
        .as_url()
        .origin()
        .ascii_serialization();
    let weixin = WebLogin::new(settings.website, settings.redirect_uri);
    let weixin = weixin.map_err(named(REDIRECT_URI))?;
    let router = Site::new(weixin, origin, database)?.router();
    println!("open {}", url(&settings.listener)?);
    Ok(axum::serve(settings.listener, router).await?)
}
