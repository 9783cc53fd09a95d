//! The stored form of a token, for the servers that share a login.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use weixin::{
    AppId, OpenId, Token, UnionId,
    error::ParseError,
    tokens::{AccessToken, RefreshToken, Scopes},
};

/// A token as servers share it. The store encrypts it.
#[derive(Deserialize, Serialize)]
pub(crate) struct SharedToken {
    app: AppId,
    access_token: String,
    refresh_token: String,
    expires_in: Duration,
    openid: OpenId,
    unionid: Option<UnionId>,
    scopes: Scopes,
    is_snapshot_user: bool,
}

impl SharedToken {
    pub(crate) fn of(token: &Token) -> Self {
        Self {
            app: token.app.clone(),
            access_token: token.access_token.expose().to_owned(),
            refresh_token: token.refresh_token.expose().to_owned(),
            expires_in: token.expires_in,
            openid: token.openid.clone(),
            unionid: token.unionid.clone(),
            scopes: token.scopes.clone(),
            is_snapshot_user: token.is_snapshot_user,
        }
    }

    pub(crate) fn into_token(self) -> Result<Token, ParseError> {
        let access_token = AccessToken::new(self.access_token)?;
        let refresh_token = RefreshToken::new(self.refresh_token)?;
        let mut token = Token::new(self.app, self.openid, access_token, refresh_token);
        token.expires_in = self.expires_in;
        token.unionid = self.unionid;
        token.scopes = self.scopes;
        token.is_snapshot_user = self.is_snapshot_user;
        Ok(token)
    }
}
