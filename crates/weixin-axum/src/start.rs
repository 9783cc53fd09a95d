//! The response that sends a browser to WeChat.

use std::{fmt, sync::Arc};

use http::{
    HeaderMap, HeaderValue, Response, StatusCode,
    header::{LOCATION, SET_COOKIE},
};
use serde_json::json;
use weixin::{
    Advice, AppKind, AuthorizeRequest, CsrfToken, Device, Error, LoginRequest, LoginUrl, PageLang,
    RedirectUri,
};

use crate::{
    Language, LoginError, LoginErrorKind, ReturnPath, Visitor, WebLogin,
    callback::{RESTARTED, RETURN_TO},
    pages::{self, Link, PageText},
    state_cookie::StateCookie,
};

/// Sends the browser to WeChat and ties the login to it by a cookie: a redirect; for a phone that cannot scan its own
/// screen, a page that says what to do; for a program, JSON with the URL.
#[derive(Clone)]
#[must_use = "return it from the handler"]
pub struct StartLogin {
    login: WebLogin,
    visitor: Visitor,
    route: Route,
    csrf: CsrfToken,
    is_restart: bool,
    return_to: Option<ReturnPath>,
    url: LoginUrl,
    /// Cookies of older logins of this browser that are to go.
    removed: Vec<HeaderValue>,
}

/// Which of WeChat's pages logs this device in.
#[derive(Clone, Copy, Debug)]
struct Route {
    kind: AppKind,
    hint: Option<Advice>,
}

impl StartLogin {
    /// Remembers where to go after the login; [`Login::return_to`](crate::Login::return_to) brings it back. It travels
    /// in the callback's URL, covered by the state.
    pub fn return_to(mut self, path: impl Into<Option<ReturnPath>>) -> Self {
        let path = path.into();
        let destination = self
            .login
            .destination(&self.csrf, path.as_ref(), self.is_restart);
        // It could be made without the path, and the path adds nothing that can fail.
        if let Ok(url) = self
            .login
            .authorize_url(self.route.kind, self.visitor, &destination)
        {
            self.url = url;
            self.return_to = path;
        }
        self
    }

    /// The URL of WeChat's page.
    pub fn url(&self) -> &str {
        self.url.as_str()
    }

    pub(crate) fn return_path(&self) -> Option<&ReturnPath> {
        self.return_to.as_ref()
    }

    /// The response for any framework.
    pub fn into_http(self) -> Response<String> {
        let cookie = StateCookie {
            csrf: self.csrf.clone(),
            kind: self.route.kind,
        };
        let cookies = &self.login.0.cookies;
        // A state of this crate's always fits into a cookie.
        let Some(cookie) = cookies.set(&self.url.csrf().state(), &cookie) else {
            return pages::guarded(StatusCode::INTERNAL_SERVER_ERROR, String::new());
        };
        let Visitor {
            language,
            wants_json,
            ..
        } = self.visitor;
        let hint = self.route.hint.map(|hint| match language {
            Language::Chinese => hint.zh(),
            Language::English => hint.en(),
        });
        let mut response = match hint {
            hint if wants_json => {
                let value = json!({ "url": self.url.as_str(), "advice": hint });
                pages::json(StatusCode::OK, &value)
            }
            Some(hint) => {
                let page = self.for_phones(hint, language);
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
        let mut response = pages::guarded(StatusCode::SEE_OTHER, String::new());
        if let Ok(location) = HeaderValue::try_from(self.url.as_str()) {
            response.headers_mut().insert(LOCATION, location);
        }
        response
    }

    fn for_phones(&self, hint: &str, language: Language) -> PageText {
        PageText {
            language,
            title: language.say("用微信登录", "Log in with WeChat"),
            text: hint.to_owned(),
            link: Some(Link {
                href: self.url.as_str().to_owned(),
                label: language.say("显示二维码", "Show the QR code"),
            }),
        }
    }
}

impl fmt::Debug for StartLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The URL holds the state.
        f.debug_struct("StartLogin")
            .field("visitor", &self.visitor)
            .field("return_to", &self.return_to)
            .finish_non_exhaustive()
    }
}

