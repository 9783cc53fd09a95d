//! The login of one site: what handlers share.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use http::{HeaderMap, header::SET_COOKIE};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tracing::Instrument;
use weixin::{Apps, Client, Clock, Code, KnownIds, RedirectUri, Token, User};

use crate::{
    ForgetState, LoginError, LoginErrorKind, ReturnPath, UnusableSite, VerifiedCode, Visitor,
    WebLoginBuilder,
    exchange_once::{Entry, Exchanges, Outcome, Pending, nothing_was_sent},
    login_error::Reply,
    pages::Pages,
    state_cookie::StateCookies,
};

/// WeChat login for one site. Cheap to clone: put it into the router's state.
#[derive(Clone, Debug)]
pub struct WebLogin(pub(crate) Arc<Inner>);

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) apps: Apps,
    /// The first of them.
    pub(crate) client: Client,
    pub(crate) redirect_uri: RedirectUri,
    /// The callback's own path, up to where a parameter can be added.
    pub(crate) path: Arc<str>,
    pub(crate) cookies: StateCookies,
    pub(crate) pages: Pages,
    /// `None`: the client's.
    pub(crate) clock: Option<Arc<dyn Clock>>,
    pub(crate) exchanges: Mutex<Exchanges>,
    pub(crate) in_flight: Arc<Semaphore>,
    #[cfg(feature = "shared")]
    pub(crate) shared: Option<Arc<crate::shared_exchanges::SharedExchanges>>,
}

/// A completed login.
#[non_exhaustive]
pub struct Login {
    /// What the code was worth. Shared, since a repeated callback gets the same.
    pub token: Arc<Token>,
    /// The application that the user has logged in to: further calls go by it.
    pub client: Client,
    /// Where the login began, if [`StartLogin::return_to`](crate::StartLogin::return_to) was told.
    pub return_to: Option<ReturnPath>,
    /// Ends the login in this browser: make it a part of the response.
    pub forget: ForgetState,
    is_repeat: bool,
    reply: Reply,
}

impl Login {
    /// Reads the user's profile. For who it is, the token is enough: [`ids`](Self::ids) asks nobody.
    ///
    /// # Errors
    ///
    /// [`LoginError`] if WeChat says no or cannot be reached.
    pub async fn user(&self) -> Result<User, LoginError> {
        let user = self.client.user(&*self.token).await;
        user.map_err(|error| self.reply.clone().failed_because(Arc::new(error)))
    }

    /// Whether this callback came before, within the last minute: another request has got the same result, or will.
    ///
    /// Its response may not have reached the browser, so a repeat usually logs in as well. A site that ends all logins of
    /// a user rejects the repeats of those that it has ended.
    pub fn is_repeat(&self) -> bool {
        self.is_repeat
    }

    /// Who has logged in, without another call.
    pub fn ids(&self) -> KnownIds {
        self.token.ids(self.client.app())
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login")
            .field("token", &self.token)
            .field("return_to", &self.return_to)
            .field("is_repeat", &self.is_repeat)
            .finish_non_exhaustive()
    }
}

impl WebLogin {
    /// The login of a site with one application, a website app or an official account, that WeChat calls back at
    /// `redirect_uri`. [`builder`](Self::builder) takes both, and the options.
    ///
    /// # Errors
    ///
    /// [`UnusableSite`] for plain HTTP elsewhere than on `localhost` and `127.0.0.1`, and for an application of another
    /// kind.
    pub fn new(client: Client, redirect_uri: RedirectUri) -> Result<Self, UnusableSite> {
        Self::builder(redirect_uri).app(client).build()
    }

    /// A login with options.
    pub fn builder(redirect_uri: RedirectUri) -> WebLoginBuilder {
        WebLoginBuilder::new(redirect_uri)
    }

    /// The client of the website app, or of the official account if there is none.
    pub fn client(&self) -> &Client {
        &self.0.client
    }

