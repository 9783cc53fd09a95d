//! The calls that websites, official accounts and mobile apps share.

use std::sync::Arc;

use tracing::{Span, field, instrument};

use crate::{
    api::{
        Bearer, Call, Check, Exchange, FetchUser, Hosts, Refresh, Token, TokenResponse,
        TokenStatus, User,
    },
    app::AppKind,
    clock::Clock,
    error::{Action, Error},
    identity::AppId,
    secret::{AppSecret, Code, RefreshToken},
};

/// The calls that [`Website`](crate::Website), [`OfficialAccount`](crate::OfficialAccount) and
/// [`MobileApp`](crate::MobileApp) share, for code that serves all three. Cheap to clone; clones share one connection pool.
#[derive(Clone, Debug)]
pub struct Client(pub(crate) Arc<Inner>);

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) app: AppId,
    pub(crate) secret: AppSecret,
    pub(crate) kind: AppKind,
    /// Test accounts and simulators accept ports, IP addresses and `localhost`.
    pub(crate) accepts_any_host: bool,
    pub(crate) accepts_snapshot_users: bool,
    pub(crate) hosts: Hosts,
}

impl Client {
    /// The app ID.
    pub fn app_id(&self) -> &AppId {
        &self.0.app
    }

    /// The kind of the app.
    pub fn kind(&self) -> AppKind {
        self.0.kind
    }

    /// The clock: the system's, unless [`AppBuilder::clock`](crate::app::AppBuilder::clock) has set another.
    pub fn clock(&self) -> &dyn Clock {
        &*self.0.hosts.clock
    }

    /// Exchanges a code for a token. The code is single-use: it is sent once, and never again.
    ///
    /// The access token is valid for [`Token::expires_in`] (WeChat: 7200 seconds).
    ///
    /// # Errors
    ///
    /// [`Error::needs_login`] if the code is unknown, used or expired, if the response was lost
    /// ([`Error::OutcomeUnknown`]), or for a snapshot user ([`Error::SnapshotUser`]); [`Error::is_configuration`] if app
    /// ID or secret is wrong.
    ///
    /// See docs/wechat.md#the-exchange.
    #[instrument(name = "weixin.exchange", skip_all, fields(app = %self.0.app, openid = field::Empty), err(level = "debug"))]
    pub async fn exchange(&self, code: Code) -> Result<Token, Error> {
        let call = Exchange {
            app: &self.0.app,
            secret: &self.0.secret,
            code,
        };
        let token = self.token(self.call(&call).await?);
        if token.is_snapshot_user && !self.0.accepts_snapshot_users {
            return Err(Error::SnapshotUser);
        }
        Ok(token)
    }

    /// Refreshes an access token. Before it expires WeChat extends the same one, after that it issues a new one. The app
    /// secret is not sent.
    ///
    /// # Errors
    ///
    /// [`Error::needs_login`] if the refresh token is wrong or has expired after 30 days; [`Error::is_retryable`] if
    /// WeChat was busy or could not be reached.
    ///
    /// See docs/wechat.md#the-refresh.
    #[instrument(name = "weixin.refresh", skip_all, fields(app = %self.0.app, openid = field::Empty), err(level = "debug"))]
    pub async fn refresh(&self, token: &RefreshToken) -> Result<Token, Error> {
        let call = Refresh {
            app: &self.0.app,
            refresh_token: token,
        };
        Ok(self.token(self.call(&call).await?))
    }

    /// Asks WeChat whether an access token is valid for its user.
    ///
    /// # Errors
    ///
    /// An error if WeChat could not be asked, or rejects the call for another reason than the token. An invalid token is
    /// no error: [`TokenStatus::Invalid`].
    ///
    /// See docs/wechat.md#the-check.
    #[instrument(name = "weixin.check", skip_all, fields(app = %self.0.app), err(level = "debug"))]
    pub async fn check(&self, bearer: impl Into<Bearer<'_>>) -> Result<TokenStatus, Error> {
        match self.call(&Check(bearer.into())).await {
            Ok(_) => Ok(TokenStatus::Valid),
            Err(Error::Api(error))
                if matches!(error.code.action(), Action::LogIn | Action::Refresh) =>
            {
                Ok(TokenStatus::Invalid(error))
            }
            Err(error) => Err(error),
        }
    }

    /// Reads a user's profile. Pass a [`Token`], or a [`Bearer`] of stored parts.
    ///
    /// # Errors
    ///
    /// [`Error::needs_refresh`] if the access token has expired; [`Error::needs_login`] if the user has withdrawn;
    /// [`Error::is_configuration`] if the scope does not allow it (`snsapi_base`).
    ///
    /// See docs/wechat.md#the-profile.
    #[instrument(name = "weixin.user", skip_all, fields(app = %self.0.app), err(level = "debug"))]
    pub async fn user(&self, bearer: impl Into<Bearer<'_>>) -> Result<User, Error> {
        self.call(&FetchUser(bearer.into())).await
    }

    pub(crate) async fn call<C: Call>(&self, call: &C) -> Result<C::Output, Error> {
        self.0.hosts.call(call).await
    }

    fn token(&self, response: TokenResponse) -> Token {
        Span::current().record("openid", response.openid.as_str());
        response.into_token(self.0.app.clone())
    }
}
