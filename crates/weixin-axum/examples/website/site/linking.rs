//! WeChat is linked by one login, that the account's password has started, within a few minutes.
//!
//! The session knows this login by its state, which only the browser that started it can bring back. So no other login that
//! comes to the same session links: not that of a visitor into whose browser an attacker has planted the session, and not
//! that of a thief who has the session and the URL.

use serde::{Deserialize, Serialize};
use tower_sessions::Session;
use url::form_urlencoded;
use weixin::UserIds;
use weixin_axum::{ReturnPath, StartLogin};

use super::{Site, current_user::USER, handlers::Failed};

/// The return path of a login that links. It never becomes one that logs in.
pub(crate) const LINK_PATH: &str = "/?link";

/// In the session of an account that WeChat is being linked to.
const LINKING: &str = "linking";

/// For how long the password that was given confirms a link, in seconds.
const TIME: i64 = 10 * 60;

#[derive(Deserialize, Serialize)]
struct Link {
    state: String,
    begun: i64,
}

pub(crate) enum Purpose {
    LogIn,
    /// To add WeChat to this account.
    Link(i64),
    /// A repeat: WeChat is the account's already.
    Linked,
    /// To add WeChat to an account that is not logged in any more, too late, or by a login that the session did not start.
    LinkEnded,
}

/// Binds the link to this login.
pub(crate) async fn begin(
    site: &Site,
    session: &Session,
    login: &StartLogin,
) -> Result<(), Failed> {
    let link = Link {
        state: state(login.url().query().unwrap_or_default()),
        begun: site.database.now(),
    };
    Ok(session.insert(LINKING, link).await?)
}

/// What a login was started for. Its link, if it is one, is used up, whatever comes of it.
pub(crate) async fn purpose(
    site: &Site,
    session: &Session,
    state: &str,
    return_to: Option<&ReturnPath>,
    ids: &UserIds,
) -> Result<Purpose, Failed> {
    if !is_link(return_to) {
        return Ok(Purpose::LogIn);
    }
    let is_begun = end(site, session, state).await?;
    // A login or a log-out empties the session: the account that began the link is the one that is logged in.
    let user: Option<i64> = session.get(USER).await?;
    Ok(match user {
        Some(user) if is_begun => Purpose::Link(user),
        Some(user) if site.accounts.is_linked(user, ids).await? => Purpose::Linked,
        _ => Purpose::LinkEnded,
    })
}

/// Ends the link that waits for the login with this state. Returns whether there was one, and in time.
pub(crate) async fn end(site: &Site, session: &Session, state: &str) -> Result<bool, Failed> {
    let link: Option<Link> = session.get(LINKING).await?;
    let Some(link) = link.filter(|link| link.state == state) else {
        return Ok(false);
    };
    session.remove_value(LINKING).await?;
    Ok(site.database.now() - link.begun <= TIME)
}

pub(crate) fn is_link(return_to: Option<&ReturnPath>) -> bool {
    return_to.is_some_and(|path| path.as_str() == LINK_PATH)
}

/// The state in the query of WeChat's login page or of a callback.
pub(crate) fn state(query: &str) -> String {
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    let state = pairs.find(|(name, _)| name == "state");
    state
        .map(|(_, state)| state.into_owned())
        .unwrap_or_default()
}
