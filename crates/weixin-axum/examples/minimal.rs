//! The least site.
//!
//! `cargo run -p weixin-axum --example minimal`, then open <http://localhost:8080>.
#![expect(clippy::print_stdout, reason = "an example")]

mod settings;

use std::error::Error;

use axum::{Json, Router, response::Html, routing::get};
use weixin::User;
use weixin_axum::{Login, LoginError, StartLogin, WebLogin};

use self::settings::{REDIRECT_URI, Settings, named, url};

async fn callback(login: Login) -> Result<Json<User>, LoginError> {
    Ok(Json(login.user().await?))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let settings = Settings::of_environment().await?;
    let weixin = WebLogin::new(settings.website, settings.redirect_uri);
    let site = Router::new()
        .route("/", get(Html(r#"<a href="/login">weixin login!</a>"#)))
        .route("/login", get(async |start: StartLogin| start))
        .route("/callback", get(callback))
        .layer(weixin.map_err(named(REDIRECT_URI))?);
    println!("open {}", url(&settings.listener)?);
    Ok(axum::serve(settings.listener, site).await?)
}
