//! Two servers of one site: a login starts on one and ends on the other, and a callback that comes to both is exchanged
//! once. It needs Redis: on this machine, or at `REDIS_URL`.
//!
//! `cargo run -p weixin-axum --example two_servers --features shared`, then open <http://localhost:8081>. `STORE_KEY`
//! (`openssl rand -base64 32`) encrypts the stored values; by default it is a new one.
#![expect(clippy::print_stdout, reason = "an example")]

mod settings;

use std::error::Error;

use axum::{Router, response::Html, routing::get};
use data_encoding::BASE64;
use weixin::store::{RedisStore, StoreKeys};
use weixin_axum::{Login, StartLogin, WebLogin};

use self::settings::{REDIRECT_URI, Settings, listen, named, optional, or, url};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let settings = Settings::of_environment().await?;
    let redis = or("REDIS_URL", "redis://127.0.0.1:6379/")?;
    // Servers that are programs of their own must be given the same one.
    let new_key = BASE64.encode(cookie::Key::generate().encryption());
    let key = or("STORE_KEY", &new_key)?;
    let mut servers = Vec::new();
    // The callback is the first one's; a load balancer would hide which one a visitor begins at.
    let port = settings.listener.local_addr()?.port();
    let next = port.checked_add(1).ok_or("PORT: there is no next port")?;
    let is_any = optional("PORT")?.is_some_and(|port| port == "0");
    let second = listen(if is_any { 0 } else { next }).await?;
    let open = url(&second)?;
    for listener in [settings.listener, second] {
        let keys = StoreKeys::new(&key).map_err(named("STORE_KEY"))?;
        let store = RedisStore::connect(&redis, keys).await;
        let login = WebLogin::builder(settings.redirect_uri.clone())
            .website(settings.website.clone())
            .shared(store.map_err(named("REDIS_URL"))?)
            .build()
            .map_err(named(REDIRECT_URI))?;
        let site = Router::new()
            .route("/", get(Html(r#"<a href="/login">log in</a>"#)))
            .route("/login", get(async |start: StartLogin| start))
            .route("/callback", get(callback))
            .layer(login);
        servers.push(tokio::spawn(
            async move { axum::serve(listener, site).await },
        ));
    }
    println!("open {open}");
    for server in servers {
        server.await??;
    }
    Ok(())
}

/// The OpenID is in the token: no further call.
async fn callback(login: Login) -> String {
    format!("hello {}\n", login.openid())
}
