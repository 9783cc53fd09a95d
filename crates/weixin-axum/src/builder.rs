//! The options of a site's login.

use std::sync::{Arc, Mutex};

use thiserror::Error;
use tokio::sync::Semaphore;
use weixin::{AppKind, Apps, Client, Clock, RedirectUri};

use crate::{
    WebLogin,
    callback::OURS,
    exchange_once::MAX_IN_FLIGHT,
    pages::{PageText, Pages},
    state_cookie::StateCookies,
    web_login::Inner,
};

/// A login with options; made by [`WebLogin::builder`].
#[derive(Debug)]
#[must_use = "finish it with `build`"]
pub struct WebLoginBuilder {
    apps: Apps,
    redirect_uri: RedirectUri,
    pages: Pages,
    clock: Option<Arc<dyn Clock>>,
    #[cfg(feature = "shared")]
    shared: Option<crate::shared_exchanges::SharedExchanges>,
}

impl WebLoginBuilder {
    pub(crate) fn new(redirect_uri: RedirectUri) -> Self {
        Self {
            apps: Apps::new(),
            redirect_uri,
            pages: Pages::default(),
            clock: None,
            #[cfg(feature = "shared")]
            shared: None,
        }
    }

    /// Adds an application: a website app for browsers, an official account for WeChat's own browser.
    pub fn app(mut self, client: Client) -> Self {
        self.apps = self.apps.with(client);
        self
    }

    /// Writes the HTML of this crate's pages: problems, and what a phone is told. Escape every text of it.
    pub fn pages(mut self, write: impl Fn(&PageText) -> String + Send + Sync + 'static) -> Self {
        self.pages.own = Some(Arc::new(write));
        self
    }

    /// Takes the time from elsewhere than the first app's clock, in tests.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Some(Arc::new(clock));
        self
    }

    /// Remembers used logins in a store that all servers of the site share: a callback that comes twice gets the first
    /// result from another server as well, and a log-out on one server ends the repeats on all. Without it, each server
    /// remembers its own.
    ///
    /// The servers' clocks must agree within a few seconds: a callback can be repeated for longer than a minute by as much
    /// as they differ. If the store fails, a server goes by what it knows itself, and logs it.
    ///
    /// Use a store that encrypts, such as `RedisStore` or `SqlStore`: it keeps tokens for a minute.
    #[cfg(feature = "shared")]
    pub fn shared(mut self, store: impl weixin::Store + 'static) -> Self {
        self.shared = Some(crate::shared_exchanges::SharedExchanges::new(Box::new(
            store,
        )));
        self
    }

    /// Finishes.
    ///
    /// # Errors
    ///
    /// [`UnusableSite`] says why no browser could log in there.
    pub fn build(self) -> Result<WebLogin, UnusableSite> {
        let url = self.redirect_uri.url();
        if let Some(name) = OURS
            .into_iter()
            .find(|ours| url.query_pairs().any(|(name, _)| name == *ours))
        {
            return Err(UnusableSite::ReservedParameter(name));
        }
        let cookies = StateCookies::new(&self.redirect_uri).ok_or(UnusableSite::Insecure)?;
        let kinds = [AppKind::Website, AppKind::OfficialAccount];
        let mut apps = kinds.iter().filter_map(|kind| self.apps.of_kind(*kind));
        let client = apps.next().cloned().ok_or(UnusableSite::NoApp)?;
        Ok(WebLogin(Arc::new(Inner {
            path: own_path(&self.redirect_uri),
            client,
            apps: self.apps,
            redirect_uri: self.redirect_uri,
            cookies,
            pages: self.pages,
            clock: self.clock,
            exchanges: Mutex::default(),
            in_flight: Arc::new(Semaphore::new(MAX_IN_FLIGHT)),
            #[cfg(feature = "shared")]
            shared: self.shared.map(Arc::new),
        })))
    }
}

/// The callback's path and query, up to where one of our parameters can be added.
fn own_path(redirect_uri: &RedirectUri) -> Arc<str> {
    let url = redirect_uri.url();
    // `//host` is another host to a browser; `/.//host` is the path `//host` of this one (WHATWG URL, section 4.5).
    let dot = if url.path().starts_with("//") {
        "/."
    } else {
        ""
    };
    let path = [dot, url.path(), "?"].concat();
    match url.query() {
        Some(query) if !query.is_empty() => format!("{path}{query}&").into(),
        _ => path.into(),
    }
}

/// A site at which no browser could log in.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum UnusableSite {
    /// Plain HTTP elsewhere than on this machine.
    #[error(
        "redirect_uri must start with https:// (http:// is for localhost and 127.0.0.1 only): browsers do not store the login's cookie on plain http"
    )]
    Insecure,
    /// Neither a website app nor an official account.
    #[error("a website app or an official account is needed: other kinds have no login page")]
    NoApp,
    /// The redirect URI's query has a parameter that this crate adds itself.
    #[error("redirect_uri must not contain the query parameter `{0}`: the login adds it by itself")]
    ReservedParameter(&'static str),
}
