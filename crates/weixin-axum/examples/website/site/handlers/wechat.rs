//! Login with WeChat, and linking WeChat to an account that has a password.

use axum::{
    Form,
    extract::State,
    http::HeaderMap,
    response::{IntoResponse, Redirect, Response},
};
use tower_sessions::{Session, session::Id};
use weixin_axum::{Login, LoginError, LoginErrorKind, ReturnPath, VerifiedCode};

use super::{Failed, confirmation::Confirmation};
use crate::site::{
    Arrival, Owner, Site,
    current_user::{self, CurrentUser, USER},
    pages,
};

/// In the session of an account that WeChat is being linked to: the return path of that one login.
const LINKING: &str = "linking";

/// How the return path of a login that links begins.
const LINK_PATH: &str = "/?link=";

pub(crate) async fn login(
    State(site): State<Site>,
    headers: HeaderMap,
) -> Result<Response, Failed> {
    start(&site, &headers, "/")
}

/// Logs in again, to confirm what cannot be undone.
pub(crate) async fn confirm(
    State(site): State<Site>,
    headers: HeaderMap,
) -> Result<Response, Failed> {
    start(&site, &headers, "/delete")
}

/// Starts a login that adds WeChat to the account that is logged in, whose password confirms it: WeChat opens the account
/// from then on.
///
/// Its return path holds a random number that the session knows, too. So this login links, and no other login that comes
/// to the same session, such as that of a visitor into whose browser somebody has planted the session.
pub(crate) async fn link(
    State(site): State<Site>,
    session: Session,
    CurrentUser(account): CurrentUser,
    headers: HeaderMap,
    Form(form): Form<Confirmation>,
) -> Result<Response, Failed> {
    if let Err((status, notice)) = form.check(&site, &account).await? {
        return Ok(pages::profile(status, &account, notice));
    }
    let path = format!("{LINK_PATH}{}", Id::default());
    session.insert(LINKING, &path).await?;
    start(&site, &headers, &path)
}

fn start(site: &Site, headers: &HeaderMap, return_to: &str) -> Result<Response, Failed> {
    let return_to: ReturnPath = return_to.parse()?;
    Ok(match site.weixin.start(headers) {
        Ok(start) => start.return_to(return_to).into_response(),
        Err(error) => error.into_response(),
    })
}

/// The response is a redirect, also if the site fails: the code is not to stay in the address bar.
pub(crate) async fn callback(
    State(site): State<Site>,
    session: Session,
    code: Result<VerifiedCode, LoginError>,
) -> Response {
    let response = arrive(&site, &session, code).await;
    response.unwrap_or_else(failed)
}

fn failed(_: Failed) -> Response {
    Redirect::to("/failed").into_response()
}

async fn arrive(
    site: &Site,
    session: &Session,
    code: Result<VerifiedCode, LoginError>,
) -> Result<Response, Failed> {
    // Read first: what ends the user's logins from now on ends this one.
    let last_end = site.accounts.last_end().await?;
    let login = match code {
        Ok(code) => site.weixin.exchange(code).await,
        Err(error) => Err(error),
    };
    let login = match login {
        Ok(login) => login,
        Err(error) if error.kind() == LoginErrorKind::Restarted => {
            return restarted(session, error).await;
        }
        Err(error) => return Ok(error.into_response()),
    };
    let arrival = Arrival {
        ids: login.ids(),
        is_repeat: login.is_repeat(),
        last_end,
    };
    let response = complete(site, session, (&login, &arrival)).await;
    Ok((login.forget, response.unwrap_or_else(failed)).into_response())
}

/// A login without its cookie starts again, unless it was to link: the log-out that removed the cookie has ended the link.
async fn restarted(session: &Session, error: LoginError) -> Result<Response, Failed> {
    let purpose = purpose(session, error.return_to()).await?;
    Ok(match purpose {
        Purpose::LinkEnded => Redirect::to("/not-linked").into_response(),
        Purpose::Link(_) | Purpose::LogIn => error.into_response(),
    })
}

async fn complete(
    site: &Site,
    session: &Session,
    (login, arrival): (&Login, &Arrival),
) -> Result<Response, Failed> {
    let linking = match purpose(session, login.return_to.as_ref()).await? {
        Purpose::LogIn => None,
        Purpose::Link(user) => Some(user),
        Purpose::LinkEnded => return Ok(Redirect::to("/not-linked").into_response()),
    };
    let user = match site.accounts.of_wechat(arrival, linking).await? {
        Owner::Account(user) => user,
        Owner::Conflict => return Ok(Redirect::to("/conflict").into_response()),
        Owner::Ended => return Ok(Redirect::to("/").into_response()),
    };
    introduce(site, user, login).await?;
    if linking == Some(user) {
        // The session stays as it is: the callback may come a second time.
        return Ok(Redirect::to("/").into_response());
    }
    current_user::begin_by_wechat(site, session, user, arrival).await?;
    let path = login.return_to.as_ref().filter(|_| linking.is_none());
    Ok(Redirect::to(path.map_or("/", ReturnPath::as_str)).into_response())
}

enum Purpose {
    LogIn,
    /// To add WeChat to this account.
    Link(i64),
    /// To add WeChat to an account that is not logged in any more, or by a login that the session did not start.
    LinkEnded,
}

async fn purpose(session: &Session, return_to: Option<&ReturnPath>) -> Result<Purpose, Failed> {
    let Some(path) = return_to.filter(|path| path.as_str().starts_with(LINK_PATH)) else {
        return Ok(Purpose::LogIn);
    };
    // A login or a log-out empties the session: the account that began the link is the one that is logged in.
    let begun: Option<String> = session.get(LINKING).await?;
    let user: Option<i64> = session.get(USER).await?;
    Ok(match user {
        Some(user) if begun.as_deref() == Some(path.as_str()) => Purpose::Link(user),
        _ => Purpose::LinkEnded,
    })
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
