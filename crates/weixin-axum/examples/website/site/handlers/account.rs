//! The account's own page: log-out, unlinking, deletion.

use axum::{
    Form,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use tower_sessions::Session;

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

pub(crate) async fn log_out(
    State(site): State<Site>,
    session: Session,
    headers: HeaderMap,
) -> Result<Response, Failed> {
    leave(&site, &session, &headers, "/").await
}

pub(crate) async fn log_out_everywhere(
    State(site): State<Site>,
    session: Session,
    CurrentUser(account): CurrentUser,
    headers: HeaderMap,
) -> Result<Response, Failed> {
    site.accounts.log_out_everywhere(account.id).await?;
    leave(&site, &session, &headers, "/").await
}

/// Unlinks WeChat, unless it is the last way to log in. Other devices are logged out; this one stays.
pub(crate) async fn unlink(
    State(site): State<Site>,
    session: Session,
    CurrentUser(account): CurrentUser,
    headers: HeaderMap,
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
    // Otherwise the last callback, if it came again within a minute, would log in to a new account.
    let ended = site.weixin.end_login(&headers).await;
    Ok((ended, Redirect::to("/")).into_response())
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
    headers: HeaderMap,
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
    leave(&site, &session, &headers, "/deleted").await
}

/// Ends this browser's last login, whose callback must not log in again, and then the session.
async fn leave(
    site: &Site,
    session: &Session,
    headers: &HeaderMap,
    to: &str,
) -> Result<Response, Failed> {
    let ended = site.weixin.end_login(headers).await;
    session.flush().await?;
    Ok((ended, Redirect::to(to)).into_response())
}
