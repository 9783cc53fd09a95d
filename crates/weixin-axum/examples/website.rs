//! A whole site with WeChat login. Start `weixin sim`, then this, and open <http://localhost:8080>.
//! For real WeChat: your app id, secret and `REDIRECT_URI`, and no `.endpoints(..)`.

use axum::{Json, Router, extract::State, response::Html, routing::get};
use weixin::{AppSecret, Client, Endpoints, User};
use weixin_axum::{ForgetState, LoginError, StartLogin, VerifiedCode, WebLogin};

const REDIRECT_URI: &str = "http://localhost:8080/authorization";

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let secret = AppSecret::new("ssssssssssssssssssssssssssssssss")?;
    let client = Client::builder("wx0123456789abcdef".parse()?, secret)
        .endpoints(Endpoints::single("http://127.0.0.1:9300".parse()?))
        .build()?;
    let site = Router::new()
        .route("/", get(Html(r#"<a href="/login">weixin login!</a>"#)))
        .route("/login", get(login))
        .route("/authorization", get(authorization))
        .with_state(WebLogin::new(client, REDIRECT_URI.parse()?)?);
    axum::serve(tokio::net::TcpListener::bind("127.0.0.1:8080").await?, site).await?;
    Ok(())
}

async fn login(State(weixin): State<WebLogin>) -> Result<StartLogin, LoginError> {
    weixin.start()
}

async fn authorization(
    State(weixin): State<WebLogin>,
    code: VerifiedCode,
) -> Result<(ForgetState, Json<User>), LoginError> {
    let login = weixin.exchange(code).await?;
    let user = weixin.client().user(&login.token).await?;
    Ok((login.forget, Json(user)))
}
