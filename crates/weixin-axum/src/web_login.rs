//! The login of one site: what handlers share.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use http::HeaderMap;
use thiserror::Error;
use tracing::Instrument;
use weixin::{Callback, CallbackError, Client, LoginRequest, PageLang, RedirectUri, Token};

use crate::{
    CallbackRejection, ForgetState, LoginError, ReturnPath, StartLogin, VerifiedCode,
    redemptions::{Outcome, Pending, Redemptions, Turn},
    state_cookie::{Site, StateCookie},
};

/// Marks the callback of a login that has started again by itself: it does so once. It must be in
/// the address, since the browsers that need it lose cookies.
const RESTARTED: &str = "login_restarted";

/// WeChat login for one site. Cheap to clone: put it into the router's state.
#[derive(Clone, Debug)]
pub struct WebLogin(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    client: Client,
    redirect_uri: RedirectUri,
    restarted_uri: RedirectUri,
    site: Site,
    redemptions: Mutex<Redemptions>,
}

/// A completed login.
#[derive(Debug)]
#[non_exhaustive]
pub struct Login {
    /// What the code was worth. Shared, since a repeated callback gets the same.
    pub token: Arc<Token>,
    /// Where the login began, if [`StartLogin::return_to`] was told.
    pub return_to: Option<ReturnPath>,
    /// Ends the login in this browser: make it a part of the response.
    pub forget: ForgetState,
}

impl WebLogin {
    /// The login of a site that WeChat calls back at `redirect_uri`.
    ///
    /// # Errors
    ///
    /// [`InsecureRedirectUri`] for plain HTTP elsewhere than on `localhost` and `127.0.0.1`.
    pub fn new(client: Client, redirect_uri: RedirectUri) -> Result<Self, InsecureRedirectUri> {
        let site = Site::of(&redirect_uri).ok_or(InsecureRedirectUri)?;
        let restarted_uri = redirect_uri.with_query_pair(RESTARTED, "1");
        let redemptions = Mutex::default();
        Ok(Self(Arc::new(Inner {
            client,
            redirect_uri,
            restarted_uri,
            site,
            redemptions,
        })))
    }

    /// The client, for calls with the token.
    pub fn client(&self) -> &Client {
        &self.0.client
    }

    /// Starts a login: return this from the handler behind "log in with WeChat".
    ///
    /// # Errors
    ///
    /// [`LoginError::Weixin`] if there are no random bytes for the state.
    pub fn start(&self) -> Result<StartLogin, LoginError> {
        self.start_with(LoginRequest::new(self.0.redirect_uri.clone()))
    }

    /// Starts a login whose QR page speaks `lang`.
    ///
    /// # Errors
    ///
    /// As [`WebLogin::start`].
    pub fn start_in(&self, lang: PageLang) -> Result<StartLogin, LoginError> {
        self.start_with(LoginRequest::new(self.0.redirect_uri.clone()).lang(lang))
    }

    fn start_with(&self, request: LoginRequest) -> Result<StartLogin, LoginError> {
        let login = self.0.client.login_url(request).map_err(Arc::new)?;
        Ok(StartLogin::new(self.0.site, &login))
    }

    /// Exchanges a verified code, once, however often its callback comes within a minute and
    /// even if the browser goes away meanwhile.
    ///
    /// # Errors
    ///
    /// [`LoginError::Spent`] if the login has been used up; [`LoginError::Weixin`] if WeChat says no
    /// or cannot be reached.
    pub async fn exchange(&self, verified: VerifiedCode) -> Result<Login, LoginError> {
        let VerifiedCode { code, cookie } = verified;
        let turn = self.redemptions(|all| all.turn(cookie.state.as_str(), code, Instant::now()));
        let outcome = match turn {
            Turn::Spent => return Err(LoginError::Spent),
            Turn::Again(pending) => wait(pending).await,
            Turn::First(code, sender, pending) => {
                let client = self.0.client.clone();
                // A task of its own: a browser that calls back twice drops its first request.
                let exchange = async move {
                    let outcome = client.exchange(code).await.map(Arc::new).map_err(Arc::new);
                    sender.send_replace(Some(outcome));
                };
                tokio::spawn(exchange.in_current_span());
                wait(pending).await
            }
        };
        let token = outcome.ok_or(LoginError::Spent)??;
        Ok(Login {
            token,
            forget: cookie.spend(),
            return_to: cookie.return_to,
        })
    }

    /// Compares a callback with this browser's cookie.
    pub(crate) fn verify(
        &self,
        query: &str,
        headers: &HeaderMap,
    ) -> Result<VerifiedCode, CallbackRejection> {
        let callback = Callback::parse(query)?;
        let state = callback.state().unwrap_or_default();
        let Some(cookie) = StateCookie::find(self.0.site, headers, state) else {
            return Err(self.without_cookie(state, query, headers));
        };
        match callback.verify(&cookie.state) {
            Ok(code) => Ok(VerifiedCode { code, cookie }),
            Err(CallbackError::Declined) => Err(CallbackRejection::Declined(cookie.remove())),
            Err(error) => Err(error.into()),
        }
    }

    /// It is never accepted: the question is only what the user is told.
    fn without_cookie(&self, state: &str, query: &str, headers: &HeaderMap) -> CallbackRejection {
        if self.redemptions(|all| all.is_spent(state, Instant::now())) {
            CallbackRejection::Spent
        } else if StateCookie::any(self.0.site, headers) {
            CallbackRejection::WrongState
        } else if query.contains(RESTARTED) {
            CallbackRejection::NoCookie
        } else {
            let again = self.start_with(LoginRequest::new(self.0.restarted_uri.clone()));
            again.map_or(CallbackRejection::NoCookie, |start| {
                CallbackRejection::Restart(start.into())
            })
        }
    }

    /// No method of the redemptions panics half-way, so a poisoned lock holds good data.
    fn redemptions<T>(&self, work: impl FnOnce(&mut Redemptions) -> T) -> T {
        work(
            &mut self
                .0
                .redemptions
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        )
    }
}

/// `None` if the exchange ended without an outcome, which only a panic in it can do.
async fn wait(mut pending: Pending) -> Option<Outcome> {
    let outcome = pending.wait_for(Option::is_some).await.ok()?;
    outcome.clone()
}

/// Plain HTTP elsewhere than on this machine.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error(
    "redirect_uri must start with https:// (http:// is for localhost and 127.0.0.1 only): no browser keeps the login's cookie on plain http"
)]
pub struct InsecureRedirectUri;
