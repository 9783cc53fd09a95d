//! At `weixin sim`, or with `WEIXIN_APP_ID`, `WEIXIN_APP_SECRET`, `WEIXIN_REDIRECT_URI` at WeChat: <http://localhost:8080>

use std::{env::var, error::Error};

use axum::{Json, Router, extract::State, response::Html, routing::get};
use weixin::{AppSecret, Client, Endpoints, User};
use weixin_axum::{ForgetState, LoginError, StartLogin, VerifiedCode, Visitor, WebLogin};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let client = match (var("WEIXIN_APP_ID"), var("WEIXIN_APP_SECRET")) {
        (Ok(app), Ok(secret)) => Client::builder(app.parse()?, AppSecret::new(secret)?),
        _ => Client::builder(
            "wx0123456789abcdef".parse()?,
            AppSecret::new("s".repeat(32))?,
        )
        .endpoints(Endpoints::single("http://127.0.0.1:9300".parse()?)),
    };
    let callback =
        var("WEIXIN_REDIRECT_URI").unwrap_or("http://localhost:8080/authorization".into());
    let site = Router::new()
        .route("/", get(Html(r#"<a href="/login">weixin login!</a>"#)))
        .route("/login", get(login))
        .route("/authorization", get(authorization))
        .with_state(WebLogin::new(client.build()?, callback.parse()?)?);
    axum::serve(tokio::net::TcpListener::bind("127.0.0.1:8080").await?, site).await?;
    Ok(())
}

async fn login(State(weixin): State<WebLogin>, who: Visitor) -> Result<StartLogin, LoginError> {
    weixin.start(&who)
}

type Answer = Result<(ForgetState, Json<User>), LoginError>;

async fn authorization(State(weixin): State<WebLogin>, code: VerifiedCode) -> Answer {
    let login = weixin.exchange(code).await?;
    let user = login.user().await?;
    Ok((login.forget, Json(user)))
}
