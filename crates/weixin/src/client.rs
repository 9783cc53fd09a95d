//! The front door.

use std::sync::Arc;

use tracing::{Span, field, instrument};

use crate::{
    AppId, AppKind, AppSecret, AuthorizeRequest, ClientBuilder, Clock, Code, EmbeddedQr, Error,
    Lang, LoginRequest, LoginUrl, RedirectUri, RefreshToken, Token, TokenStatus, User,
    api::{
        failover::Network,
        request::Call,
        token::{Bearer, Check, Exchange, Refresh},
        user::FetchUser,
    },
    authorize::probe,
};

/// The kinds whose users have access tokens.
const WITH_USER_TOKENS: [AppKind; 3] = [
    AppKind::Website,
    AppKind::OfficialAccount,
    AppKind::MobileApp,
];

/// One application, ready to log users in. Cheap to clone; clones share one connection pool.
#[derive(Clone, Debug)]
pub struct Client(pub(crate) Arc<Inner>);

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) app: AppId,
    pub(crate) secret: AppSecret,
    pub(crate) kind: AppKind,
    pub(crate) takes_any_callback: bool,
    pub(crate) takes_snapshot_users: bool,
    pub(crate) network: Network,
}

impl From<Inner> for Client {
    fn from(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }
}

impl Client {
    /// A client of the application `app`, with options.
    pub fn builder(app: AppId, secret: AppSecret) -> ClientBuilder {
        ClientBuilder::new(app, secret)
    }

    /// The application that this is the client of.
    pub fn app(&self) -> &AppId {
        &self.0.app
    }

    /// What kind of application it is.
    pub fn kind(&self) -> AppKind {
        self.0.kind
    }

    /// The clock of this client: the system's, unless [`ClientBuilder::clock`] has set another.
    pub fn clock(&self) -> &dyn Clock {
        &*self.0.network.clock
    }

    /// Makes the address of WeChat's QR page, for a website app. Pass a [`RedirectUri`], or a [`LoginRequest`] for the
    /// options. Nothing is sent.
    ///
    /// # Errors
    ///
    /// [`Error::WrongKind`] for another kind of application; [`Error::RedirectUri`] for a callback that WeChat would
    /// refuse; [`Error::Random`] if the operating system has no random bytes for the state.
    ///
    /// See WeChat's website login, step 1 (`Website_App/WeChat_Login/Wechat_Login`).
    pub fn login_url(&self, request: impl Into<LoginRequest>) -> Result<LoginUrl, Error> {
        let request = request.into();
        self.check_qr_page("login_url", request.redirect_uri())?;
        request.url(&self.0.network.endpoints, &self.0.app)
    }

    /// What a page needs to show the QR code in its element with the id `container`, for a website app. Nothing is
    /// sent.
    ///
    /// # Errors
    ///
    /// As [`Client::login_url`].
    pub fn embedded_qr(
        &self,
        container: &str,
        request: impl Into<LoginRequest>,
    ) -> Result<EmbeddedQr, Error> {
        let request = request.into();
        self.check_qr_page("embedded_qr", request.redirect_uri())?;
        request.embedded(&self.0.network.endpoints, &self.0.app, container)
    }

    /// Makes the address of an official account's login, for WeChat's own browser. Pass a [`RedirectUri`], or an
    /// [`AuthorizeRequest`] for the options. Nothing is sent.
    ///
    /// # Errors
    ///
    /// [`Error::WrongKind`] for another kind of application; [`Error::RedirectUri`] and [`Error::Parse`] for a callback
    /// or a state that WeChat would refuse; [`Error::Random`] if the operating system has no random bytes for the state.
    ///
    /// See WeChat's official account web authorization (网页授权), step 1.
    pub fn authorize_url(&self, request: impl Into<AuthorizeRequest>) -> Result<LoginUrl, Error> {
        let request = request.into();
        let instead = "its users log in by `login_url` (website app) or by code";
        self.0
            .kind
            .must_be(&[AppKind::OfficialAccount], "authorize_url", instead)?;
        self.check_callback(request.redirect_uri())?;
        request.url(&self.0.network.endpoints, &self.0.app)
    }

    fn check_qr_page(&self, call: &'static str, redirect_uri: &RedirectUri) -> Result<(), Error> {
        let instead = "its users log in by `authorize_url` (official account) or by code";
        self.0.kind.must_be(&[AppKind::Website], call, instead)?;
        self.check_callback(redirect_uri)
    }

    fn check_callback(&self, redirect_uri: &RedirectUri) -> Result<(), Error> {
        if self.0.takes_any_callback {
            return Ok(());
        }
        Ok(redirect_uri.check_registrable()?)
    }

