//! At `weixin sim`, or with `WEIXIN_APP_ID`, `WEIXIN_APP_SECRET`, `WEIXIN_REDIRECT_URI` at WeChat: <http://localhost:8080>,
//! or another `PORT`.
#![expect(clippy::print_stdout, reason = "an example")]

use std::{
    env::{VarError, var, var_os},
    error::Error,
    fmt::Display,
};

use axum::{Json, Router, extract::State, http::HeaderMap, response::Html, routing::get};
use tokio::net::TcpListener;
use weixin::{AppSecret, Client, Endpoints, RedirectUri, User};
use weixin_axum::{ForgetState, LoginError, StartLogin, VerifiedCode, WebLogin};

const APP_ID: &str = "WEIXIN_APP_ID";
const SECRET: &str = "WEIXIN_APP_SECRET";
const CALLBACK: &str = "WEIXIN_REDIRECT_URI";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let is_sim = var_os(APP_ID).is_none() && var_os(SECRET).is_none();
    let sim = |text: &str| is_sim.then(|| text.to_owned());
    let id = setting(APP_ID, sim("wx0123456789abcdef"), |text| text.parse())?;
    let secret = setting(SECRET, sim(&"s".repeat(32)), AppSecret::new)?;
    let mut client = Client::builder(id, secret);
    if let Some(url) = sim("http://127.0.0.1:9300") {
        let url = setting("WEIXIN_SIM", Some(url), |text| text.parse())?;
        client = client.endpoints(Endpoints::single(url));
    }
    let port: u16 = setting("PORT", Some("8080".to_owned()), |text| text.parse())?;
    let listener = TcpListener::bind(("127.0.0.1", port)).await;
    let listener = listener.map_err(|error| format!("PORT: {error}"))?;
    let url = format!("http://localhost:{}", listener.local_addr()?.port());
    let client = client.build()?;
    let weixin = setting(CALLBACK, Some(format!("{url}/callback")), |text| {
        let callback: RedirectUri = text.parse()?;
        Ok::<_, Box<dyn Error>>(WebLogin::new(client, callback)?)
    })?;
    let site = Router::new()
        .route("/", get(Html(r#"<a href="/login">weixin login!</a>"#)))
        .route("/login", get(login))
        .route("/callback", get(authorization))
        .with_state(weixin);
    println!("open {url}");
    Ok(axum::serve(listener, site).await?)
}

/// What an environment variable is read as. Errors name it and never show its value, as that of `VarError` does.
fn setting<T, E: Display>(
    name: &str,
    default: Option<String>,
    read: impl FnOnce(String) -> Result<T, E>,
) -> Result<T, String> {
    let text = match var(name) {
        Ok(text) => Some(text),
        Err(VarError::NotPresent) => default,
        Err(VarError::NotUnicode(_)) => return Err(format!("{name}: it is not UTF-8")),
    };
    let text = text.ok_or_else(|| format!("{name}: it is not set"))?;
    read(text).map_err(|error| format!("{name}: {error}"))
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
