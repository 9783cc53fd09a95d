//! The account's own page: log-out, unlinking, deletion.
//!
//! `EndLogin` ends the last login of the browser as well. Otherwise its callback, repeated within a minute, would log in
//! again, or create a new account.

use axum::{
    Form,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use tower_sessions::Session;
use weixin_axum::EndLogin;

use super::{Failed, confirmation::Confirmation};
use crate::site::{
    Site,
    current_user::{self, CurrentUser},
    pages,
};

pub(crate) async fn home(State(site): State<Site>, session: Session) -> Result<Response, Failed> {
    Ok(match current_user::account(&site, &session).await? {
        Some(account) => pages::profile(StatusCode::OK, &account, ""),
        None => pages::welcome(StatusCode::OK, ""),
    })
}

pub(crate) async fn log_out(session: Session, _: EndLogin) -> Result<Response, Failed> {
    leave(&session, "/").await
}

pub(crate) async fn log_out_everywhere(
    State(site): State<Site>,
    session: Session,
    CurrentUser(account): CurrentUser,
    _: EndLogin,
) -> Result<Response, Failed> {
    site.accounts.log_out_everywhere(account.id).await?;
    leave(&session, "/").await
}

/// Unlinks WeChat, unless it is the last way to log in. Other devices are logged out; this one stays.
pub(crate) async fn unlink(
    State(site): State<Site>,
    session: Session,
    CurrentUser(account): CurrentUser,
    _: EndLogin,
    Form(form): Form<Confirmation>,
) -> Result<Response, Failed> {
    if account.email.is_some()
        && let Err((status, notice)) = form.check(&site, &account).await?
    {
        return Ok(pages::profile(status, &account, notice));
    }
    if !site.accounts.unlink(account.id).await? {
        return Ok(pages::last_way());
    }
    current_user::begin(&session, account.id).await?;
    Ok(Redirect::to("/").into_response())
}

/// Asks for the confirmation of a deletion.
pub(crate) async fn ask(
    State(site): State<Site>,
    session: Session,
    CurrentUser(account): CurrentUser,
) -> Result<Response, Failed> {
    let is_fresh = current_user::is_fresh(&site, &session).await?;
    Ok(pages::delete(StatusCode::OK, &account, is_fresh, ""))
}

/// Deletes the account, its identities and all its sessions.
pub(crate) async fn delete(
    State(site): State<Site>,
    session: Session,
    CurrentUser(account): CurrentUser,
    _: EndLogin,
    Form(form): Form<Confirmation>,
) -> Result<Response, Failed> {
    let is_fresh = current_user::is_fresh(&site, &session).await?;
    let confirmed = match &account.email {
        Some(_) => form.check(&site, &account).await?,
        None if is_fresh => Ok(()),
        None => Err((StatusCode::FORBIDDEN, "")),
    };
    if let Err((status, notice)) = confirmed {
        return Ok(pages::delete(status, &account, is_fresh, notice));
    }
    site.accounts.delete(account.id).await?;
    leave(&session, "/deleted").await
}

/// Ends the session. The last login of this browser ends as well, or the back button would log in again for a minute.
async fn leave(session: &Session, to: &str) -> Result<Response, Failed> {
    session.flush().await?;
    Ok(Redirect::to(to).into_response())
}
