//! One function for each address.

use axum::{
    Form,
    extract::{FromRequestParts, State},
    http::{HeaderMap, StatusCode, request::Parts},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use tower_sessions::Session;
use weixin_axum::{Login, LoginError, ReturnPath, StartLogin, VerifiedCode};

use crate::{
    Site,
    accounts::{Account, Owner},
    pages,
    sessions::USER,
};

/// In the session of somebody who is adding WeChat to the account.
const LINKING: &str = "linking";

/// Why a page could not be made: the log has it.
pub(crate) struct Failed;

impl<E: std::error::Error> From<E> for Failed {
    fn from(error: E) -> Self {
        tracing::error!(%error, "a page could not be made");
        Self
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        (
            StatusCode::INTERNAL_SERVER_ERROR,
            "出错了，请稍后再试。Something went wrong.",
        )
            .into_response()
    }
}

/// Whoever is logged in; others are sent to the start.
pub(crate) struct CurrentUser(Account);

impl FromRequestParts<Site> for CurrentUser {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Response> {
        let session = Session::from_request_parts(parts, site).await;
        let session = session.map_err(IntoResponse::into_response)?;
        let user = current(site, &session)
            .await
            .map_err(IntoResponse::into_response)?;
        user.map(Self)
            .ok_or_else(|| Redirect::to("/").into_response())
    }
}

async fn current(site: &Site, session: &Session) -> Result<Option<Account>, Failed> {
    match session.get(USER).await? {
        Some(id) => Ok(site.accounts.find(id).await?),
        None => Ok(None),
    }
}

pub(crate) async fn home(State(site): State<Site>, session: Session) -> Result<Response, Failed> {
    Ok(match current(&site, &session).await? {
        Some(account) => pages::profile(&account),
        None => pages::welcome(""),
    })
}

pub(crate) async fn login(
    State(site): State<Site>,
    session: Session,
    headers: HeaderMap,
) -> Result<Response, Failed> {
    session.remove::<i64>(LINKING).await?;
    Ok(started(site.login.start(&headers)))
}

/// Adds WeChat to the account that is logged in, and to no other: the session says to which.
pub(crate) async fn link(
    State(site): State<Site>,
    session: Session,
    CurrentUser(account): CurrentUser,
    headers: HeaderMap,
) -> Result<Response, Failed> {
    session.insert(LINKING, account.id).await?;
    Ok(started(site.login.start(&headers)))
}

fn started(start: Result<StartLogin, LoginError>) -> Response {
    let home: Option<ReturnPath> = "/".parse().ok();
    match (start, home) {
        (Ok(start), Some(home)) => start.return_to(home).into_response(),
        (Ok(start), None) => start.into_response(),
        (Err(error), _) => error.into_response(),
    }
}

pub(crate) async fn callback(
    State(site): State<Site>,
    session: Session,
    code: Result<VerifiedCode, LoginError>,
) -> Result<Response, Failed> {
    let login = match code {
        Ok(code) => site.login.exchange(code).await,
        Err(error) => Err(error),
    };
    match login {
        Ok(login) => log_in(&site, &session, login).await,
        Err(error) => Ok(error.into_response()),
    }
}

async fn log_in(site: &Site, session: &Session, login: Login) -> Result<Response, Failed> {
    let ids = login.ids();
    let owner = site.accounts.owner(&ids).await?;
    let (linking, current): (Option<i64>, Option<i64>) =
        (session.remove(LINKING).await?, session.get(USER).await?);
    // Only while that account is still the one that is logged in.
    let linking = linking.filter(|user| current == Some(*user));
    let user = match (owner, linking) {
        (Owner::Unclear, _) => return Ok(pages::unclear()),
        (Owner::One(owner), Some(user)) if owner != user => return Ok(pages::unclear()),
        (Owner::One(owner), _) => owner,
        (Owner::Nobody, Some(user)) => user,
        (Owner::Nobody, None) => match login.user().await {
            Ok(user) => {
                let name = user.real_nickname().unwrap_or("微信用户");
                site.accounts
                    .create(name, user.headimgurl.as_deref())
                    .await?
            }
            Err(error) => return Ok(error.into_response()),
        },
    };
    site.accounts.remember(user, &ids).await?;
    begin(session, user).await?;
    Ok((login.forget, Redirect::to("/")).into_response())
}

/// A new id: one that somebody has planted before the login is worth nothing after it.
async fn begin(session: &Session, user: i64) -> Result<(), Failed> {
    session.cycle_id().await?;
    session.insert(USER, user).await?;
    Ok(())
}

#[derive(Deserialize)]
pub(crate) struct Credentials {
    email: String,
    password: String,
}

pub(crate) async fn password(
    State(site): State<Site>,
    session: Session,
    Form(Credentials { email, password }): Form<Credentials>,
) -> Result<Response, Failed> {
    let Some(user) = site.accounts.by_password(&email, &password).await? else {
        return Ok(pages::welcome("邮箱或密码不对 · wrong email or password"));
    };
    begin(&session, user).await?;
    Ok(Redirect::to("/").into_response())
}

pub(crate) async fn register(
    State(site): State<Site>,
    session: Session,
    Form(Credentials { email, password }): Form<Credentials>,
) -> Result<Response, Failed> {
    if !email.contains('@') || password.len() < 8 {
        return Ok(pages::welcome(
            "请填写邮箱和至少 8 位的密码 · an email address and a password of 8 characters or more",
        ));
    }
    let Some(user) = site.accounts.register(&email, &password).await? else {
        return Ok(pages::welcome("该邮箱已注册 · this address has an account"));
    };
    begin(&session, user).await?;
    Ok(Redirect::to("/").into_response())
}

pub(crate) async fn log_out(session: Session) -> Result<Redirect, Failed> {
    session.flush().await?;
    Ok(Redirect::to("/"))
}

pub(crate) async fn log_out_everywhere(
    State(site): State<Site>,
    session: Session,
    CurrentUser(account): CurrentUser,
) -> Result<Redirect, Failed> {
    site.sessions.end_all(account.id).await?;
    session.flush().await?;
    Ok(Redirect::to("/"))
}
