//! Two servers of one site: a login begins on the one and ends on the other, and a callback that comes to both is
//! exchanged once. `cargo run -p weixin-axum --example two_servers --features shared` with a Redis at
//! `REDIS_URL` and `STORE_KEY` from `openssl rand -base64 32`; then open
//! <http://localhost:8081>.
#![expect(clippy::print_stdout, reason = "an example")]

mod settings;

use std::{env::var, error::Error};

use axum::{Router, extract::State, response::Html, routing::get};
use tokio::net::TcpListener;
use weixin::{RedisStore, StoreKeys};
use weixin_axum::{ForgetState, LoginError, StartLogin, VerifiedCode, Visitor, WebLogin};

use self::settings::Settings;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let settings = Settings::of_environment().await?;
    let mut servers = Vec::new();
    // The callback is the first one's; a load balancer would hide which one a visitor begins at.
    for port in [settings.port, settings.port + 1] {
        let url = var("REDIS_URL").unwrap_or_else(|_| "redis://127.0.0.1:6379/".to_owned());
        let store = RedisStore::connect(&url, StoreKeys::new(&var("STORE_KEY")?)?).await?;
        let login = WebLogin::builder(settings.redirect_uri.clone())
            .app(settings.client.clone())
            .shared(store)
            .build()?;
        let site = Router::new()
            .route("/", get(Html(r#"<a href="/login">log in</a>"#)))
            .route("/login", get(start))
            .route("/callback", get(callback))
            .with_state(login);
        let listener = TcpListener::bind(("127.0.0.1", port)).await?;
        servers.push(tokio::spawn(
            async move { axum::serve(listener, site).await },
        ));
    }
    println!("open http://localhost:{}", settings.port + 1);
    for server in servers {
        server.await??;
    }
    Ok(())
}

async fn start(State(login): State<WebLogin>, visitor: Visitor) -> Result<StartLogin, LoginError> {
    login.start(&visitor)
}

/// Who it is stands in the token's answer: no further call.
async fn callback(
    State(login): State<WebLogin>,
    code: VerifiedCode,
) -> Result<(ForgetState, String), LoginError> {
    let login = login.exchange(code).await?;
    Ok((login.forget, format!("hello {}\n", login.token.openid)))
}
