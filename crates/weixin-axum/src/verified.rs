//! A callback, compared with the browser that brings it.

use std::time::Instant;

use http::HeaderMap;
use weixin::{Callback, CallbackError, Code};

use crate::{
    LoginError, Problem, ReturnPath, Visitor, WebLogin, login_error::Reply,
    state_cookie::StateCookie,
};

/// Marks the callback of a login that has started again by itself: it does so once. It must be in
/// the address, since the browsers that need it lose cookies.
pub(crate) const RESTARTED: &str = "login_restarted";

/// Asks the callback's own address for a new login: what a problem's page links to.
pub(crate) const AGAIN: &str = "login_again=1";

/// Where a login that is asked for so goes in the end.
pub(crate) const RETURN_TO: &str = "return_to";

/// The code of a callback that belongs to this browser: pass it to [`WebLogin::exchange`].
#[derive(Debug)]
pub struct VerifiedCode {
    pub(crate) code: Code,
    pub(crate) cookie: StateCookie,
    pub(crate) reply: Reply,
}

impl WebLogin {
    /// Compares a callback, given by its query and headers, with this browser's cookie.
    ///
    /// # Errors
    ///
    /// A [`LoginError`] that says what the visitor can do, or does it.
    pub fn verify(&self, query: &str, headers: &HeaderMap) -> Result<VerifiedCode, LoginError> {
        let visitor = Visitor::of(headers);
        if query.split('&').any(|pair| pair == AGAIN) {
            return Err(self.begin_again(visitor, return_to(query)));
        }
        if visitor.is_in_frame {
            let path = self.0.redirect_uri.url().path();
            return Err(self
                .reply(visitor, None)
                .leave_frame(format!("{path}?{query}")));
        }
        let reply = self.reply(visitor, None);
        let Ok(callback) = Callback::parse(query) else {
            return Err(reply.problem(Problem::Malformed));
        };
        let state = callback.state().unwrap_or_default();
        let Some(cookie) = StateCookie::find(self.0.site, headers, state) else {
            return Err(self.without_cookie(state, query, (headers, visitor)));
        };
        let reply = self.reply(visitor, cookie.return_to.as_ref());
        match callback.verify(&cookie.state) {
            Ok(code) => Ok(VerifiedCode {
                code,
                cookie,
                reply,
            }),
            Err(CallbackError::Declined) => {
                Err(reply.problem(Problem::Declined).forgetting(cookie.remove()))
            }
            Err(CallbackError::WrongState) => Err(reply.problem(Problem::WrongState)),
            Err(_) => Err(reply.problem(Problem::Malformed)),
        }
    }

    /// A callback without its cookie is never accepted: the question is only what the user is told.
    fn without_cookie(
        &self,
        state: &str,
        query: &str,
        (headers, visitor): (&HeaderMap, Visitor),
    ) -> LoginError {
        let reply = self.reply(visitor, None);
        if self.redemptions(|all| all.is_spent(state, Instant::now())) {
            reply.problem(Problem::Spent)
        } else if StateCookie::any(self.0.site, headers) {
            reply.problem(Problem::WrongState)
        } else if query.contains(RESTARTED) {
            reply.problem(Problem::NoCookie)
        } else {
            let again = self.start_at(&self.0.restarted_uri, visitor);
            again.map_or_else(|error| error, LoginError::starts_again)
        }
    }

    /// What the button of a problem's page asks for: a new login, never the same code again.
    fn begin_again(&self, visitor: Visitor, return_to: Option<ReturnPath>) -> LoginError {
        match self.start_at(&self.0.redirect_uri, visitor) {
            Ok(start) => LoginError::starts_again(match return_to {
                Some(path) => start.return_to(path),
                None => start,
            }),
            Err(error) => error,
        }
    }
}

/// Where a login is to end that a problem's page has asked for.
fn return_to(query: &str) -> Option<ReturnPath> {
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    let (_, path) = pairs.find(|(name, _)| name == RETURN_TO)?;
    path.parse().ok()
}
