//! A callback, compared with the cookies of the browser that brings it.

use std::fmt;

use http::{HeaderMap, header::ORIGIN};
use weixin::{Callback, Code, error::CallbackError};

#[cfg(feature = "axum")]
use crate::request_context::RequestContext;
use crate::{
    Framing, LoginError, LoginErrorKind, ReturnPath, StartLogin, WebLogin,
    context::Context,
    parameters::{Parameters, is_callback},
    state_cookie::{StateCookie, is_ours},
};

/// The header by which a browser says which page made a request.
const FETCH_SITE: &str = "sec-fetch-site";

/// The code of a callback that belongs to this browser, not yet exchanged.
#[must_use = "exchange it"]
pub struct VerifiedCallback {
    pub(crate) code: Code,
    pub(crate) state: String,
    pub(crate) cookie: StateCookie,
    pub(crate) context: Context,
    pub(crate) return_to: Option<ReturnPath>,
    #[cfg(feature = "axum")]
    pub(crate) request: Option<RequestContext>,
}

impl VerifiedCallback {
    /// The return path of the login, verified by the state.
    pub fn return_to(&self) -> Option<&ReturnPath> {
        self.return_to.as_ref()
    }
}

impl fmt::Debug for VerifiedCallback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedCallback")
            .field("return_to", &self.return_to)
            .finish_non_exhaustive()
    }
}

impl WebLogin {
    /// Compares a callback, by its query and headers, with the cookies of this browser.
    ///
    /// # Errors
    ///
    /// A [`LoginError`] whose response says what the user can do, or does it.
    pub fn verify(&self, query: &str, headers: &HeaderMap) -> Result<VerifiedCallback, LoginError> {
        let parameters = Parameters::parse(query);
        let context = self.context(headers);
        if let Some(kind) = &parameters.error {
            // Only a made-up URL has both: its code leaves the address bar as well.
            let context = if is_callback(query) {
                context.at_callback()
            } else {
                context
            };
            return Err(show(kind, context, parameters.return_to));
        }
        if parameters.again {
            return Err(self.again(context, headers, parameters.return_to));
        }
        if context.browser.framing == Framing::Frame {
            let page = context.leave_frame(query);
            let (kind, return_to) = (LoginErrorKind::InFrame, parameters.return_to);
            return Err(LoginError::continues(kind, page, return_to));
        }
        self.verify_in_top_window(query, headers, context.at_callback(), &parameters)
    }

    fn verify_in_top_window(
        &self,
        query: &str,
        headers: &HeaderMap,
        context: Context,
        parameters: &Parameters,
    ) -> Result<VerifiedCallback, LoginError> {
        let return_to = parameters.return_to.clone();
        let failed = |kind| LoginError::new(kind, context.clone(), return_to.clone());
        let callback = Callback::parse(query).ok();
        let state = callback.as_ref().and_then(|callback| callback.state());
        let Some(state) = state.map(str::to_owned) else {
            return Err(failed(LoginErrorKind::Malformed));
        };
        // A state of another shape was not made here. Checked before anything else is looked up or kept.
        if !is_ours(&state) {
            return Err(failed(LoginErrorKind::CsrfMismatch));
        }
        let Some(cookie) = self.0.cookies.find(headers, &state) else {
            return Err(self.without_cookie(&state, headers, context, parameters));
        };
        if parameters.is_tampered {
            return Err(failed(LoginErrorKind::CsrfMismatch));
        }
        let csrf = self.bound(cookie.csrf.clone(), return_to.as_ref());
        match callback.map(|callback| callback.verify(&csrf)) {
            Some(Ok(code)) => Ok(VerifiedCallback {
                code,
                state,
                cookie,
                context,
                return_to,
                #[cfg(feature = "axum")]
                request: None,
            }),
            Some(Err(CallbackError::Declined)) => {
                let removed = self.0.cookies.remove(&state);
                Err(failed(LoginErrorKind::Declined).with_cookie(removed))
            }
            Some(Err(CallbackError::CsrfMismatch)) => Err(failed(LoginErrorKind::CsrfMismatch)),
            _ => Err(failed(LoginErrorKind::Malformed)),
        }
    }

    /// A callback without its cookie is never accepted: only the response differs.
    fn without_cookie(
        &self,
        state: &str,
        headers: &HeaderMap,
        context: Context,
        parameters: &Parameters,
    ) -> LoginError {
        let kind = if self.exchanges(|all, now| all.is_used(state, now)) {
            LoginErrorKind::Used
        } else if !self.0.cookies.in_progress(headers).is_empty() {
            LoginErrorKind::CsrfMismatch
        } else if parameters.restarted {
            LoginErrorKind::NoCookie
        } else {
            return self.restart(headers, parameters.return_to.clone(), true);
        };
        LoginError::new(kind, context, parameters.return_to.clone())
    }

    /// Starts a new login from the page of a failed one, never with the same code. Pages of other sites cannot: they would
    /// fill this browser's cookies, or choose the return path.
    fn again(
        &self,
        context: Context,
        headers: &HeaderMap,
        return_to: Option<ReturnPath>,
    ) -> LoginError {
        if !self.is_same_origin(headers) {
            return LoginError::new(LoginErrorKind::CsrfMismatch, context, return_to);
        }
        self.restart(headers, return_to, false)
    }

    fn restart(
        &self,
        headers: &HeaderMap,
        return_to: Option<ReturnPath>,
        is_automatic: bool,
    ) -> LoginError {
        match self.begin(headers, is_automatic) {
            Ok(start) => {
                let start = start.return_to(return_to);
                let return_to = start.return_path().cloned();
                LoginError::continues(LoginErrorKind::Restarted, start.into_http(), return_to)
                    .automatic(is_automatic)
            }
            Err(error) => error,
        }
    }

    /// Starts the login of a [`Restarted`](LoginErrorKind::Restarted) error once more, to set its options, which a restart
    /// does not know: a login that must show WeChat's dialog shows it again. The response takes the place of the error's.
    /// `None` for other errors.
    pub fn restarted(&self, error: &LoginError, headers: &HeaderMap) -> Option<StartLogin> {
        if error.kind() != LoginErrorKind::Restarted {
            return None;
        }
        let start = self.begin(headers, error.is_automatic()).ok()?;
        Some(start.return_to(error.return_to().cloned()))
    }

    /// Returns `true` if a page of this site, or the user, made the request. Old browsers and programs do not say so: they
    /// pass.
    fn is_same_origin(&self, headers: &HeaderMap) -> bool {
        if let Some(site) = headers.get(FETCH_SITE) {
            return matches!(site.as_bytes(), b"same-origin" | b"none");
        }
        let own = self.0.redirect_uri.as_url().origin().ascii_serialization();
        let origin = headers.get(ORIGIN);
        origin.is_none_or(|origin| origin.as_bytes() == own.as_bytes())
    }
}

/// The page to which a failed callback was redirected: the same one however often it is loaded.
fn show(kind: &str, context: Context, return_to: Option<ReturnPath>) -> LoginError {
    let kind = LoginErrorKind::ALL.into_iter().find(|one| {
        let is_page = !matches!(one, LoginErrorKind::InFrame | LoginErrorKind::Restarted);
        is_page && one.as_str() == kind
    });
    LoginError::new(
        kind.unwrap_or(LoginErrorKind::Malformed),
        context,
        return_to,
    )
    .named_by_url()
}
