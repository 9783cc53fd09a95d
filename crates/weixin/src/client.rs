//! The front door.

use std::sync::Arc;

use http::{Request, Response};
use tracing::{Span, field, instrument};

use crate::{
    AppId, AppSecret, ClientBuilder, Code, Endpoints, Error, Lang, LoginRequest, LoginUrl,
    RefreshToken, Token, TokenStatus, Transport, User,
    call::Call,
    login_page,
    token::{Bearer, Check, Exchange, Refresh},
    user::FetchUser,
};

/// One application, ready to log users in. Cheap to clone; clones share one connection pool.
#[derive(Clone, Debug)]
pub struct Client(Arc<Inner>);

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) app: AppId,
    pub(crate) secret: AppSecret,
    pub(crate) endpoints: Endpoints,
    pub(crate) transport: Box<dyn Transport>,
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

    /// Makes the address of WeChat's QR page. Pass a [`RedirectUri`](crate::RedirectUri), or a
    /// [`LoginRequest`] for the options. Nothing is sent.
    ///
    /// # Errors
    ///
    /// [`Error::Random`] if the operating system has no random bytes for the state.
    ///
    /// See WeChat's website login, step 1 (`Website_App/WeChat_Login/Wechat_Login`).
    pub fn login_url(&self, request: impl Into<LoginRequest>) -> Result<LoginUrl, Error> {
        request.into().url(&self.0.endpoints, &self.0.app)
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
        let response = self.send(login_page::request(login)?).await?;
        login_page::parse(&response)
    }

    /// Redeems the code of a callback.
    ///
    /// Takes the code by value, because it works once: a second try answers
    /// [`ErrCode::CODE_USED`](crate::ErrCode::CODE_USED). It is sent once and never repeated.
    /// The token lives for [`Token::expires_in`] (WeChat: 7200 seconds).
    ///
    /// # Errors
    ///
    /// [`Error::needs_login`] if the code is unknown, spent or expired, or if the answer was lost
    /// ([`Error::AnswerLost`]); [`Error::is_configuration`] if app id or secret is wrong.
    ///
    /// See WeChat's website login, step 2 (`Website_App/WeChat_Login/Wechat_Login`).
    #[instrument(name = "weixin.exchange", skip_all, fields(app = %self.0.app, openid = field::Empty), err)]
    pub async fn exchange(&self, code: Code) -> Result<Token, Error> {
        let call = Exchange {
            app: &self.0.app,
            secret: &self.0.secret,
            code,
        };
        let token = self.call(&call).await.map_err(|error| {
            if error.may_have_spent_the_code() {
                Error::AnswerLost(Box::new(error))
            } else {
                error
            }
        })?;
        Span::current().record("openid", token.openid.as_str());
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

    async fn call<C: Call>(&self, call: &C) -> Result<C::Output, Error> {
        let response = self.send(call.request(&self.0.endpoints)?).await?;
        call.parse(&response)
    }

    async fn send(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, Error> {
        Ok(self.0.transport.send(request).await?)
    }
}
