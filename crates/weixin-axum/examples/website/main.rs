//! A site with accounts: WeChat or email and password, either added to the other while logged in, sessions in SQLite,
//! log-out here and everywhere.
//!
//! `cargo run -p weixin-axum --example website`, then open <http://localhost:8080>. `DATABASE` is a file to keep it in.
#![expect(clippy::print_stdout, reason = "an example")]

mod accounts;
mod handlers;
mod pages;
mod sessions;
#[path = "../settings/mod.rs"]
mod settings;

use std::{env::var, error::Error, future::ready};

use axum::{
    Router,
    extract::FromRef,
    http::{HeaderValue, header},
    middleware::map_response,
    response::Response,
    routing::{get, post},
};
use sqlx::{SqlitePool, sqlite::SqlitePoolOptions};
use tower_sessions::{Expiry, SessionManagerLayer, cookie::SameSite, cookie::time::Duration};
use weixin_axum::WebLogin;

use self::{
    accounts::Accounts,
    sessions::Sessions,
    settings::{Settings, url},
};

#[derive(Clone)]
struct Site {
    login: WebLogin,
    accounts: Accounts,
    sessions: Sessions,
}

impl FromRef<Site> for WebLogin {
    fn from_ref(site: &Site) -> Self {
        site.login.clone()
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let settings = Settings::of_environment().await?;
    let is_https = settings.redirect_uri.url().scheme() == "https";
    let database = database().await?;
    let sessions = Sessions(database.clone());
    let site = Site {
        login: WebLogin::new(settings.client, settings.redirect_uri)?,
        accounts: Accounts(database),
        sessions: sessions.clone(),
    };
    // `Lax`: a `Strict` cookie is not there when the browser comes back from WeChat.
    let cookies = SessionManagerLayer::new(sessions)
        .with_same_site(SameSite::Lax)
        .with_secure(is_https)
        .with_expiry(Expiry::OnInactivity(Duration::days(14)));
    let router = Router::new()
        .route("/", get(handlers::home))
        .route("/style.css", get(pages::style))
        .route("/login", get(handlers::login))
        .route("/callback", get(handlers::callback))
        .route("/password", post(handlers::password))
        .route("/register", post(handlers::register))
        .route("/link", get(handlers::link))
        .route("/logout", post(handlers::log_out))
        .route("/logout-everywhere", post(handlers::log_out_everywhere))
        .with_state(site)
        .layer(cookies)
        .layer(map_response(move |response| {
            ready(protected(response, is_https))
        }));
    println!("open {}", url(&settings.listener)?);
    Ok(axum::serve(settings.listener, router).await?)
}

/// In memory, unless `DATABASE` names a file.
async fn database() -> Result<SqlitePool, sqlx::Error> {
    let address = match var("DATABASE") {
        Ok(file) => format!("sqlite:{file}?mode=rwc"),
        Err(_) => "sqlite::memory:".to_owned(),
    };
    // One connection: each would have a memory of its own.
    let database = SqlitePoolOptions::new()
        .max_connections(1)
        .connect(&address)
        .await?;
    for statement in accounts::SCHEMA.into_iter().chain([sessions::SCHEMA]) {
        sqlx::query(statement).execute(&database).await?;
    }
    Ok(database)
}

/// What every page says to browsers, unless it knows better.
fn protected(mut response: Response, is_https: bool) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [
        (
            header::CONTENT_SECURITY_POLICY,
            // A simulator's avatars come by plain HTTP, as the whole site does then.
            if is_https {
                "default-src 'none'; style-src 'self'; img-src https:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
            } else {
                "default-src 'none'; style-src 'self'; img-src https: http:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
            },
        ),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    if is_https {
        let year = HeaderValue::from_static("max-age=31536000");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, year);
    }
    response
}
