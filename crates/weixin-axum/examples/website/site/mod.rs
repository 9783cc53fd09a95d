//! The site: what its handlers share, and its routes.

mod accounts;
mod attempts;
mod browsers;
mod cookies;
mod credentials;
mod current_user;
mod database;
mod ended_logins;
mod handlers;
mod identities;
mod linking;
mod pages;
mod passwords;
mod same_origin;
mod sessions;

use std::error::Error;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware::{from_fn_with_state, map_request, map_response, map_response_with_state},
    routing::{get, post},
};
use tower_sessions::{Expiry, SessionManagerLayer, cookie::SameSite, cookie::time::Duration};
use weixin_axum::WebLogin;

use self::{
    accounts::Accounts,
    handlers::{account, password, wechat},
    passwords::Passwords,
    sessions::Sessions,
};
pub(crate) use self::{database::Database, ended_logins::Arrival, identities::Owner};

/// The longest form that is read: an email address and a password, percent-encoded.
const MAX_FORM: usize = 4 * 1024;

/// What the handlers share.
#[derive(Clone)]
pub(crate) struct Site {
    pub(crate) weixin: WebLogin,
    /// Such as `https://shop.example`.
    pub(crate) origin: String,
    pub(crate) accounts: Accounts,
    pub(crate) passwords: Passwords,
    pub(crate) sessions: Sessions,
    pub(crate) database: Database,
}

impl Site {
    pub(crate) fn new(
        weixin: WebLogin,
        origin: String,
        database: Database,
    ) -> Result<Self, Box<dyn Error>> {
        Ok(Self {
            weixin,
            origin,
            accounts: Accounts(database.clone()),
            passwords: Passwords::new(database.clone())?,
            sessions: Sessions(database.clone()),
            database,
        })
    }

    /// The layers that are added last see a request first.
    pub(crate) fn router(self) -> Router {
        Router::new()
            .route("/", get(account::home))
            .route("/style.css", get(pages::style))
            .route("/login", get(wechat::login))
            .route("/confirm", get(wechat::confirm))
            .route("/link", post(wechat::link))
            .route("/callback", get(wechat::callback))
            .route("/conflict", get(pages::conflict))
            .route("/not-linked", get(pages::not_linked))
            .route("/deleted", get(pages::deleted))
            .route("/failed", get(pages::failure))
            .route("/password", post(password::log_in))
            .route("/register", post(password::register))
            .route("/logout", post(account::log_out))
            .route("/logout-everywhere", post(account::log_out_everywhere))
            .route("/unlink", post(account::unlink))
            .route("/delete", get(account::ask).post(account::delete))
            .with_state(self.clone())
            .layer(self.weixin.clone())
            .layer(DefaultBodyLimit::max(MAX_FORM))
            .layer(self.session_cookies())
            .layer(map_request(cookies::plain_cookies))
            .layer(map_response(cookies::remove_securely))
            .layer(from_fn_with_state(self.clone(), same_origin::check))
            .layer(map_response_with_state(self, browsers::protect))
    }

    fn session_cookies(&self) -> SessionManagerLayer<Sessions> {
        SessionManagerLayer::new(self.sessions.clone())
            .with_name(cookies::session_name(self.is_https()))
            .with_secure(self.is_https())
            // `Strict` cookies are not sent when the browser comes back from WeChat.
            .with_same_site(SameSite::Lax)
            // A session is saved when it changes, that is: at the login. It ends 14 days after that.
            .with_expiry(Expiry::OnInactivity(Duration::days(14)))
    }

    fn is_https(&self) -> bool {
        self.origin.starts_with("https:")
    }
}
