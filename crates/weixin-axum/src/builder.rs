//! The options of a site's login.

use std::sync::{Arc, Mutex};

use thiserror::Error;
use tokio::sync::Semaphore;
use weixin::{
    Client, ConsentOptions, CsrfToken, Error as WeixinError, OfficialAccount, QrPageOptions,
    RedirectUri, Website, app::Apps, clock::Clock, error::ParseError,
};

#[cfg(feature = "shared")]
use crate::shared_exchanges::SharedExchanges;
use crate::{
    ReturnPath, WebLogin,
    exchange_once::MAX_IN_FLIGHT,
    pages::{PageText, Pages},
    parameters::OURS,
    state_cookie::StateCookies,
    web_login::Inner,
};

impl WebLogin {
    /// The login of a site with one app, a website app or an official account. [`builder`](Self::builder) takes both, and
    /// options.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] if no browser could log in there, such as for a redirect URI that WeChat rejects.
    pub fn new(app: impl Into<Apps>, redirect_uri: RedirectUri) -> Result<Self, ConfigError> {
        let mut builder = Self::builder(redirect_uri);
        builder.apps = app.into();
        builder.build()
    }

    /// A login with options.
    pub fn builder(redirect_uri: RedirectUri) -> WebLoginBuilder {
        WebLoginBuilder {
            apps: Apps::new(),
            redirect_uri,
            qr_page: QrPageOptions::new(),
            consent: ConsentOptions::new(),
            login_path: None,
            pages: Pages::default(),
            clock: None,
            #[cfg(feature = "shared")]
            shared: None,
        }
    }
}

/// The options of a [`WebLogin`].
#[derive(Debug)]
#[must_use = "call `build`"]
pub struct WebLoginBuilder {
    apps: Apps,
    redirect_uri: RedirectUri,
    qr_page: QrPageOptions,
    consent: ConsentOptions,
    login_path: Option<ReturnPath>,
    pages: Pages,
    clock: Option<Arc<dyn Clock>>,
    #[cfg(feature = "shared")]
    shared: Option<SharedExchanges>,
}

impl WebLoginBuilder {
    /// Sets the website app, for browsers.
    pub fn website(mut self, app: Website) -> Self {
        self.apps = self.apps.website(app);
        self
    }

    /// Sets the official account, for WeChat's own browser.
    pub fn official_account(mut self, app: OfficialAccount) -> Self {
        self.apps = self.apps.official_account(app);
        self
    }

    /// Sets the options of the QR page, for all logins. Its language follows the browser.
    pub fn qr_page(mut self, options: QrPageOptions) -> Self {
        self.qr_page = options;
        self
    }

    /// Sets the options of the official account's consent page, for all logins.
    pub fn consent(mut self, options: ConsentOptions) -> Self {
        self.consent = options;
        self
    }

    /// Sets the target of "log in again" on the pages of failed logins: your own login page. By default it starts a new
    /// login at once, with the same return path.
    pub fn login_path(mut self, path: ReturnPath) -> Self {
        self.login_path = Some(path);
        self
    }

    /// Renders the HTML of all pages: failures, and hints for phones. Escape every text. For a page that depends on the kind
    /// of a failure, see [`LoginError::is_page`](crate::LoginError::is_page).
    pub fn pages(mut self, render: impl Fn(&PageText) -> String + Send + Sync + 'static) -> Self {
        self.pages.own = Some(Arc::new(render));
        self
    }

    /// Takes the time from another clock than the first app's, for tests.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Some(Arc::new(clock));
        self
    }

    /// Remembers used logins in a store that all servers of the site share: a repeated callback gets the first result on
    /// every server, and a log-out on one server ends the repeats on all. Without it, each server remembers its own.
    ///
    /// The servers' clocks must agree within a few seconds: a callback can be repeated for as much longer than a minute as
    /// they differ. If the store fails or does not respond within 2 seconds, a server decides alone, and logs it.
    ///
    /// Use a store that encrypts, such as `RedisStore` or `PostgresStore`: it keeps the tokens of a login for two hours and, in
    /// SQL, until a later login removes expired records. A table that is missing shows in the log only.
    #[cfg(feature = "shared")]
    pub fn shared(mut self, store: impl weixin::store::Store + 'static) -> Self {
        self.shared = Some(SharedExchanges::new(Box::new(store)));
        self
    }

    /// Builds the login.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] if no browser could log in there.
    pub fn build(self) -> Result<WebLogin, ConfigError> {
        let client = first_client(&self.apps).ok_or(ConfigError::NoApp)?;
        self.check_redirect_uri()?;
        let cookies = StateCookies::new(&self.redirect_uri);
        let cookies = cookies.ok_or(ConfigError::InsecureRedirectUri)?;
        Ok(WebLogin(Arc::new(Inner {
            path: own_path(&self.redirect_uri),
            apps: self.apps,
            redirect_uri: self.redirect_uri,
            qr_page: self.qr_page,
            consent: self.consent,
            login_path: self.login_path,
            cookies,
            pages: self.pages,
            clock: self.clock,
            client,
            exchanges: Mutex::default(),
            in_flight: Arc::new(Semaphore::new(MAX_IN_FLIGHT)),
            #[cfg(feature = "shared")]
            shared: self.shared.map(Arc::new),
        })))
    }

    fn check_redirect_uri(&self) -> Result<(), ConfigError> {
        let url = self.redirect_uri.as_url();
        if url.query_pairs().any(|(name, _)| OURS.contains(&&*name)) {
            let rule = "no query parameters `login_again`, `login_error`, `login_restarted` and `return_to`: the login adds them";
            return Err(ParseError::new("redirect URI", rule).into());
        }
        let Apps {
            website,
            official_account,
            ..
        } = &self.apps;
        // As every login does it, so that none fails for its redirect URI.
        let csrf = CsrfToken::new("x")?;
        let urls = [
            website
                .as_ref()
                .map(|app| app.authorize_url(&self.redirect_uri, &csrf, &self.qr_page)),
            official_account
                .as_ref()
                .map(|app| app.authorize_url(&self.redirect_uri, &csrf, &self.consent)),
        ];
        for url in urls.into_iter().flatten() {
            if let Err(WeixinError::Parse(error)) = url {
                return Err(error.into());
            }
        }
        Ok(())
    }
}

fn first_client(apps: &Apps) -> Option<Client> {
    let website = apps.website.as_ref().map(Client::from);
    website.or_else(|| apps.official_account.as_ref().map(Client::from))
}

/// The callback's path and query, up to where a parameter can be added.
fn own_path(redirect_uri: &RedirectUri) -> Arc<str> {
    let url = redirect_uri.as_url();
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

/// A configuration with which no browser could log in.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum ConfigError {
    /// Plain HTTP on another host than `localhost` and `127.0.0.1`, where browsers do not store the login's cookie.
    #[error(
        "redirect_uri must start with https:// (http:// is for localhost and 127.0.0.1 only): browsers do not store the login's cookie on plain http"
    )]
    InsecureRedirectUri,
    /// A redirect URI that WeChat rejects, or that has a parameter of this crate.
    #[error(transparent)]
    RedirectUri(#[from] ParseError),
    /// Neither a website app nor an official account.
    #[error("a website app or an official account is needed: other kinds have no login page")]
    NoApp,
}
