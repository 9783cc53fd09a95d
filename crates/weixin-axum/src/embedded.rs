//! The QR code inside a page of the site.

use http::HeaderValue;
use url::Url;
use weixin::{AppKind, Client, SelfRedirect};

use crate::{
    LoginError, ReturnPath, Visitor, WebLogin, pages::nonce, start::qr_page,
    state_cookie::StateCookie,
};

/// The QR code inside a page of the site, in one of two ways: a frame of its own ([`frame`](Self::frame)), for which the
/// page runs no foreign script, or WeChat's `wxLogin.js` ([`script`](Self::script)). Make this a part of the response:
/// it sets the login's cookie.
#[derive(Clone, Debug)]
#[must_use = "make it a part of the response"]
pub struct EmbeddedLogin {
    qr: weixin::EmbeddedQr,
    frame: String,
    nonce: String,
    pub(crate) cookie: StateCookie,
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
    pub fn return_to(mut self, path: ReturnPath) -> Self {
        self.cookie.return_to = Some(path);
        self
    }

    /// An `iframe` element with WeChat's page. It may lead the whole window to the callback and nothing else of the page.
    pub fn frame(&self) -> String {
        let address = self.frame.replace('&', "&amp;").replace('"', "&quot;");
        format!(
            r#"<iframe src="{address}" title="微信登录 · Log in with WeChat" width="300" height="400" sandbox="allow-scripts allow-same-origin allow-top-navigation" allow="local-network-access" referrerpolicy="no-referrer" style="border:0"></iframe>"#
        )
    }

    /// WeChat's `wxLogin.js` and what it is called with, for an element with the container's id in front of it.
    pub fn script(&self) -> String {
        let (nonce, script) = (&self.nonce, self.qr.script_url());
        format!(
            r#"<script nonce="{nonce}" src="{script}"></script><script nonce="{nonce}">new WxLogin({})</script>"#,
            self.qr.settings()
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
        let (scripts, frames) = (origin(self.qr.script_url()), origin(&self.frame));
        format!(
            "script-src 'nonce-{}' {scripts}; frame-src 'self' {frames}; object-src 'none'; base-uri 'none'; frame-ancestors 'none'",
            self.nonce
        )
    }

    pub(crate) fn set_cookie(&self) -> Option<HeaderValue> {
        self.cookie.keep()
    }
}

impl WebLogin {
    /// The QR code inside a page, in the element with the id `container` if it is made by script.
    ///
    /// # Errors
    ///
    /// [`Problem::Configuration`](crate::Problem::Configuration) without a website app, or if the callback is one that
    /// WeChat refuses.
    pub fn embed(
        &self,
        visitor: &Visitor,
        container: &str,
        ending: Ending,
    ) -> Result<EmbeddedLogin, LoginError> {
        let reply = self.reply(*visitor, None);
        let Some(website) = self.0.apps.of_kind(AppKind::Website) else {
            return Err(reply.problem(crate::Problem::Configuration));
        };
        let made = self.embedded(website, (visitor, container, ending));
        made.map_err(|error| reply.failed(error.into()))
    }

    fn embedded(
        &self,
        website: &Client,
        (visitor, container, ending): (&Visitor, &str, Ending),
    ) -> Result<EmbeddedLogin, weixin::Error> {
        let window = match ending {
            Ending::Window => SelfRedirect::Top,
            Ending::Frame => SelfRedirect::Frame,
        };
        let request = qr_page(&self.0.redirect_uri, *visitor).self_redirect(window);
        let login = website.login_url(request.clone())?;
        let qr = website.embedded_qr(container, request.state(login.state().clone()))?;
        let page = login.as_str().split('#').next().unwrap_or_default();
        let frame = [page, "&login_type=jssdk"].concat();
        Ok(EmbeddedLogin {
            cookie: StateCookie::new(self.0.site, login.state().clone(), AppKind::Website),
            qr,
            frame,
            nonce: nonce(),
        })
    }
}
