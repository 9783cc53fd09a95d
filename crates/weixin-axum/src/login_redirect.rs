//! The response that sends a browser to WeChat.

use std::{fmt, sync::Arc};

use http::{
    HeaderMap, HeaderValue, Response, StatusCode,
    header::{LOCATION, SET_COOKIE},
};
use serde_json::json;
use url::Url;
use weixin::{
    Bilingual, ConsentOptions, CsrfToken, Error, Language, QrPageOptions,
    app::{AppKind, LoginRoute, ScanHint},
    authorize::Device,
    error::ParseError,
};

use crate::{
    Browser, Framing, LoginError, LoginErrorKind, ReturnPath, WebLogin,
    destination::{Destination, in_language},
    pages::{self, PageText},
    state_cookie::StateCookie,
};

/// A new login: the response that sends the browser to WeChat, with the cookie that binds the login to it.
///
/// It is a redirect; a page with a hint for phones, which cannot scan their own screen; or JSON with the URL for programs.
#[derive(Clone)]
#[must_use = "return it from the handler"]
pub struct StartLogin {
    login: WebLogin,
    browser: Browser,
    route: Route,
    options: Options,
    csrf: CsrfToken,
    is_restart: bool,
    return_to: Option<ReturnPath>,
    target: Target,
    /// Cookies that end the oldest logins of this browser.
    removed: Vec<HeaderValue>,
}

/// The page of WeChat's that fits a device.
#[derive(Clone, Copy, Debug)]
struct Route {
    kind: AppKind,
    hint: Option<ScanHint>,
}

#[derive(Clone)]
struct Options {
    qr_page: QrPageOptions,
    consent: ConsentOptions,
}

/// The URL of WeChat's page, and the state in it.
#[derive(Clone)]
struct Target {
    url: Url,
    state: String,
}

const LOG_IN: Bilingual = Bilingual {
    en: "Log in with WeChat",
    zh: "使用微信登录",
};

const SHOW_QR_CODE: Bilingual = Bilingual {
    en: "Show the QR code",
    zh: "显示二维码",
};

impl StartLogin {
    /// Sets the path to open after the login; [`Login::return_to`](crate::Login::return_to) returns it. It travels in the
    /// callback's URL, covered by the state.
    pub fn return_to(mut self, path: impl Into<Option<ReturnPath>>) -> Self {
        self.return_to = path.into();
        self.updated()
    }

    /// Replaces the site's options of the QR page, for this login.
    pub fn qr_page(mut self, options: QrPageOptions) -> Self {
        self.options.qr_page = options;
        self.updated()
    }

    /// Replaces the site's options of the consent page, for this login.
    pub fn consent(mut self, options: ConsentOptions) -> Self {
        self.options.consent = options;
        self.updated()
    }

    /// Asks users even if WeChat would log them in without a question (`forcePopup=true`, `fast_login=0`), such as to
    /// confirm a deletion. Keeps the other options.
    ///
    /// See docs/wechat.md#official-account-login, #fast-login.
    pub fn force_dialog(mut self) -> Self {
        self.options.qr_page = self.options.qr_page.no_fast_login();
        self.options.consent = self.options.consent.force_dialog();
        self.updated()
    }

    /// The browser.
    pub fn browser(&self) -> &Browser {
        &self.browser
    }

    /// The URL of WeChat's page.
    pub fn url(&self) -> Url {
        self.target.url.clone()
    }

    pub(crate) fn return_path(&self) -> Option<&ReturnPath> {
        self.return_to.as_ref()
    }

    /// The URL without the path and the options could be made, and they add nothing that can fail.
    fn updated(mut self) -> Self {
        let login = self.login.clone();
        let destination = login.destination(&self.csrf, self.return_to.as_ref(), self.is_restart);
        if let Ok(target) = destination.and_then(|destination| {
            login.target(
                self.route.kind,
                self.browser.language,
                &self.options,
                destination,
            )
        }) {
            self.target = target;
        }
        self
    }

