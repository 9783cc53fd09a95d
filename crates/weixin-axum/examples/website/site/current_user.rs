//! What a session holds: the account that is logged in, and since when.

use axum::{
    extract::FromRequestParts,
    http::request::Parts,
    response::{IntoResponse, Redirect, Response},
};
use tower_sessions::Session;

use super::{Site, accounts::Account, ended_logins::Arrival, handlers::Failed};

/// The account's id.
pub(super) const USER: &str = "user";

/// When WeChat logged the account in, in seconds since 1970; missing after a login by password.
const WECHAT_LOGIN: &str = "wechat_login";

/// For how long a login by WeChat confirms what cannot be undone, in seconds.
const FRESH: i64 = 5 * 60;

/// The account that is logged in. Without one, the visitor is redirected to the start page.
pub(crate) struct CurrentUser(pub(crate) Account);

impl FromRequestParts<Site> for CurrentUser {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Response> {
        let session = Session::from_request_parts(parts, site).await;
        let session = session.map_err(IntoResponse::into_response)?;
        let account = account(site, &session).await;
        match account.map_err(IntoResponse::into_response)? {
            Some(account) => Ok(Self(account)),
            None => Err(Redirect::to("/").into_response()),
        }
    }
}

pub(crate) async fn account(site: &Site, session: &Session) -> Result<Option<Account>, Failed> {
    match session.get(USER).await? {
        Some(id) => Ok(site.accounts.find(id).await?),
        None => Ok(None),
    }
}

/// Begins a session under a new ID, empty but for the account: an ID that was planted in the browser before the login is
/// worth nothing after it.
pub(crate) async fn begin(session: &Session, user: i64) -> Result<(), Failed> {
    session.cycle_id().await?;
    session.clear().await;
    session.insert(USER, user).await?;
    Ok(())
}

/// Begins a session after a login by WeChat, unless the login is ended meanwhile.
pub(crate) async fn begin_by_wechat(
    site: &Site,
    session: &Session,
    user: i64,
    login: &Arrival,
) -> Result<(), Failed> {
    begin(session, user).await?;
    session.insert(WECHAT_LOGIN, site.database.now()).await?;
    // Saved before the look: a log-out on all devices either finds the session, or is found here.
    let saved = session.save().await;
    let ended = site.accounts.has_ended(login).await;
    if saved.is_ok() && matches!(ended, Ok(false)) {
        return Ok(());
    }
    session.flush().await?;
    // The session of an account that was deleted cannot be saved: that is no failure.
    if !ended? {
        saved?;
    }
    Ok(())
}

/// Whether WeChat logged this session's account in a few minutes ago.
pub(crate) async fn is_fresh(site: &Site, session: &Session) -> Result<bool, Failed> {
    let login: Option<i64> = session.get(WECHAT_LOGIN).await?;
    Ok(login.is_some_and(|login| site.database.now() - login <= FRESH))
}
