//! The tokens of a grant (RFC 6749 §5.1; Core §3.1.3.3, §12.2).

use serde::Serialize;
use weixin::AppId;

use super::{error::Failure, provider::Provider};
use crate::{
    oidc::{
        AccessToken, Authentication, ClaimSource, Client, Grant, IdToken, LoginMethod, Profile,
        RefreshToken, Scopes, Timestamp, UserId, WechatIds,
    },
    signed,
};

/// The response to a token request.
#[derive(Serialize)]
pub(super) struct Tokens {
    access_token: String,
    token_type: &'static str,
    /// In seconds.
    expires_in: u64,
    scope: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
}

/// A grant that was just made or refreshed, and what its ID token tells.
pub(super) struct Issued {
    pub(super) grant: Grant,
    /// Those of the access token.
    pub(super) scopes: Scopes,
    pub(super) profile: Profile,
    /// The app through which the user logged in.
    pub(super) app: AppId,
    pub(super) method: Option<LoginMethod>,
    pub(super) nonce: Option<String>,
}

impl Provider {
    pub(super) async fn issue(
        &self,
        client: &Client,
        issued: &Issued,
        now: Timestamp,
    ) -> Result<Tokens, Failure> {
        let Issued {
            grant,
            scopes,
            profile,
            app,
            method,
            nonce,
        } = issued;
        let (master, secret) = (&self.shared.master, &grant.secret);
        let ids = self.wechat_ids(client, grant.user, app.clone()).await?;
        let lifetime = self.shared.lifetimes.grants.access_token;
        let token = AccessToken::of(grant, *scopes, lifetime, now);
        let access_token = signed::write(master, &token, secret);
        let user = ClaimSource {
            subject: &grant.subject,
            profile,
            ids: &ids,
        };
        let authentication = Authentication {
            method: *method,
            nonce: nonce.as_deref(),
            access_token: &access_token,
            scopes: *scopes,
            issued_at: now,
            expires_at: token.expires_at,
        };
        let id_token = IdToken::new(&self.issuer, client, grant, user, authentication);
        let sign = |token| self.shared.keys.sign(client.algorithm, &token);
        let id_token = id_token.map(sign).transpose()?;
        let refresh_token = RefreshToken::of(grant, client);
        Ok(Tokens {
            access_token,
            token_type: "Bearer",
            expires_in: token.expires_at.since(now).as_secs(),
            scope: scopes.to_string(),
            id_token,
            refresh_token: refresh_token.map(|it| signed::write(master, &it, secret)),
        })
    }

    /// The IDs that WeChat gives the user, if this client may see them.
    pub(super) async fn wechat_ids(
        &self,
        client: &Client,
        user: UserId,
        app: AppId,
    ) -> Result<WechatIds, Failure> {
        if client.uses_wechat_ids() {
            return Ok(self.shared.store.wechat_ids(user, app).await?);
        }
        Ok(WechatIds {
            unionid: None,
            openid: None,
            app,
        })
    }
}
