//! The QR code inside a page of the site.

use std::{fmt, sync::Arc};

use http::{HeaderMap, HeaderValue, header::SET_COOKIE};
use url::Url;
use weixin::{AppKind, Client, CsrfToken, EmbeddedQr, Error, SelfRedirect};

use crate::{
    LoginError, LoginErrorKind, ReturnPath, Visitor, WebLogin, pages::nonce,
    state_cookie::StateCookie,
};

/// The QR code inside a page of the site, in one of two ways: a frame of its own ([`frame`](Self::frame)), for which the
/// page runs no foreign script, or WeChat's `wxLogin.js` ([`script`](Self::script)). Make this a part of the response:
/// it sets the login's cookie.
#[derive(Clone)]
#[must_use = "make it a part of the response"]
pub struct EmbeddedLogin {
    options: Options,
    csrf: CsrfToken,
    page: Page,
    nonce: String,
    /// Cookies of older logins of this browser that are to go.
    removed: Vec<HeaderValue>,
}

#[derive(Clone)]
struct Options {
    login: WebLogin,
    website: Client,
    visitor: Visitor,
    container: String,
    ending: Ending,
}

/// What stands in the site's page, in both ways.
#[derive(Clone)]
struct Page {
    qr: EmbeddedQr,
    frame: String,
}

/// Which window goes to the callback.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum Ending {
    /// The whole window; the page is left.
    #[default]
    Window,
    /// The frame: the callback arrives there, and goes on in the whole window by itself, where this site has its
    /// cookies.
    Frame,
}

impl EmbeddedLogin {
    /// Remembers where to go after the login.
    pub fn return_to(mut self, path: impl Into<Option<ReturnPath>>) -> Self {
        // It could be made without the path, and the path adds nothing that can fail.
        if let Ok(page) = self.options.page(&self.csrf, path.into().as_ref()) {
            self.page = page;
        }
        self
    }

    /// An `iframe` element with WeChat's page. It may lead the whole window to the callback and nothing else of the page.
    pub fn frame(&self) -> String {
        let address = self.page.frame.replace('&', "&amp;").replace('"', "&quot;");
        format!(
            r#"<iframe src="{address}" title="微信登录 · Log in with WeChat" width="300" height="400" sandbox="allow-scripts allow-same-origin allow-top-navigation" allow="local-network-access" referrerpolicy="no-referrer" style="border:0"></iframe>"#
        )
    }

    /// WeChat's `wxLogin.js` and what it is called with, for an element with the container's id in front of it.
    pub fn script(&self) -> String {
        let (nonce, script) = (&self.nonce, self.page.qr.script_url());
        format!(
            r#"<script nonce="{nonce}" src="{script}"></script><script nonce="{nonce}">new WxLogin({})</script>"#,
            self.page.qr.settings()
        )
    }

    /// The value of the nonce, for other scripts of the page.
    pub fn nonce(&self) -> &str {
        &self.nonce
    }

    /// A `Content-Security-Policy` under which both work, a callback in the frame included, and nobody else puts the page
    /// into a frame.
    pub fn policy(&self) -> String {
        let origin = |address: &str| {
            Url::parse(address)
                .map_or_else(|_| String::new(), |url| url.origin().ascii_serialization())
        };
        let (scripts, frames) = (origin(self.page.qr.script_url()), origin(&self.page.frame));
        format!(
            "script-src 'nonce-{}' {scripts}; frame-src 'self' {frames}; object-src 'none'; base-uri 'none'; frame-ancestors 'none'",
            self.nonce
        )
    }

    /// The cookies, for a response of any framework.
    pub fn headers(&self) -> HeaderMap {
        let cookie = StateCookie {
            csrf: self.csrf.clone(),
            kind: AppKind::Website,
        };
        let state = self.page.qr.csrf().state();
        let cookie = self.options.login.0.cookies.set(&state, &cookie);
        let cookies = self.removed.iter().cloned().chain(cookie);
        cookies.map(|cookie| (SET_COOKIE, cookie)).collect()
    }
}

impl Options {
    fn page(&self, csrf: &CsrfToken, return_to: Option<&ReturnPath>) -> Result<Page, Error> {
        let window = match self.ending {
            Ending::Window => SelfRedirect::Top,
            Ending::Frame => SelfRedirect::Frame,
        };
        let destination = self.login.destination(csrf, return_to, false);
        let request = destination.qr_page(self.visitor).self_redirect(window);
        let url = self.website.login_url(request.clone())?;
        let qr = self.website.embedded_qr(&self.container, request)?;
        let page = url.as_str().split('#').next().unwrap_or_default();
        let frame = [page, "&login_type=jssdk"].concat();
        Ok(Page { qr, frame })
    }
}

impl fmt::Debug for EmbeddedLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The frame's URL holds the state.
        f.debug_struct("EmbeddedLogin")
            .field("container", &self.options.container)
            .field("ending", &self.options.ending)
            .finish_non_exhaustive()
    }
}

impl WebLogin {
    /// The QR code inside a page, which a request with these headers asks for, in the element with the id `container`
    /// if it is made by script.
    ///
    /// # Errors
    ///
    /// [`LoginErrorKind::Configuration`] without a website app, or if the redirect URI is one that WeChat rejects.
    pub fn embed(
        &self,
        headers: &HeaderMap,
        container: &str,
        ending: Ending,
    ) -> Result<EmbeddedLogin, LoginError> {
        let visitor = Visitor::of(headers);
        let reply = self.reply(visitor, None);
        let Some(website) = self.0.apps.of_kind(AppKind::Website) else {
            return Err(reply.failed_with(LoginErrorKind::Configuration));
        };
        let options = Options {
            login: self.clone(),
            website: website.clone(),
            visitor,
            container: container.to_owned(),
            ending,
        };
        let made = CsrfToken::random().and_then(|csrf| {
            let page = options.page(&csrf, None)?;
            Ok((csrf, page))
        });
        let (csrf, page) = made.map_err(|error| reply.failed_because(Arc::new(error)))?;
        Ok(EmbeddedLogin {
            options,
            csrf,
            page,
            nonce: nonce(),
            removed: self.0.cookies.make_room(headers),
        })
    }
}
