//! A site with axum-login: WeChat identifies the users, axum-login keeps them in its sessions.
//!
//! `cargo run -p weixin-axum --example axum_login`, then open <http://localhost:8080>.
#![expect(clippy::print_stdout, reason = "an example")]

/// As in the example `website`.
#[path = "website/site/cookies.rs"]
mod cookies;
mod settings;

use std::{
    convert::Infallible,
    error::Error,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Router,
    extract::Request,
    http::{Method, StatusCode},
    middleware::{Next, from_fn, map_request, map_response},
    response::{Html, IntoResponse, Redirect, Response},
    routing::{get, post},
};
use axum_login::{
    AuthManagerLayerBuilder, AuthSession, AuthUser, AuthnBackend, UserId,
    tower_sessions::{MemoryStore, SessionManagerLayer, cookie::SameSite},
};
use weixin::{UserIds, identity::LinkOutcome};
use weixin_axum::{EndLogin, Login, ReturnPath, StartLogin, WebLogin};

use self::settings::{REDIRECT_URI, Settings, named, url};

#[derive(Clone, Debug)]
struct Account {
    number: usize,
    ids: UserIds,
}

impl AuthUser for Account {
    type Id = usize;

    fn id(&self) -> usize {
        self.number
    }

    /// Sessions end when this changes. An account without a password has nothing to change.
    fn session_auth_hash(&self) -> &[u8] {
        b"wechat"
    }
}

/// All accounts; their numbers are their places. A site has a table with a unique key for each identity.
#[derive(Clone, Default)]
struct Accounts(Arc<Mutex<Vec<Account>>>);

impl AuthnBackend for Accounts {
    type User = Account;
    /// The IDs of a completed login are the credentials.
    type Credentials = UserIds;
    type Error = Infallible;

    async fn authenticate(&self, login: UserIds) -> Result<Option<Account>, Infallible> {
        let mut accounts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = accounts.iter().map(|one| (one.number, one.ids.clone()));
        let number = match login.link(known.collect::<Vec<_>>()) {
            LinkOutcome::Create => {
                let number = accounts.len();
                accounts.push(Account { number, ids: login });
                number
            }
            LinkOutcome::Unchanged(number) => number,
            LinkOutcome::Update { account, ids } => {
                accounts[account].ids = ids;
                account
            }
            // Two accounts of one user, or a contradiction: a person decides.
            _ => return Ok(None),
        };
        Ok(accounts.get(number).cloned())
    }

    async fn get_user(&self, number: &UserId<Self>) -> Result<Option<Account>, Infallible> {
        let accounts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(accounts.get(*number).cloned())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let settings = Settings::of_environment().await?;
    let is_https = settings.redirect_uri.as_url().scheme() == "https";
    let weixin = WebLogin::new(settings.website, settings.redirect_uri);
    // Browsers do not send `Strict` cookies when they come back from WeChat.
    let sessions = SessionManagerLayer::new(MemoryStore::default())
        .with_name(cookies::session_name(is_https))
        .with_secure(is_https)
        .with_same_site(SameSite::Lax);
    let site = Router::new()
        .route("/", get(home))
        .route("/login", get(async |start: StartLogin| start))
        .route("/callback", get(callback))
        .route("/logout", post(log_out))
        .route(
            "/conflict",
            get((StatusCode::CONFLICT, "This login belongs to two accounts.")),
        )
        .layer(weixin.map_err(named(REDIRECT_URI))?)
        .layer(AuthManagerLayerBuilder::new(Accounts::default(), sessions).build())
        .layer(map_request(cookies::plain_cookies))
        .layer(map_response(cookies::remove_securely))
        .layer(from_fn(from_here));
    println!("open {}", url(&settings.listener)?);
    Ok(axum::serve(settings.listener, site).await?)
}

/// Rejects forms of other sites: a sub-domain is the same site to `SameSite=Lax`. Browsers since 2023 send this header.
async fn from_here(request: Request, next: Next) -> Response {
    let site = request.headers().get("sec-fetch-site");
    let is_from_here = site.is_some_and(|site| site == "same-origin" || site == "none");
    if request.method() == Method::GET || is_from_here {
        next.run(request).await
    } else {
        StatusCode::FORBIDDEN.into_response()
    }
}

async fn home(auth: AuthSession<Accounts>) -> Html<String> {
    let content = match auth.user {
        None => r#"<a href="/login">Log in with WeChat · 微信登录</a>"#.to_owned(),
        Some(account) => format!(
            r#"account · 账号 {} <form method="post" action="/logout"><button>Log out · 退出</button></form>"#,
            account.number
        ),
    };
    Html(format!(
        r#"<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>weixin + axum-login</title><body>{content}"#
    ))
}

async fn callback(mut auth: AuthSession<Accounts>, login: Login) -> Response {
    let Ok(Some(account)) = auth.authenticate(login.user_ids()).await else {
        // A redirect, so that no code stays in the address bar.
        return Redirect::to("/conflict").into_response();
    };
    // It makes a new session ID.
    match auth.login(&account).await {
        Ok(()) => {
            let path = login.return_to().map_or("/", ReturnPath::as_str);
            Redirect::to(path).into_response()
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn log_out(_: EndLogin, mut auth: AuthSession<Accounts>) -> Response {
    match auth.logout().await {
        Ok(_) => Redirect::to("/").into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
