//! Website apps (网站应用).

use tracing::instrument;
use url::Url;

use crate::{
    authorize::{CsrfToken, EmbeddedQr, LoginPage, QrPageOptions, RedirectUri},
    client::Client,
    error::{Error, ParseError},
};

/// A website app (网站应用): its users scan a QR code in any browser.
///
/// ```no_run
/// use weixin::{AppSecret, Callback, CsrfToken, QrPageOptions, RedirectUri, Website};
///
/// # async fn login(secret: String, query: &str) -> Result<(), weixin::Error> {
/// let website = Website::new("wx0123456789abcdef".parse()?, AppSecret::new(secret)?)?;
/// let redirect_uri: RedirectUri = "https://www.example.com/callback".parse()?;
/// let csrf = CsrfToken::random()?;
/// let url = website.authorize_url(&redirect_uri, &csrf, &QrPageOptions::new())?;
///
/// let code = Callback::parse(query)?.verify(&csrf)?;
/// let token = website.exchange(code).await?;
/// let user = website.user(&token).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Website(pub(super) Client);

login_app!(Website);

impl Website {
    /// The URL of WeChat's QR page. Redirect the browser there, and keep the token in its cookie or session. Nothing is
    /// sent.
    ///
    /// # Errors
    ///
    /// [`Error::Parse`] if WeChat would reject the redirect URI ([`RedirectUri::check_registrable`]).
    ///
    /// See docs/wechat.md#the-authorize-url.
    pub fn authorize_url(
        &self,
        redirect_uri: &RedirectUri,
        csrf: &CsrfToken,
        options: &QrPageOptions,
    ) -> Result<Url, Error> {
        self.0.check_host(redirect_uri)?;
        let inner = &self.0.0;
        options.url(&inner.hosts.endpoints, &inner.app, redirect_uri, csrf)
    }

    /// The QR code for a page of your site. Nothing is sent.
    ///
    /// # Errors
    ///
    /// As [`authorize_url`](Self::authorize_url).
    ///
    /// See docs/wechat.md#the-embedded-qr-code.
    pub fn embedded_qr(
        &self,
        redirect_uri: &RedirectUri,
        csrf: &CsrfToken,
        options: &QrPageOptions,
    ) -> Result<EmbeddedQr, Error> {
        self.0.check_host(redirect_uri)?;
        let inner = &self.0.0;
        EmbeddedQr::new(
            &inner.hosts.endpoints,
            &inner.app,
            redirect_uri,
            csrf,
            options,
        )
    }

    /// Asks WeChat's QR page whether it accepts the app ID and the redirect URI. Users who are sent to an error page of
    /// WeChat's never come back.
    ///
    /// # Errors
    ///
    /// [`Error::LoginPage`] with the reason if the page shows an error, or is unknown; [`Error::Transport`] or
    /// [`Error::Status`] if WeChat could not be asked.
    ///
    /// See docs/wechat.md#login-page-errors.
    #[instrument(name = "weixin.probe", skip_all, fields(app = %self.id()), err(level = "debug"))]
    pub async fn probe(&self, redirect_uri: &RedirectUri) -> Result<(), Error> {
        let csrf = CsrfToken::random()?;
        let url = self.authorize_url(redirect_uri, &csrf, &QrPageOptions::new())?;
        self.0.probe(LoginPage::Qr, &url).await
    }

    /// As [`probe`](Self::probe), for an authorize URL that another program has made, with a scope and a state of its own.
    ///
    /// # Errors
    ///
    /// As [`probe`](Self::probe); [`Error::Parse`] for a URL that is not one of WeChat's QR page; [`Error::Status`] with
    /// the status of a redirect, such as that of a simulator that logs in at once.
    pub async fn probe_url(&self, url: &Url) -> Result<(), Error> {
        self.0.probe(LoginPage::Qr, url).await
    }
}

impl Client {
    /// Rejects a redirect URI that WeChat rejects, unless a test account or a simulator is called.
    pub(super) fn check_host(&self, redirect_uri: &RedirectUri) -> Result<(), ParseError> {
        if self.0.accepts_any_host {
            return Ok(());
        }
        redirect_uri.check_registrable()
    }

    pub(super) async fn probe(&self, page: LoginPage, url: &Url) -> Result<(), Error> {
        page.check_url(url, self.0.hosts.endpoints.open())?;
        let response = self.0.hosts.send(page.request(url)?).await?;
        page.check(&response)
    }
}