    /// The response for any framework.
    pub fn into_http(self) -> Response<String> {
        let cookie = StateCookie {
            csrf: self.csrf.clone(),
            kind: self.route.kind,
        };
        // A state of this crate's always fits into a cookie.
        let Some(cookie) = self.login.0.cookies.set(&self.target.state, &cookie) else {
            return pages::empty(StatusCode::INTERNAL_SERVER_ERROR);
        };
        let language = self.browser.language;
        let hint = self.route.hint.map(|hint| hint.text().pick(language));
        let mut response = match hint {
            hint if self.browser.wants_json => {
                let value = json!({ "url": self.target.url.as_str(), "hint": hint });
                pages::json(StatusCode::OK, &value)
            }
            Some(hint) => {
                let page = PageText::new(language, LOG_IN.pick(language), hint)
                    .link(self.target.url.as_str(), SHOW_QR_CODE.pick(language));
                self.login.0.pages.plain(StatusCode::OK, &page)
            }
            None => self.redirect(),
        };
        for cookie in self.removed.into_iter().chain([cookie]) {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
        response
    }

    fn redirect(&self) -> Response<String> {
        let mut response = pages::empty(StatusCode::SEE_OTHER);
        if let Ok(location) = HeaderValue::try_from(self.target.url.as_str()) {
            response.headers_mut().insert(LOCATION, location);
        }
        response
    }
}

impl fmt::Debug for StartLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The URL contains the state.
        f.debug_struct("StartLogin")
            .field("browser", &self.browser)
            .field("return_to", &self.return_to)
            .finish_non_exhaustive()
    }
}

impl WebLogin {
    /// Starts a login in the browser of a request with these headers: on the QR page, on the consent page inside WeChat, or
    /// with a hint for other phones.
    ///
    /// A browser has at most five logins in progress; with one more, the oldest ends.
    ///
    /// # Errors
    ///
    /// [`LoginErrorKind::Configuration`] if the site has no app for this browser.
    pub fn start(&self, headers: &HeaderMap) -> Result<StartLogin, LoginError> {
        self.begin(headers, false)
    }

    /// Starts a login that asks the user nothing (`snsapi_base`): only inside WeChat, with an official account, and in a
    /// top window that says so. `None` elsewhere.
    ///
    /// See docs/wechat.md#official-account-login.
    pub fn start_silently(&self, headers: &HeaderMap) -> Option<StartLogin> {
        let browser = Browser::from_headers(headers);
        let is_inside_wechat = browser.device == Device::WeChat && browser.framing == Framing::Top;
        if !is_inside_wechat || self.0.apps.official_account.is_none() {
            return None;
        }
        let start = self.start(headers).ok()?;
        let consent = start.options.consent.clone().silent();
        Some(start.consent(consent))
    }

    pub(crate) fn begin(
        &self,
        headers: &HeaderMap,
        is_restart: bool,
    ) -> Result<StartLogin, LoginError> {
        let context = self.context(headers);
        let browser = context.browser;
        let Some(route) = self.route(browser.device) else {
            return Err(LoginError::new(
                LoginErrorKind::Configuration,
                context,
                None,
            ));
        };
        let options = Options {
            qr_page: self.0.qr_page.clone(),
            consent: self.0.consent.clone(),
        };
        let made = CsrfToken::random().and_then(|csrf| {
            let destination = self.destination(&csrf, None, is_restart)?;
            let target = self.target(route.kind, browser.language, &options, destination)?;
            Ok((csrf, target))
        });
        let (csrf, target) =
            made.map_err(|error| LoginError::because(Arc::new(error), context, None))?;
        Ok(StartLogin {
            login: self.clone(),
            browser,
            route,
            options,
            csrf,
            is_restart,
            return_to: None,
            target,
            removed: self.0.cookies.make_room(headers),
        })
    }

    fn route(&self, device: Device) -> Option<Route> {
        match self.0.apps.for_device(device)? {
            LoginRoute::QrPage { hint, .. } => Some(Route {
                kind: AppKind::Website,
                hint,
            }),
            LoginRoute::InWeChat(_) => Some(Route {
                kind: AppKind::OfficialAccount,
                hint: None,
            }),
            _ => None,
        }
    }

    fn target(
        &self,
        kind: AppKind,
        language: Language,
        options: &Options,
        destination: Destination,
    ) -> Result<Target, Error> {
        let Destination { redirect_uri, csrf } = destination;
        let (apps, state) = (&self.0.apps, csrf.state());
        let url = match (kind, &apps.website, &apps.official_account) {
            (AppKind::OfficialAccount, _, Some(app)) => {
                app.authorize_url(&redirect_uri, &csrf, &options.consent)?
            }
            (_, Some(app), _) => {
                let qr_page = in_language(options.qr_page.clone(), language);
                app.authorize_url(&redirect_uri, &csrf, &qr_page)?
            }
            _ => return Err(ParseError::new("app", "an app for this browser").into()),
        };
        Ok(Target { url, state })
    }
}
