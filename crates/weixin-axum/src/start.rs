//! The answer that sends a browser to WeChat.

use std::sync::Arc;

use http::{
    HeaderValue, Response, StatusCode,
    header::{LOCATION, SET_COOKIE},
};
use serde_json::json;
use weixin::{
    Advice, AppKind, AuthorizeRequest, Device, Error, LoginRequest, LoginUrl, PageLang, RedirectUri,
};

use crate::{
    Language, LoginError, Problem, ReturnPath, Visitor, WebLogin,
    login_error::Reply,
    pages::{self, Link, PageText},
    state_cookie::StateCookie,
};

/// Sends the browser to WeChat and keeps the state in its cookie: a redirect; for a phone that cannot scan its own
/// screen, a page that says what to do; for a program, JSON with the address.
#[derive(Clone, Debug)]
#[must_use = "return it from the handler"]
pub struct StartLogin {
    pub(crate) url: LoginUrl,
    pub(crate) advice: Option<Advice>,
    pub(crate) cookie: StateCookie,
    pub(crate) reply: Reply,
}

impl StartLogin {
    /// Remembers where to go after the login; [`Login::return_to`](crate::Login::return_to) brings it back.
    pub fn return_to(mut self, path: ReturnPath) -> Self {
        self.cookie.return_to = Some(path);
        self
    }

    /// The address of WeChat's page.
    pub fn url(&self) -> &str {
        self.url.as_str()
    }

    /// The answer for any framework.
    pub fn into_http(self) -> Response<String> {
        // A state of this crate's always is a cookie's.
        let Some(cookie) = self.cookie.keep() else {
            return pages::guarded(StatusCode::INTERNAL_SERVER_ERROR, String::new());
        };
        let Visitor {
            language,
            wants_json,
            ..
        } = self.reply.visitor;
        let advice = self.advice.map(|advice| match language {
            Language::Chinese => advice.zh(),
            Language::English => advice.en(),
        });
        let mut answer = match advice {
            advice if wants_json => {
                let value = json!({ "url": self.url.as_str(), "advice": advice });
                pages::json(StatusCode::OK, &value)
            }
            Some(advice) => {
                let page = self.for_phones(advice, language);
                self.reply.pages.plain(StatusCode::OK, &page)
            }
            None => self.redirect(),
        };
        answer.headers_mut().append(SET_COOKIE, cookie);
        answer
    }

    fn redirect(&self) -> Response<String> {
        let mut answer = pages::guarded(StatusCode::SEE_OTHER, String::new());
        if let Ok(location) = HeaderValue::try_from(self.url.as_str()) {
            answer.headers_mut().insert(LOCATION, location);
        }
        answer
    }

    fn for_phones(&self, advice: &str, language: Language) -> PageText {
        PageText {
            language,
            title: language.say("用微信登录", "Log in with WeChat"),
            text: advice.to_owned(),
            link: Some(Link {
                href: self.url.as_str().to_owned(),
                label: language.say("显示二维码", "Show the QR code"),
            }),
        }
    }
}

impl WebLogin {
    /// Starts a login: return this from the handler behind "log in with WeChat". It is the QR page on desktops, the
    /// official account's page inside WeChat, and for other phones a page that says what to do.
    ///
    /// # Errors
    ///
    /// [`Problem::Configuration`] if there is no application for this browser, or the callback is one that WeChat
    /// refuses.
    pub fn start(&self, visitor: &Visitor) -> Result<StartLogin, LoginError> {
        self.start_at(&self.0.redirect_uri, *visitor)
    }

    pub(crate) fn start_at(
        &self,
        callback: &RedirectUri,
        visitor: Visitor,
    ) -> Result<StartLogin, LoginError> {
        let reply = self.reply(visitor, None);
        let (kind, url, advice) = self
            .login_url(callback, visitor)
            .map_err(|error| reply.failed(Arc::new(error)))?
            .ok_or_else(|| reply.problem(Problem::Configuration))?;
        Ok(StartLogin {
            cookie: StateCookie::new(self.0.site, url.state().clone(), kind),
            url,
            advice,
            reply,
        })
    }

    /// `None`: there is no application for this browser.
    fn login_url(
        &self,
        callback: &RedirectUri,
        visitor: Visitor,
    ) -> Result<Option<(AppKind, LoginUrl, Option<Advice>)>, Error> {
        let apps = &self.0.apps;
        if let (Device::WeChat, Some(account)) =
            (visitor.device, apps.of_kind(AppKind::OfficialAccount))
        {
            let url = account.authorize_url(AuthorizeRequest::new(callback.clone()))?;
            return Ok(Some((AppKind::OfficialAccount, url, None)));
        }
        let Some(website) = apps.of_kind(AppKind::Website) else {
            return Ok(None);
        };
        let url = website.login_url(qr_page(callback, visitor))?;
        let advice = match visitor.device {
            Device::Phone => Some(Advice::OpenInWeChat),
            Device::WeChat => Some(Advice::ScanWithAnother),
            _ => None,
        };
        Ok(Some((AppKind::Website, url, advice)))
    }
}

/// In the visitor's language.
pub(crate) fn qr_page(callback: &RedirectUri, visitor: Visitor) -> LoginRequest {
    let request = LoginRequest::new(callback.clone());
    match visitor.language {
        Language::Chinese => request,
        Language::English => request.lang(PageLang::En),
    }
}
