//! The tokens of a user.

use std::{ops::Deref, sync::Arc};

use pyo3::{exceptions::PyTypeError, prelude::*};
use weixin::{
    OpenId,
    tokens::{AccessToken, Bearer},
};

use crate::{
    failure::raise,
    secret::{Secret, SecretText},
    user_token::UserToken,
};

/// The tokens of a user, from a code or a refresh token. It is not pickled and not JSON.
#[pyclass(frozen, module = "weixin_login")]
pub(crate) struct Token(pub(crate) TokenOf);

/// The tokens of a call's own, or those of a login.
#[derive(Clone)]
pub(crate) enum TokenOf {
    Call(Arc<weixin::Token>),
    Login(Arc<weixin_axum::Login>),
}

impl Token {
    pub(crate) fn of_call(token: weixin::Token) -> Self {
        Self(TokenOf::Call(Arc::new(token)))
    }
}

impl Deref for TokenOf {
    type Target = weixin::Token;

    fn deref(&self) -> &weixin::Token {
        match self {
            Self::Call(token) => token,
            Self::Login(login) => login.token(),
        }
    }
}

#[pymethods]
impl Token {
    /// The app that the user has logged in to.
    #[getter]
    fn app_id(&self) -> &str {
        self.0.app.as_str()
    }

    /// The OpenID: the user in this app.
    #[getter]
    fn openid(&self) -> &str {
        self.0.openid.as_str()
    }

    /// The UnionID: the user in all apps of one Open Platform account. A refresh brings none.
    #[getter]
    fn unionid(&self) -> Option<&str> {
        self.0.unionid.as_ref().map(weixin::UnionId::as_str)
    }

    /// Reads the user's profile.
    #[getter]
    fn access_token(&self) -> PyResult<Secret> {
        Secret::copy_of(self.0.access_token.expose())
    }

    /// Gets new access tokens for about 30 days. Store the latest one, encrypted.
    #[getter]
    fn refresh_token(&self) -> PyResult<Secret> {
        Secret::copy_of(self.0.refresh_token.expose())
    }

    /// The lifetime of the access token in seconds, from the response on (WeChat: 7200).
    #[getter]
    fn expires_in(&self) -> u64 {
        self.0.expires_in.as_secs()
    }

    /// The scopes that the user has granted.
    #[getter]
    fn scopes(&self) -> Vec<String> {
        self.0
            .scopes
            .iter()
            .map(|scope| scope.as_str().to_owned())
            .collect()
    }

    /// WeChat's stand-in for a visitor who has not logged in. Do not create an account for it.
    #[getter]
    fn is_snapshot_user(&self) -> bool {
        self.0.is_snapshot_user
    }

    /// The keys to look accounts up by, such as ``union:…`` and ``open:APPID:…``; none for a snapshot user.
    #[getter]
    fn identities(&self) -> Vec<String> {
        let ids = self.0.user_ids();
        ids.identities().map(|one| one.to_string()).collect()
    }

    fn __repr__(&self) -> String {
        let token = &self.0;
        format!(
            "Token(app_id='{}', openid='{}', …)",
            token.app, token.openid
        )
    }

    fn __reduce__(&self) -> PyResult<()> {
        Err(PyTypeError::new_err(
            "a Token is not pickled: store its fields, the secrets encrypted, or use UserTokens",
        ))
    }
}

/// An access token and its user.
pub(crate) struct BearerToken {
    access_token: AccessToken,
    openid: OpenId,
}

impl BearerToken {
    /// From a token, or from its stored parts.
    pub(crate) fn of(
        py: Python<'_>,
        token: &Bound<'_, PyAny>,
        openid: Option<&str>,
    ) -> PyResult<Self> {
        let (access_token, stored) = if let Ok(token) = token.cast::<Token>() {
            let token = &token.get().0;
            (
                token.access_token.expose().to_owned(),
                Some(token.openid.to_string()),
            )
        } else if let Ok(token) = token.cast::<UserToken>() {
            let token = &token.get().0;
            (
                token.access_token().expose().to_owned(),
                Some(token.openid().to_string()),
            )
        } else {
            let text = token.extract::<SecretText<'_>>().map_err(|_| {
                PyTypeError::new_err("token: expected a Token, a UserToken, a Secret or a str")
            })?;
            (text.text()?, None)
        };
        let openid = openid.map(str::to_owned).or(stored).ok_or_else(|| {
            PyTypeError::new_err("openid: needed beside an access token that is a Secret or a str")
        })?;
        Ok(Self {
            access_token: AccessToken::new(access_token).map_err(raise(py))?,
            openid: openid.parse().map_err(raise(py))?,
        })
    }

    pub(crate) fn bearer(&self) -> Bearer<'_> {
        Bearer {
            access_token: &self.access_token,
            openid: &self.openid,
        }
    }
}
