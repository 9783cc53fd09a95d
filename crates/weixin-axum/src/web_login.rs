//! The login of one site: what handlers share.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use tracing::Instrument;
use weixin::{Apps, Client, Code, KnownIds, RedirectUri, Token, User};

use crate::{
    ForgetState, LoginError, Problem, ReturnPath, UnusableSite, VerifiedCode, Visitor,
    WebLoginBuilder,
    login_error::Reply,
    pages::Pages,
    redemptions::{Outcome, Pending, Redemptions, Turn},
    state_cookie::Site,
    verified::{AGAIN, RETURN_TO},
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
    pub(crate) restarted_uri: RedirectUri,
    pub(crate) site: Site,
    pub(crate) pages: Pages,
    pub(crate) redemptions: Mutex<Redemptions>,
    #[cfg(feature = "shared")]
    pub(crate) shared: Option<crate::shared::Shared>,
}

/// A completed login.
#[derive(Debug)]
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
        user.map_err(|error| self.reply.failed(Arc::new(error)))
    }

    /// Who has logged in, without another call.
    pub fn ids(&self) -> KnownIds {
        self.token.ids(self.client.app())
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
    /// [`Problem::Spent`] if the login has been used up; the others if WeChat says no or cannot be reached.
    pub async fn exchange(&self, verified: VerifiedCode) -> Result<Login, LoginError> {
        let VerifiedCode {
            code,
            cookie,
            reply,
        } = verified;
        let Some(client) = self.0.apps.of_kind(cookie.kind).cloned() else {
            return Err(reply.problem(Problem::Spent));
        };
        let turn = self.redemptions(|all| all.turn(cookie.state.as_str(), code, Instant::now()));
        let outcome = match turn {
            Turn::Spent => None,
            Turn::Again(pending) => wait(pending).await,
            Turn::First(code, sender, pending) => {
                let (login, client) = (self.clone(), client.clone());
                let state = cookie.state.as_str().to_owned();
                // A task of its own: a browser that calls back twice drops its first request.
                let exchange = async move {
                    let outcome = login.redeem(&client, &state, code).await;
                    sender.send_replace(Some(outcome));
                };
                tokio::spawn(exchange.in_current_span());
                wait(pending).await
            }
        };
        match outcome {
            None => Err(reply.problem(Problem::Spent)),
            #[cfg(feature = "shared")]
            Some(Outcome::Spent) => Err(reply.problem(Problem::Spent)),
            Some(Outcome::Failed(error)) => Err(reply.failed(error)),
            Some(Outcome::Token(token)) => Ok(Login {
                token,
                client,
                forget: cookie.spend(),
                return_to: cookie.return_to,
                reply,
            }),
        }
    }

    /// Trades the code, unless another server has.
    async fn redeem(&self, client: &Client, state: &str, code: Code) -> Outcome {
        #[cfg(feature = "shared")]
        if let Some(shared) = &self.0.shared {
            return shared.redeem(client, state, code).await;
        }
        let _ = state;
        client.exchange(code).await.into()
    }

    pub(crate) fn reply(&self, visitor: Visitor, return_to: Option<&ReturnPath>) -> Reply {
        let path = self.0.redirect_uri.url().path();
        let return_to = return_to.map(|path| {
            let encoded = percent_encoded(path.as_str());
            format!("&{RETURN_TO}={encoded}")
        });
        Reply {
            pages: self.0.pages.clone(),
            visitor,
            again: format!("{path}?{AGAIN}{}", return_to.unwrap_or_default()),
        }
    }

    /// No method of the redemptions panics half-way, so a poisoned lock holds good data.
    pub(crate) fn redemptions<T>(&self, work: impl FnOnce(&mut Redemptions) -> T) -> T {
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

fn percent_encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
