//! Login and registration with an email address and a password.

use axum::{
    Form,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use tower_sessions::Session;

use super::Failed;
use crate::site::{Site, credentials::Credentials, current_user, pages, passwords::Verdict};

pub(crate) async fn log_in(
    State(site): State<Site>,
    session: Session,
    Form(form): Form<Credentials>,
) -> Result<Response, Failed> {
    let (email, password) = match form.check() {
        Ok(credentials) => credentials,
        Err(notice) => return Ok(pages::welcome(StatusCode::BAD_REQUEST, notice)),
    };
    match site.passwords.check(&email, password).await? {
        Verdict::Account(user) => logged_in(&session, user).await,
        Verdict::TooManyTries => Ok(pages::welcome(
            StatusCode::TOO_MANY_REQUESTS,
            pages::TOO_MANY_TRIES,
        )),
        Verdict::Wrong => Ok(pages::welcome(
            StatusCode::BAD_REQUEST,
            "邮箱或密码不正确 · Wrong email or password",
        )),
    }
}

pub(crate) async fn register(
    State(site): State<Site>,
    session: Session,
    Form(form): Form<Credentials>,
) -> Result<Response, Failed> {
    let (email, password) = match form.check() {
        Ok(credentials) => credentials,
        Err(notice) => return Ok(pages::welcome(StatusCode::BAD_REQUEST, notice)),
    };
    let hash = site.passwords.hash(password).await?;
    match site.accounts.register(&email, &hash).await? {
        Some(user) => logged_in(&session, user).await,
        None => Ok(pages::welcome(
            StatusCode::BAD_REQUEST,
            "该邮箱已注册，请登录 · This email has an account: log in",
        )),
    }
}

async fn logged_in(session: &Session, user: i64) -> Result<Response, Failed> {
    current_user::begin(session, user).await?;
    Ok(Redirect::to("/").into_response())
}
