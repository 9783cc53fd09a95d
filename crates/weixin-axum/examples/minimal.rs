//! At `weixin sim`, or with `WEIXIN_APP_ID`, `WEIXIN_APP_SECRET`, `WEIXIN_REDIRECT_URI` at WeChat: <http://localhost:8080>,
//! or another `PORT`.
#![expect(clippy::print_stdout, reason = "an example")]

use std::{env::var, error::Error};

use axum::{Json, Router, extract::State, http::HeaderMap, response::Html, routing::get};
use tokio::net::TcpListener;
use weixin::{AppSecret, Client, Endpoints, RedirectUri, User};
use weixin_axum::{ForgetState, LoginError, StartLogin, VerifiedCode, WebLogin};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let or = |name, default: &str| var(name).unwrap_or_else(|_| default.to_owned());
    let secret = AppSecret::new(or("WEIXIN_APP_SECRET", &"s".repeat(32)))?;
    let mut client = Client::builder(or("WEIXIN_APP_ID", "wx0123456789abcdef").parse()?, secret);
    if var("WEIXIN_APP_ID").is_err() {
        let sim = or("WEIXIN_SIM", "http://127.0.0.1:9300").parse()?;
        client = client.endpoints(Endpoints::single(sim));
    }
    let port: u16 = or("PORT", "8080").parse()?;
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    let url = format!("http://localhost:{}", listener.local_addr()?.port());
    let callback = or("WEIXIN_REDIRECT_URI", &format!("{url}/callback"));
    let callback: RedirectUri = callback.parse()?;
    let site = Router::new()
        .route("/", get(Html(r#"<a href="/login">weixin login!</a>"#)))
        .route("/login", get(login))
        .route("/callback", get(authorization))
        .with_state(WebLogin::new(client.build()?, callback)?);
    println!("open {url}");
    Ok(axum::serve(listener, site).await?)
}

type Start = Result<StartLogin, LoginError>;
async fn login(State(weixin): State<WebLogin>, headers: HeaderMap) -> Start {
    weixin.start(&headers)
}

type Answer = Result<(ForgetState, Json<User>), LoginError>;
async fn authorization(State(weixin): State<WebLogin>, code: VerifiedCode) -> Answer {
    let login = weixin.exchange(code).await?;
    let user = login.user().await?;
    Ok((login.forget, Json(user)))
}
