//! A callback, compared with the browser that brings it.

use http::{HeaderMap, header::ORIGIN};
use weixin::{Callback, CallbackError, Code};

use crate::{
    LoginError, LoginErrorKind, ReturnPath, Visitor, WebLogin,
    login_error::Reply,
    state_cookie::{StateCookie, is_ours},
};

/// Marks the callback of a login that has started again by itself: it does so once. It must be in the URL, since the
/// browsers that need it lose cookies.
pub(crate) const RESTARTED: &str = "login_restarted";
/// Asks the callback's own path for a new login: what the page of a failed one links to.
pub(crate) const AGAIN: &str = "login_again";
/// Shows why a login failed, at a URL in which no code is left.
pub(crate) const ERROR: &str = "login_error";
/// Where to go after the login.
pub(crate) const RETURN_TO: &str = "return_to";

/// Parameters of a callback's query that are this crate's: a redirect URI has none of them.
pub(crate) const OURS: [&str; 4] = [RESTARTED, AGAIN, ERROR, RETURN_TO];

/// What the browser says of the page that made a request.
const FETCH_SITE: &str = "sec-fetch-site";

/// The code of a callback that belongs to this browser: pass it to [`WebLogin::exchange`].
pub struct VerifiedCode {
    pub(crate) code: Code,
    pub(crate) state: String,
    pub(crate) cookie: StateCookie,
    pub(crate) reply: Reply,
}

impl std::fmt::Debug for VerifiedCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("VerifiedCode(..)")
    }
}

/// Our own parameters in the query of a callback.
#[derive(Default)]
struct Ours {
    again: bool,
    restarted: bool,
    error: Option<String>,
    return_to: Option<ReturnPath>,
    /// A return path that was not written here, or two.
    is_tampered: bool,
}

impl Ours {
    fn parse(query: &str) -> Self {
        let mut ours = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                AGAIN => ours.again = true,
                RESTARTED => ours.restarted = true,
                ERROR => ours.error = Some(value.into_owned()),
                RETURN_TO => {
                    let path = ReturnPath::from_query(&value);
                    ours.is_tampered |= path.is_none() || ours.return_to.is_some();
                    ours.return_to = path;
                }
                _ => {}
            }
        }
        if ours.is_tampered {
            ours.return_to = None;
        }
        ours
    }
}

impl WebLogin {
    /// Compares a callback, given by its query and headers, with this browser's cookie.
    ///
    /// # Errors
    ///
    /// A [`LoginError`] that says what the visitor can do, or does it.
    pub fn verify(&self, query: &str, headers: &HeaderMap) -> Result<VerifiedCode, LoginError> {
        let ours = Ours::parse(query);
        let visitor = Visitor::of(headers);
        if let Some(kind) = &ours.error {
            return Err(self.show(kind, visitor, ours.return_to.as_ref()));
        }
        if ours.again {
            return Err(self.again(visitor, headers, ours.return_to));
        }
        if visitor.is_in_frame {
            return Err(self.reply(visitor, None).leave_frame(query));
        }
        self.verify_in_top_window(query, headers, (visitor, ours))
    }

    fn verify_in_top_window(
        &self,
        query: &str,
        headers: &HeaderMap,
        (visitor, ours): (Visitor, Ours),
    ) -> Result<VerifiedCode, LoginError> {
        let reply = self.reply(visitor, ours.return_to.as_ref()).at_callback();
        let callback = Callback::parse(query).ok();
        let state = callback.as_ref().and_then(|callback| callback.state());
        let Some(state) = state.map(str::to_owned) else {
            return Err(reply.failed_with(LoginErrorKind::Malformed));
        };
        // Before anything else is asked or kept: a state of another shape was not made here.
        if !is_ours(&state) {
            return Err(reply.failed_with(LoginErrorKind::CsrfMismatch));
        }
        let Some(cookie) = self.0.cookies.find(headers, &state) else {
            return Err(self.without_cookie(&state, headers, reply, &ours));
        };
        if ours.is_tampered {
            return Err(reply.failed_with(LoginErrorKind::CsrfMismatch));
        }
        let csrf = self.bound(cookie.csrf.clone(), ours.return_to.as_ref());
        let code = callback.map(|callback| callback.verify(&csrf));
        match code {
            Some(Ok(code)) => Ok(VerifiedCode {
                code,
                state,
                cookie,
                reply,
            }),
            Some(Err(CallbackError::Declined)) => Err(reply
                .with_cookie(self.0.cookies.remove(&state))
                .failed_with(LoginErrorKind::Declined)),
            Some(Err(CallbackError::CsrfMismatch)) => {
                Err(reply.failed_with(LoginErrorKind::CsrfMismatch))
            }
            _ => Err(reply.failed_with(LoginErrorKind::Malformed)),
        }
    }

    /// A callback without its cookie is never accepted: the question is only what the user is told.
    fn without_cookie(
        &self,
        state: &str,
        headers: &HeaderMap,
        reply: Reply,
        ours: &Ours,
    ) -> LoginError {
        if self.exchanges(|all, now| all.is_used(state, now)) {
            reply.failed_with(LoginErrorKind::Used)
        } else if !self.0.cookies.in_progress(headers).is_empty() {
            reply.failed_with(LoginErrorKind::CsrfMismatch)
        } else if ours.restarted {
            reply.failed_with(LoginErrorKind::NoCookie)
        } else {
            match self.restart(headers, true) {
                Ok(start) => LoginError::restarted(start.return_to(ours.return_to.clone())),
                Err(error) => error,
            }
        }
    }

    /// What the page of a failed login links to: a new login, never the same code again. A page of another site may not
    /// start it: it would fill this browser's cookies, or choose where the user ends up.
    fn again(
        &self,
        visitor: Visitor,
        headers: &HeaderMap,
        return_to: Option<ReturnPath>,
    ) -> LoginError {
        if !self.is_same_origin(headers) {
            let reply = self.reply(visitor, return_to.as_ref());
            return reply.failed_with(LoginErrorKind::CsrfMismatch);
        }
        match self.restart(headers, false) {
            Ok(start) => LoginError::restarted(start.return_to(return_to)),
            Err(error) => error,
        }
    }

    /// Where a failed callback has sent the browser: the same page however often it is loaded.
    fn show(&self, kind: &str, visitor: Visitor, return_to: Option<&ReturnPath>) -> LoginError {
        let kind = LoginErrorKind::ALL.into_iter().find(|one| {
            let is_page = !matches!(one, LoginErrorKind::InFrame | LoginErrorKind::Restarted);
            is_page && one.as_str() == kind
        });
        self.reply(visitor, return_to)
            .page(kind.unwrap_or(LoginErrorKind::Malformed))
    }

    /// Whether a page of this site, or the user, made this request. Old browsers and programs do not say: they pass.
    fn is_same_origin(&self, headers: &HeaderMap) -> bool {
        if let Some(site) = headers.get(FETCH_SITE) {
            return matches!(site.as_bytes(), b"same-origin" | b"none");
        }
        let own = self.0.redirect_uri.url().origin().ascii_serialization();
        let origin = headers.get(ORIGIN);
        origin.is_none_or(|origin| origin.as_bytes() == own.as_bytes())
    }
}