    /// Exchanges a verified code, once, however often its callback comes within a minute and
    /// even if the browser goes away meanwhile.
    ///
    /// # Errors
    ///
    /// [`LoginErrorKind::Used`] if the login has been used before; [`LoginErrorKind::Busy`] if 256 exchanges are under
    /// way; the others if WeChat says no or cannot be reached.
    pub async fn exchange(&self, verified: VerifiedCode) -> Result<Login, LoginError> {
        let VerifiedCode {
            code,
            state,
            cookie,
            reply,
        } = verified;
        let Some(client) = self.0.apps.of_kind(cookie.kind).cloned() else {
            return Err(reply.failed_with(LoginErrorKind::Used));
        };
        let mut is_repeat = false;
        let outcome = match self.enter(&state, &code) {
            None => return Err(reply.failed_with(LoginErrorKind::Busy)),
            Some((Entry::Used, _)) => return Err(reply.failed_with(LoginErrorKind::Used)),
            Some((Entry::Follower(pending), _)) => {
                is_repeat = true;
                let outcome = wait(pending).await;
                #[cfg(feature = "shared")]
                if let Some(shared) = &self.0.shared
                    && !shared.may_repeat(&state, self.now()).await
                {
                    return Err(reply.failed_with(LoginErrorKind::Used));
                }
                outcome
            }
            Some((Entry::Leader(sender, pending), permit)) => {
                let exchange = self.clone().redeem(client.clone(), state.clone(), code);
                // A task of its own: a browser that calls back twice drops its first request.
                let task = async move {
                    let outcome = exchange.await;
                    drop(permit);
                    sender.send_replace(Some(outcome));
                };
                tokio::spawn(task.in_current_span());
                wait(pending).await
            }
        };
        let spent = self.0.cookies.spend(&state, &cookie);
        let login = |token, is_repeat| Login {
            token,
            client: client.clone(),
            forget: ForgetState(spent.clone()),
            return_to: reply.return_to.clone(),
            is_repeat,
            reply: reply.clone(),
        };
        match outcome {
            Some(Outcome::Token(token)) => Ok(login(token, is_repeat)),
            #[cfg(feature = "shared")]
            Some(Outcome::Repeat(token)) => Ok(login(token, true)),
            Some(Outcome::Failed(error)) if nothing_was_sent(&error) => {
                Err(reply.failed_because(error))
            }
            Some(Outcome::Failed(error)) => Err(reply.with_cookie(spent).failed_because(error)),
            #[cfg(feature = "shared")]
            Some(Outcome::Used) => Err(reply.failed_with(LoginErrorKind::Used)),
            // The exchange has panicked: whether the code was used is unknown.
            None => Err(reply.failed_with(LoginErrorKind::Expired)),
        }
    }

    /// The entry for this callback and, for the one that exchanges, the permit to; `None` if too many do.
    fn enter(&self, state: &str, code: &Code) -> Option<(Entry, Option<OwnedSemaphorePermit>)> {
        let permit = Arc::clone(&self.0.in_flight).try_acquire_owned().ok();
        self.exchanges(|all, now| {
            // A repeat costs nothing: it needs no permit, and keeps none while it waits.
            if permit.is_none() && !all.is_used(state, now) {
                return None;
            }
            match all.enter(state, code, now) {
                leader @ Entry::Leader(..) => Some((leader, permit)),
                other => Some((other, None)),
            }
        })
    }

    /// Exchanges the code, unless another server has.
    async fn redeem(self, client: Client, state: String, code: Code) -> Outcome {
        #[cfg(feature = "shared")]
        let outcome = match &self.0.shared {
            Some(shared) => shared.redeem(&client, &state, code, self.now()).await,
            None => client.exchange(code).await.into(),
        };
        #[cfg(not(feature = "shared"))]
        let outcome: Outcome = client.exchange(code).await.into();
        if let Outcome::Failed(error) = &outcome
            && nothing_was_sent(error)
        {
            self.exchanges(|all, _| all.release(&state));
        }
        outcome
    }

    /// Ends the replay of this browser's logins, so that a callback that comes again, such as by the back button, does
    /// not log in: for the handler that logs the user out. Add the headers to its response, before its own cookies
    /// (`HeaderMap::extend` replaces those that are there): they remove the cookies of at most twenty logins, those in
    /// progress as well. With `WebLoginBuilder::shared` it holds on all servers; a store that fails is logged. Logins of
    /// the same user in other browsers can be repeated for the rest of their minute: [`Login::is_repeat`] tells them.
    #[cfg_attr(
        not(feature = "shared"),
        expect(clippy::unused_async, reason = "a shared store is asked")
    )]
    pub async fn end_login(&self, headers: &HeaderMap) -> HeaderMap {
        let mut response = HeaderMap::new();
        let states = self.0.cookies.to_end(headers);
        for state in &states {
            self.exchanges(|all, _| all.end_replay(state));
            if let Some(cookie) = self.0.cookies.remove(state) {
                response.append(SET_COOKIE, cookie);
            }
        }
        #[cfg(feature = "shared")]
        if let Some(shared) = &self.0.shared {
            shared.end_replays(states).await;
        }
        response
    }

    pub(crate) fn reply(&self, visitor: Visitor, return_to: Option<&ReturnPath>) -> Reply {
        Reply {
            pages: self.0.pages.clone(),
            visitor,
            path: Arc::clone(&self.0.path),
            return_to: return_to.cloned(),
            is_at_callback: false,
            cookie: None,
        }
    }

    /// No method of the exchanges panics half-way, so a poisoned lock holds good data.
    pub(crate) fn exchanges<T>(&self, work: impl FnOnce(&mut Exchanges, SystemTime) -> T) -> T {
        let now = self.now();
        let exchanges = self.0.exchanges.lock();
        work(&mut exchanges.unwrap_or_else(PoisonError::into_inner), now)
    }

    fn now(&self) -> SystemTime {
        match &self.0.clock {
            Some(clock) => clock.now(),
            None => self.0.client.clock().now(),
        }
    }
}

/// `None` if the exchange ended without a result, which only a panic in it can do.
async fn wait(mut pending: Pending) -> Option<Outcome> {
    let outcome = pending.wait_for(Option::is_some).await.ok()?;
    outcome.clone()
}