    /// Asks WeChat's page whether it accepts app id, scope and callback of a login URL: a user
    /// who is sent to an error page there never comes back.
    ///
    /// # Errors
    ///
    /// [`Error::LoginPage`] with the reason if it does not, or shows something unknown;
    /// [`Error::Transport`] or [`Error::Status`] if it could not be asked.
    #[instrument(name = "weixin.probe", skip_all, fields(app = %self.0.app), err)]
    pub async fn probe(&self, login: &LoginUrl) -> Result<(), Error> {
        let response = self.0.network.send(probe::request(login)?).await?;
        probe::parse(login, &response)
    }

    /// Redeems the code of a callback, or the one that a mobile app was handed by WeChat on the phone.
    ///
    /// Takes the code by value, because it works once: a second try answers
    /// [`ErrCode::CODE_USED`](crate::ErrCode::CODE_USED). It is sent once and never repeated.
    /// The token lives for [`Token::expires_in`] (WeChat: 7200 seconds).
    ///
    /// # Errors
    ///
    /// [`Error::needs_login`] if the code is unknown, spent or expired, if the answer was lost
    /// ([`Error::AnswerLost`]), or if nobody has logged in really ([`Error::SnapshotUser`]);
    /// [`Error::is_configuration`] if app id or secret is wrong.
    ///
    /// See WeChat's website login, step 2 (`Website_App/WeChat_Login/Wechat_Login`).
    #[instrument(name = "weixin.exchange", skip_all, fields(app = %self.0.app, openid = field::Empty), err)]
    pub async fn exchange(&self, code: Code) -> Result<Token, Error> {
        self.check_user_tokens("exchange")?;
        let call = Exchange {
            app: &self.0.app,
            secret: &self.0.secret,
            code,
        };
        let token = self.call(&call).await?;
        Span::current().record("openid", token.openid.as_str());
        if token.is_snapshot_user() && !self.0.takes_snapshot_users {
            return Err(Error::SnapshotUser);
        }
        Ok(token)
    }

    /// Renews or prolongs an access token. Before it expires WeChat prolongs the same one, after
    /// that it makes a new one. The app secret is not sent.
    ///
    /// # Errors
    ///
    /// [`Error::needs_login`] if the refresh token is wrong or its 30 days are over;
    /// [`Error::is_retryable`] if WeChat was busy or unreachable.
    ///
    /// See WeChat's website login, "refresh" (`Website_App/WeChat_Login/Authorized_Interface_Calling_UnionID`).
    #[instrument(name = "weixin.refresh", skip_all, fields(app = %self.0.app, openid = field::Empty), err)]
    pub async fn refresh(&self, refresh_token: &RefreshToken) -> Result<Token, Error> {
        self.check_user_tokens("refresh")?;
        let token = self
            .call(&Refresh {
                app: &self.0.app,
                refresh_token,
            })
            .await?;
        Span::current().record("openid", token.openid.as_str());
        Ok(token)
    }

    /// Asks whether an access token is still good for its user.
    ///
    /// # Errors
    ///
    /// An error says that WeChat could not be asked, or refuses for another reason; a token that
    /// is not good is [`TokenStatus::Invalid`].
    ///
    /// See WeChat's website login, "check" (`Website_App/WeChat_Login/Authorized_Interface_Calling_UnionID`).
    #[instrument(name = "weixin.check", skip_all, fields(app = %self.0.app), err)]
    pub async fn check(&self, bearer: impl Into<Bearer<'_>>) -> Result<TokenStatus, Error> {
        match self.call(&Check(bearer.into())).await {
            Ok(_) => Ok(TokenStatus::Valid),
            Err(Error::Api(error)) if error.code.needs_login() || error.code.needs_refresh() => {
                Ok(TokenStatus::Invalid(error))
            }
            Err(error) => Err(error),
        }
    }

    /// Reads the profile of a user. Pass a [`Token`], or access token and open id.
    ///
    /// # Errors
    ///
    /// [`Error::needs_refresh`] if the access token is no longer good; [`Error::needs_login`] if the
    /// user has withdrawn; [`Error::is_configuration`] if the scope does not allow it (`snsapi_base`).
    ///
    /// See WeChat's website login, "user info" (`Website_App/WeChat_Login/Authorized_Interface_Calling_UnionID`).
    pub async fn user(&self, bearer: impl Into<Bearer<'_>>) -> Result<User, Error> {
        self.user_in(Lang::default(), bearer).await
    }

    /// Reads the profile of a user, region names in `lang`.
    ///
    /// # Errors
    ///
    /// As [`Client::user`].
    #[instrument(name = "weixin.user", skip_all, fields(app = %self.0.app), err)]
    pub async fn user_in(&self, lang: Lang, bearer: impl Into<Bearer<'_>>) -> Result<User, Error> {
        self.call(&FetchUser {
            bearer: bearer.into(),
            lang,
        })
        .await
    }

    fn check_user_tokens(&self, call: &'static str) -> Result<(), Error> {
        let instead = "use `session`";
        self.0.kind.must_be(&WITH_USER_TOKENS, call, instead)
    }

    pub(crate) async fn call<C: Call>(&self, call: &C) -> Result<C::Output, Error> {
        self.0.network.call(call).await
    }
}
