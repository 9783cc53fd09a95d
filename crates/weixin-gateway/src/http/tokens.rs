//! The tokens of a new grant (RFC 6749 §5.1; Core §3.1.3.3).

use serde::Serialize;
use weixin::AppId;

use super::{error::Failure, provider::Provider};
use crate::{
    oidc::{
        AccessToken, Authentication, ClaimSource, Client, Grant, IdToken, Timestamp, UserId,
        WechatIds,
    },
    signed,
    store::sessions::SessionOfCode,
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
}

/// A grant that was just made, and what its ID token tells.
pub(super) struct Issued {
    pub(super) grant: Grant,
    pub(super) found: SessionOfCode,
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
            found,
            nonce,
        } = issued;
        let session = &found.session;
        let ids = self
            .wechat_ids(client, grant.user, session.app.clone())
            .await?;
        let access_token =
            signed::write(&self.shared.master, &AccessToken::of(grant), &grant.secret);
        let user = ClaimSource {
            subject: &grant.subject,
            profile: &found.profile,
            ids: &ids,
        };
        let authentication = Authentication {
            method: session.method,
            nonce: nonce.as_deref(),
            access_token: &access_token,
        };
        let id_token = IdToken::new(&self.issuer, client, grant, user, authentication);
        let sign = |token| self.shared.keys.sign(client.algorithm, &token);
        let id_token = id_token.map(sign).transpose()?;
        Ok(Tokens {
            access_token,
            token_type: "Bearer",
            expires_in: grant.expires_at.since(now).as_secs(),
            scope: grant.scopes.to_string(),
            id_token,
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
