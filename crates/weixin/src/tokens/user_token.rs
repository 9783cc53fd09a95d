//! The access token of a user, and its stored form.

use std::{fmt, time::SystemTime};

use serde::{Deserialize, Serialize};

use super::stored::StoredToken;
use crate::{
    api::{Bearer, Scopes},
    identity::{AppId, OpenId, UnionId},
    secret::{AccessToken, RefreshToken, exposed},
    store::time::from_unix_seconds,
};

/// A valid access token of a user, with its login.
///
/// It is not `Serialize`, so that no handler sends it to a browser.
pub struct UserToken(pub(super) Fields);

/// The stored form.
#[derive(Deserialize, Serialize)]
pub(super) struct Fields {
    #[serde(rename = "a", serialize_with = "exposed")]
    pub(super) access_token: AccessToken,
    /// Unix seconds.
    #[serde(rename = "e")]
    pub(super) access_expires_at: u64,
    #[serde(rename = "r", serialize_with = "exposed")]
    pub(super) refresh_token: RefreshToken,
    /// Unix seconds.
    #[serde(rename = "d")]
    pub(super) login_expires_at: u64,
    #[serde(rename = "i")]
    pub(super) app: AppId,
    #[serde(rename = "o")]
    pub(super) openid: OpenId,
    #[serde(rename = "u", default, skip_serializing_if = "Option::is_none")]
    pub(super) unionid: Option<UnionId>,
    #[serde(rename = "s", default)]
    pub(super) scopes: Scopes,
}

impl UserToken {
    /// The access token.
    pub fn access_token(&self) -> &AccessToken {
        &self.0.access_token
    }

    /// The app.
    pub fn app(&self) -> &AppId {
        &self.0.app
    }

    /// The OpenID of the user.
    pub fn openid(&self) -> &OpenId {
        &self.0.openid
    }

    /// The UnionID of the user, as of the login.
    pub fn unionid(&self) -> Option<&UnionId> {
        self.0.unionid.as_ref()
    }

    /// The scopes that the user has granted.
    pub fn scopes(&self) -> &Scopes {
        &self.0.scopes
    }

    /// The time at which the access token expires.
    pub fn expires_at(&self) -> SystemTime {
        from_unix_seconds(self.0.access_expires_at)
    }

    /// The time at which the login expires: the user must log in again, since a refresh does not extend it.
    pub fn login_expires_at(&self) -> SystemTime {
        from_unix_seconds(self.0.login_expires_at)
    }
}

impl fmt::Debug for UserToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserToken")
            .field("openid", self.openid())
            .field("expires_at", &self.expires_at())
            .finish_non_exhaustive()
    }
}

impl<'a> From<&'a UserToken> for Bearer<'a> {
    fn from(token: &'a UserToken) -> Self {
        Self {
            access_token: token.access_token(),
            openid: token.openid(),
        }
    }
}

impl From<Fields> for UserToken {
    fn from(fields: Fields) -> Self {
        Self(fields)
    }
}

impl StoredToken for UserToken {
    type Fields = Fields;

    fn fields(&self) -> &Fields {
        &self.0
    }

    fn access_token(&self) -> &AccessToken {
        self.access_token()
    }

    fn expires_at(&self) -> SystemTime {
        self.expires_at()
    }

    /// The refresh token is needed that long.
    fn kept_until(&self) -> SystemTime {
        self.login_expires_at()
    }
}

impl Fields {
    pub(super) fn duplicate(&self) -> Self {
        Self {
            access_token: self.access_token.duplicate(),
            access_expires_at: self.access_expires_at,
            refresh_token: self.refresh_token.duplicate(),
            login_expires_at: self.login_expires_at,
            app: self.app.clone(),
            openid: self.openid.clone(),
            unionid: self.unionid.clone(),
            scopes: self.scopes.clone(),
        }
    }
}
