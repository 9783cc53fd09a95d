//! Login with WeChat, and linking WeChat to an account that has a password.

use axum::{
    Form,
    extract::{RawQuery, State},
    response::{IntoResponse, Redirect, Response},
};
use tower_sessions::Session;
use weixin_axum::{Login, LoginError, LoginErrorKind, ReturnPath, StartLogin, VerifiedCallback};

use super::{Failed, confirmation::Confirmation};
use crate::site::{
    Arrival, Owner, Site,
    current_user::{self, CurrentUser},
    linking::{self, LINK_PATH, Purpose},
    pages,
};

pub(crate) async fn login(start: StartLogin) -> StartLogin {
    start
}

/// Logs in again, to confirm a deletion.
pub(crate) async fn confirm(start: StartLogin) -> Result<StartLogin, Failed> {
    let path: ReturnPath = "/delete".parse()?;
    Ok(start.return_to(path).force_dialog())
}

/// Starts a login that links WeChat to the current account. The account's password confirms it: from then on, WeChat logs
/// in to the account.
pub(crate) async fn link(
    State(site): State<Site>,
    session: Session,
    CurrentUser(account): CurrentUser,
    start: StartLogin,
    Form(form): Form<Confirmation>,
) -> Result<Response, Failed> {
    if let Err((status, notice)) = form.check(&site, &account).await? {
        return Ok(pages::profile(status, &account, notice));
    }
    let path: ReturnPath = LINK_PATH.parse()?;
    let start = start.return_to(path);
    linking::begin(&site, &session, &start).await?;
    Ok(start.into_response())
}

/// The response is a redirect, also if the site fails, so that no code stays in the address bar.
pub(crate) async fn callback(
    State(site): State<Site>,
    session: Session,
    RawQuery(query): RawQuery,
    callback: Result<VerifiedCallback, LoginError>,
) -> Response {
    let state = linking::state(query.as_deref().unwrap_or_default());
    let response = arrive(&site, &session, &state, callback).await;
    response.unwrap_or_else(failed)
}

fn failed(_: Failed) -> Response {
    Redirect::to("/failed").into_response()
}

async fn arrive(
    site: &Site,
    session: &Session,
    state: &str,
    callback: Result<VerifiedCallback, LoginError>,
) -> Result<Response, Failed> {
    // Read first: what ends the user's logins from now on ends this one.
    let last_end = site.accounts.last_end().await?;
    let login = match callback {
        Ok(callback) => callback.exchange().await,
        Err(error) => Err(error),
    };
    let login = match login {
        Ok(login) => login,
        Err(error) => return gave_up(site, session, state, error).await,
    };
    let arrival = Arrival {
        ids: login.user_ids(),
        is_repeat: login.is_repeat(),
        last_end,
    };
    complete(site, session, state, (&login, &arrival)).await
}

/// A login without its cookie starts again, unless it was to link: that takes the password again.
async fn gave_up(
    site: &Site,
    session: &Session,
    state: &str,
    error: LoginError,
) -> Result<Response, Failed> {
    linking::end(site, session, state).await?;
    let is_restart = error.kind() == LoginErrorKind::Restarted;
    if is_restart && linking::is_link(error.return_to()) {
        return Ok(Redirect::to("/not-linked").into_response());
    }
    Ok(error.into_response())
}

async fn complete(
    site: &Site,
    session: &Session,
    state: &str,
    (login, arrival): (&Login, &Arrival),
) -> Result<Response, Failed> {
    let to = |path: &str| Ok(Redirect::to(path).into_response());
    let return_to = login.return_to();
    let linking = match linking::purpose(site, session, state, return_to, &arrival.ids).await? {
        Purpose::LogIn => None,
        Purpose::Link(user) => Some(user),
        Purpose::Linked => return to("/"),
        Purpose::LinkEnded => return to("/not-linked"),
    };
    let user = match site.accounts.of_wechat(arrival, linking).await? {
        Owner::Account(user) => user,
        Owner::Conflict => return to("/conflict"),
        Owner::Ended => return to("/"),
    };
    introduce(site, user, login).await?;
    if linking == Some(user) {
        return to("/");
    }
    current_user::begin_by_wechat(site, session, user, arrival).await?;
    let path = return_to.filter(|_| linking.is_none());
    to(path.map_or("/", ReturnPath::as_str))
}

/// Asks WeChat for name and avatar, unless there is a name. Without them, the login goes on.
async fn introduce(site: &Site, user: i64, login: &Login) -> Result<(), Failed> {
    let account = site.accounts.find(user).await?;
    if account.is_none_or(|account| account.name.is_some()) {
        return Ok(());
    }
    match login.user().await {
        Ok(profile) => {
            let avatar = profile.headimgurl.as_deref();
            let name = profile.real_nickname();
            site.accounts.introduce(user, name, avatar).await?;
        }
        Err(error) => tracing::warn!(%error, "the profile could not be read"),
    }
    Ok(())
}