impl WebLogin {
    /// Starts a login, in the browser of a request with these headers: return this from the handler of "log in with
    /// WeChat". It is the QR page on desktops, the official account's page inside WeChat, and for other phones a page
    /// that says what to do.
    ///
    /// A browser has at most five logins in progress; with one more, the oldest ends.
    ///
    /// # Errors
    ///
    /// [`LoginErrorKind::Configuration`] if there is no app for this browser, or the redirect URI is one that WeChat
    /// rejects.
    pub fn start(&self, headers: &HeaderMap) -> Result<StartLogin, LoginError> {
        self.restart(headers, false)
    }

    pub(crate) fn restart(
        &self,
        headers: &HeaderMap,
        is_restart: bool,
    ) -> Result<StartLogin, LoginError> {
        let visitor = Visitor::of(headers);
        let reply = self.reply(visitor, None);
        let Some(route) = self.route(visitor.device) else {
            return Err(reply.failed_with(LoginErrorKind::Configuration));
        };
        let made = CsrfToken::random().and_then(|csrf| {
            let url = self.authorize_url(
                route.kind,
                visitor,
                &self.destination(&csrf, None, is_restart),
            )?;
            Ok((csrf, url))
        });
        let (csrf, url) = made.map_err(|error| reply.failed_because(Arc::new(error)))?;
        Ok(StartLogin {
            login: self.clone(),
            visitor,
            route,
            csrf,
            is_restart,
            return_to: None,
            url,
            removed: self.0.cookies.make_room(headers),
        })
    }

    /// `None`: there is no app for this device.
    fn route(&self, device: Device) -> Option<Route> {
        let apps = &self.0.apps;
        if device == Device::WeChat && apps.of_kind(AppKind::OfficialAccount).is_some() {
            let kind = AppKind::OfficialAccount;
            return Some(Route { kind, hint: None });
        }
        apps.of_kind(AppKind::Website)?;
        let hint = match device {
            Device::Phone => Some(Advice::OpenInWeChat),
            Device::WeChat => Some(Advice::ScanWithAnother),
            _ => None,
        };
        let kind = AppKind::Website;
        Some(Route { kind, hint })
    }

    /// Where WeChat is to send the browser, and the token whose state covers that.
    pub(crate) fn destination(
        &self,
        csrf: &CsrfToken,
        return_to: Option<&ReturnPath>,
        is_restart: bool,
    ) -> Destination {
        let mut redirect_uri = self.0.redirect_uri.clone();
        if is_restart {
            redirect_uri = redirect_uri.with_query_pair(RESTARTED, "1");
        }
        if let Some(path) = return_to {
            redirect_uri = redirect_uri.with_query_pair(RETURN_TO, &path.in_query());
        }
        let csrf = self.bound(csrf.clone(), return_to);
        Destination { redirect_uri, csrf }
    }

    /// The state covers the redirect URI, so that one of another login on this host is worth nothing here, and the
    /// return path, so that it cannot be exchanged in the callback's URL.
    pub(crate) fn bound(&self, csrf: CsrfToken, return_to: Option<&ReturnPath>) -> CsrfToken {
        let return_to = return_to.map(ReturnPath::in_query).unwrap_or_default();
        csrf.bound_to(&format!("{} {return_to}", self.0.redirect_uri))
    }

    fn authorize_url(
        &self,
        kind: AppKind,
        visitor: Visitor,
        destination: &Destination,
    ) -> Result<LoginUrl, Error> {
        let client = self.0.apps.of_kind(kind).unwrap_or(&self.0.client);
        match kind {
            AppKind::OfficialAccount => client.authorize_url(destination.consent_page()),
            _ => client.login_url(destination.qr_page(visitor)),
        }
    }
}

/// Where WeChat is to send the browser, and the token whose state covers that.
pub(crate) struct Destination {
    redirect_uri: RedirectUri,
    csrf: CsrfToken,
}

impl Destination {
    fn consent_page(&self) -> AuthorizeRequest {
        AuthorizeRequest::new(self.redirect_uri.clone()).csrf(self.csrf.clone())
    }

    /// In the visitor's language.
    pub(crate) fn qr_page(&self, visitor: Visitor) -> LoginRequest {
        let request = LoginRequest::new(self.redirect_uri.clone()).csrf(self.csrf.clone());
        match visitor.language {
            Language::Chinese => request,
            Language::English => request.lang(PageLang::En),
        }
    }
}
