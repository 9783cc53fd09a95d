//! The login of one site.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use http::{HeaderMap, Response, StatusCode};
use tokio::sync::Semaphore;
use weixin::{
    Client, ConsentOptions, OfficialAccount, QrPageOptions, RedirectUri, Website,
    app::{AppKind, Apps},
    clock::Clock,
};

#[cfg(feature = "shared")]
use crate::shared_exchanges::SharedExchanges;
use crate::{
    Browser, ReturnPath,
    context::Context,
    exchange_once::Exchanges,
    pages::{PageText, Pages},
    state_cookie::StateCookies,
};

/// The login with WeChat of one site: a layer for the router, whose extractors are [`StartLogin`](crate::StartLogin),
/// [`Login`](crate::Login), [`EndLogin`](crate::EndLogin) and [`EmbeddedLogin`](crate::embed::EmbeddedLogin). Cheap to
/// clone.
///
/// Other frameworks use its methods, which take and return types of the crate `http`. Two logins of one site are two
/// layers on nested routers.
#[derive(Clone)]
pub struct WebLogin(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) apps: Apps,
    pub(crate) redirect_uri: RedirectUri,
    pub(crate) qr_page: QrPageOptions,
    pub(crate) consent: ConsentOptions,
    /// The callback's own path, up to where a parameter can be added.
    pub(crate) path: Arc<str>,
    pub(crate) login_path: Option<ReturnPath>,
    pub(crate) cookies: StateCookies,
    pub(crate) pages: Pages,
    /// `None`: the first app's.
    pub(crate) clock: Option<Arc<dyn Clock>>,
    /// The first app.
    pub(crate) client: Client,
    pub(crate) exchanges: Mutex<Exchanges>,
    pub(crate) in_flight: Arc<Semaphore>,
    #[cfg(feature = "shared")]
    pub(crate) shared: Option<Arc<SharedExchanges>>,
}

impl WebLogin {
    /// The apps of the site.
    pub fn apps(&self) -> &Apps {
        &self.0.apps
    }

    /// A page in the style of this login, with headers that keep it out of frames and caches.
    pub fn page(&self, status: StatusCode, page: &PageText) -> Response<String> {
        self.0.pages.plain(status, page)
    }

    pub(crate) fn client(&self, kind: AppKind) -> Option<&Client> {
        let apps = &self.0.apps;
        match kind {
            AppKind::Website => apps.website.as_ref().map(Website::client),
            AppKind::OfficialAccount => {
                let account = apps.official_account.as_ref();
                account.map(OfficialAccount::client)
            }
            _ => None,
        }
    }

    pub(crate) fn context(&self, headers: &HeaderMap) -> Context {
        self.context_of(Browser::from_headers(headers))
    }

    pub(crate) fn context_of(&self, browser: Browser) -> Context {
        Context {
            pages: self.0.pages.clone(),
            browser,
            path: Arc::clone(&self.0.path),
            login_path: self.0.login_path.clone(),
            is_at_callback: false,
        }
    }

    /// A poisoned lock is safe to use: no method of the exchanges panics half-way.
    pub(crate) fn exchanges<T>(&self, work: impl FnOnce(&mut Exchanges, SystemTime) -> T) -> T {
        let now = self.now();
        let exchanges = self.0.exchanges.lock();
        work(&mut exchanges.unwrap_or_else(PoisonError::into_inner), now)
    }

    pub(crate) fn now(&self) -> SystemTime {
        match &self.0.clock {
            Some(clock) => clock.now(),
            None => self.0.client.clock().now(),
        }
    }
}

impl fmt::Debug for WebLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebLogin")
            .field("redirect_uri", &self.0.redirect_uri.to_string())
            .field("apps", &self.0.apps)
            .finish_non_exhaustive()
    }
}
