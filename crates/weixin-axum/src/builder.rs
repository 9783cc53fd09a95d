//! The options of a site's login.

use std::sync::{Arc, Mutex};

use thiserror::Error;
use weixin::{AppKind, Apps, Client, RedirectUri};

use crate::{
    WebLogin,
    pages::{PageText, Pages},
    state_cookie::Site,
    verified::RESTARTED,
    web_login::Inner,
};

/// A login with options; made by [`WebLogin::builder`].
#[derive(Debug)]
#[must_use = "finish it with `build`"]
pub struct WebLoginBuilder {
    apps: Apps,
    redirect_uri: RedirectUri,
    pages: Pages,
    #[cfg(feature = "shared")]
    shared: Option<crate::shared::Shared>,
}

impl WebLoginBuilder {
    pub(crate) fn new(redirect_uri: RedirectUri) -> Self {
        Self {
            apps: Apps::new(),
            redirect_uri,
            pages: Pages::default(),
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

    /// Remembers spent logins where all servers of the site look: a callback that comes twice gets the first answer also
    /// from another server. Without it, each server remembers its own.
    ///
    /// Use a store that encrypts, such as `RedisStore` or `SqlStore`: what is kept there for a minute are tokens.
    #[cfg(feature = "shared")]
    pub fn shared(mut self, store: impl weixin::Store + 'static) -> Self {
        self.shared = Some(crate::shared::Shared::new(Box::new(store)));
        self
    }

    /// Finishes.
    ///
    /// # Errors
    ///
    /// [`UnusableSite`] says why no browser could log in there.
    pub fn build(self) -> Result<WebLogin, UnusableSite> {
        let site = Site::of(&self.redirect_uri).ok_or(UnusableSite::Insecure)?;
        let kinds = [AppKind::Website, AppKind::OfficialAccount];
        let mut apps = kinds.iter().filter_map(|kind| self.apps.of_kind(*kind));
        let client = apps.next().cloned().ok_or(UnusableSite::NoApp)?;
        Ok(WebLogin(Arc::new(Inner {
            restarted_uri: self.redirect_uri.with_query_pair(RESTARTED, "1"),
            client,
            apps: self.apps,
            redirect_uri: self.redirect_uri,
            site,
            pages: self.pages,
            redemptions: Mutex::default(),
            #[cfg(feature = "shared")]
            shared: self.shared,
        })))
    }
}

/// A site at which no browser could log in.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum UnusableSite {
    /// Plain HTTP elsewhere than on this machine.
    #[error(
        "redirect_uri must start with https:// (http:// is for localhost and 127.0.0.1 only): no browser keeps the login's cookie on plain http"
    )]
    Insecure,
    /// Neither a website app nor an official account.
    #[error("a website app or an official account is needed: other kinds have no login page")]
    NoApp,
}
