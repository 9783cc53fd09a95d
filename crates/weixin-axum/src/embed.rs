//! The QR code inside a page of the site.

use std::{fmt, sync::Arc};

use http::{HeaderMap, HeaderValue, header::SET_COOKIE};
use url::Url;
use weixin::{
    Bilingual, CsrfToken, Error, QrPageOptions, Website,
    app::AppKind,
    authorize::{CallbackTarget, EmbeddedQr},
};

#[cfg(feature = "axum")]
use crate::request_context::CookieSlot;
use crate::{
    Browser, LoginError, LoginErrorKind, ReturnPath, WebLogin,
    destination::{Destination, in_language},
    pages::Nonce,
    state_cookie::StateCookie,
};

/// A new login by a QR code inside a page of the site, in one of two ways: a frame of its own ([`iframe`](Self::iframe)),
/// without a script of WeChat's in the page, or WeChat's `wxLogin.js` ([`script`](Self::script)).
///
/// With axum it is an extractor, and the layer sets its cookie. See docs/wechat.md#the-embedded-qr-code.
#[derive(Clone)]
#[must_use = "put it into the page"]
pub struct EmbeddedLogin {
    login: WebLogin,
    website: Website,
    browser: Browser,
    options: QrPageOptions,
    return_to: Option<ReturnPath>,
    csrf: CsrfToken,
    qr: Qr,
    nonce: Nonce,
    /// Cookies that end the oldest logins of this browser.
    removed: Vec<HeaderValue>,
    #[cfg(feature = "axum")]
    pub(crate) slot: Option<CookieSlot>,
}

/// The QR code, and the state in it.
#[derive(Clone)]
struct Qr {
    embedded: EmbeddedQr,
    state: String,
}

const TITLE: Bilingual = Bilingual {
    en: "Log in with WeChat",
    zh: "微信登录",
};

impl EmbeddedLogin {
    /// Sets the path to open after the login.
    pub fn return_to(mut self, path: impl Into<Option<ReturnPath>>) -> Self {
        self.return_to = path.into();
        self.updated()
    }

    /// Chooses the window that opens the callback: the whole window, or the frame, from which the callback continues in
    /// the whole window by itself.
    pub fn callback_target(mut self, target: CallbackTarget) -> Self {
        self.options = self.options.callback_target(target);
        self.updated()
    }

    /// Replaces the site's options of the QR page, for this login.
    pub fn qr_page(mut self, options: QrPageOptions) -> Self {
        self.options = options;
        self.updated()
    }

    /// The QR code without the path and the options could be made, and they add nothing that can fail.
    fn updated(mut self) -> Self {
        let options = in_language(self.options.clone(), self.browser.language);
        let destination = self
            .login
            .destination(&self.csrf, self.return_to.as_ref(), false);
        if let Ok(qr) = destination.and_then(|to| Qr::new(&self.website, &to, &options)) {
            self.qr = qr;
        }
        #[cfg(feature = "axum")]
        if let Some(slot) = &self.slot {
            slot.set(self.cookies());
        }
        self
    }

    /// An `iframe` element with WeChat's page. It may open the callback in the whole window, and do nothing else to the
    /// page.
    pub fn iframe(&self) -> String {
        let url = self.qr.embedded.frame_url().as_str();
        let url = url.replace('&', "&amp;").replace('"', "&quot;");
        let title = TITLE.pick(self.browser.language);
        format!(
            r#"<iframe src="{url}" title="{title}" width="300" height="400" sandbox="allow-scripts allow-same-origin allow-top-navigation" allow="local-network-access" referrerpolicy="no-referrer" style="border:0"></iframe>"#
        )
    }

    /// WeChat's `wxLogin.js`, for the element with the ID `container` before it.
    pub fn script(&self, container: &str) -> String {
        let (nonce, qr) = (self.nonce.as_str(), &self.qr.embedded);
        let (url, settings) = (qr.script_url(), qr.settings(container));
        format!(
            r#"<script nonce="{nonce}" src="{url}"></script><script nonce="{nonce}">new WxLogin({settings})</script>"#
        )
    }

    /// The nonce of the page's scripts, for others of your own.
    pub fn nonce(&self) -> &str {
        self.nonce.as_str()
    }

    /// A `Content-Security-Policy` that allows both ways, and keeps the page out of frames of other sites.
    pub fn content_security_policy(&self) -> HeaderValue {
        let origin = |url: &Url| url.origin().ascii_serialization();
        let scripts = origin(self.qr.embedded.script_url());
        let frames = origin(self.qr.embedded.frame_url());
        let nonce = self.nonce.as_str();
        let policy = format!(
            "script-src 'nonce-{nonce}' {scripts}; frame-src 'self' {frames}; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
        );
        // Its parts are ASCII.
        HeaderValue::try_from(policy)
            .unwrap_or_else(|_| HeaderValue::from_static("default-src 'none'"))
    }

    /// The cookies, for a response of a framework without the layer.
    pub fn headers(&self) -> HeaderMap {
        let cookies = self.cookies().into_iter();
        cookies.map(|cookie| (SET_COOKIE, cookie)).collect()
    }

    pub(crate) fn cookies(&self) -> Vec<HeaderValue> {
        let cookie = StateCookie {
            csrf: self.csrf.clone(),
            kind: AppKind::Website,
        };
        let cookie = self.login.0.cookies.set(&self.qr.state, &cookie);
        self.removed.iter().cloned().chain(cookie).collect()
    }
}

impl fmt::Debug for EmbeddedLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The frame's URL contains the state.
        f.debug_struct("EmbeddedLogin")
            .field("return_to", &self.return_to)
            .finish_non_exhaustive()
    }
}

impl WebLogin {
    /// Starts a login by a QR code inside a page, in the browser of a request with these headers.
    ///
    /// # Errors
    ///
    /// [`LoginErrorKind::Configuration`] if the site has no website app.
    pub fn embed(&self, headers: &HeaderMap) -> Result<EmbeddedLogin, LoginError> {
        let context = self.context(headers);
        let browser = context.browser;
        let Some(website) = self.0.apps.website.clone() else {
            return Err(LoginError::new(
                LoginErrorKind::Configuration,
                context,
                None,
            ));
        };
        let options = self.0.qr_page.clone().callback_target(CallbackTarget::Top);
        let made = CsrfToken::random().and_then(|csrf| {
            let destination = self.destination(&csrf, None, false)?;
            let in_language = in_language(options.clone(), browser.language);
            let qr = Qr::new(&website, &destination, &in_language)?;
            Ok((csrf, qr))
        });
        let (csrf, qr) =
            made.map_err(|error| LoginError::because(Arc::new(error), context, None))?;
        Ok(EmbeddedLogin {
            login: self.clone(),
            website,
            browser,
            options,
            return_to: None,
            csrf,
            qr,
            nonce: Nonce::random(),
            removed: self.0.cookies.make_room(headers),
            #[cfg(feature = "axum")]
            slot: None,
        })
    }
}

impl Qr {
    fn new(
        website: &Website,
        destination: &Destination,
        options: &QrPageOptions,
    ) -> Result<Self, Error> {
        let Destination { redirect_uri, csrf } = destination;
        Ok(Self {
            embedded: website.embedded_qr(redirect_uri, csrf, options)?,
            state: csrf.state(),
        })
    }
}
