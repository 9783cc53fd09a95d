//! Official accounts (公众号).

use tracing::instrument;
use url::Url;

use crate::{
    authorize::{ConsentOptions, CsrfToken, LoginPage, RedirectUri},
    builder::AppBuilder,
    client::Client,
    error::Error,
};

/// An official account (公众号): its users log in inside WeChat's own browser.
#[derive(Clone, Debug)]
pub struct OfficialAccount(pub(super) Client);

login_app!(OfficialAccount);

impl OfficialAccount {
    /// The URL of WeChat's consent page. Redirect WeChat's own browser there, and keep the token in its cookie or session.
    /// Nothing is sent.
    ///
    /// # Errors
    ///
    /// [`Error::Parse`] if WeChat would reject the redirect URI ([`RedirectUri::check_registrable`]) or the state.
    ///
    /// See docs/wechat.md#official-account-login.
    pub fn authorize_url(
        &self,
        redirect_uri: &RedirectUri,
        csrf: &CsrfToken,
        options: &ConsentOptions,
    ) -> Result<Url, Error> {
        self.0.check_host(redirect_uri)?;
        let inner = &self.0.0;
        options.url(&inner.hosts.endpoints, &inner.app, redirect_uri, csrf)
    }

    /// Asks WeChat's consent page whether it accepts the app ID and the redirect URI.
    ///
    /// # Errors
    ///
    /// [`Error::LoginPage`] with the reason if the page shows an error, or is unknown; [`Error::Transport`] or
    /// [`Error::Status`] if WeChat could not be asked.
    ///
    /// See docs/wechat.md#official-account-login.
    #[instrument(name = "weixin.probe", skip_all, fields(app = %self.id()), err(level = "debug"))]
    pub async fn probe(&self, redirect_uri: &RedirectUri) -> Result<(), Error> {
        let csrf = CsrfToken::random()?;
        let url = self.authorize_url(redirect_uri, &csrf, &ConsentOptions::new().silent())?;
        self.0.probe(LoginPage::Consent, &url).await
    }

    /// As [`probe`](Self::probe), for an authorize URL that another program has made, with a scope and a state of its own.
    ///
    /// # Errors
    ///
    /// As [`probe`](Self::probe); [`Error::Parse`] for a URL that is not one of WeChat's consent page.
    pub async fn probe_url(&self, url: &Url) -> Result<(), Error> {
        self.0.probe(LoginPage::Consent, url).await
    }
}

impl AppBuilder<OfficialAccount> {
    /// Marks the account as a test account (测试号), whose callback may have a port, an IP address or `localhost`.
    ///
    /// See docs/wechat.md#accounts-and-test-accounts.
    pub fn sandbox(mut self) -> Self {
        self.is_sandbox = true;
        self
    }

    /// Accepts snapshot users, who are [`Error::SnapshotUser`] otherwise.
    /// [`Token::is_snapshot_user`](crate::Token::is_snapshot_user) distinguishes them.
    pub fn allow_snapshot_users(mut self) -> Self {
        self.accepts_snapshot_users = true;
        self
    }
}
