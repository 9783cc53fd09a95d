//! The userinfo endpoint (Core §5.3; RFC 6750).

use axum::{
    Json,
    body::Body,
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value};

use super::{
    bearer::{self, BearerError},
    provider::Provider,
    visitor::Visitor,
};
use crate::{
    oidc::{self, AccessToken, ClaimSource, ErrorCode, OAuthError},
    signed::Unverified,
};

pub(super) async fn get(visitor: Visitor) -> Response {
    let token = bearer::in_header(&visitor.headers);
    visitor.userinfo(token).await
}

pub(super) async fn post(visitor: Visitor, body: Body) -> Response {
    let token = bearer::in_header_or_body(&visitor, body).await;
    visitor.userinfo(token).await
}

impl Visitor {
    async fn userinfo(&self, token: Result<String, BearerError>) -> Response {
        let claims = match token {
            Ok(token) => self.provider.userinfo(&token).await,
            Err(error) => Err(error),
        };
        match claims {
            Ok(claims) => Json(claims).into_response(),
            // Always with its own status: a client refreshes a token that has expired.
            Err(error) => self.sparingly_logged(|| error.into_response()),
        }
    }
}

impl Provider {
    async fn userinfo(&self, token: &str) -> Result<Map<String, Value>, BearerError> {
        let unknown = || {
            let description = "the access token is unknown, or its session has ended";
            OAuthError::new(ErrorCode::InvalidToken, description)
        };
        let (shared, now) = (&self.shared, self.shared.now());
        let token = Unverified::<AccessToken>::parse(token).ok_or_else(unknown)?;
        let found = shared.store.recent_grant(token.row(), now).await?;
        let found = found.ok_or_else(unknown)?;
        let grant = &found.grant;
        let token = token.verify(&shared.master, &grant.secret);
        let token = token.ok_or_else(unknown)?;
        // A grant of another issuer's client is unknown here.
        let client = self.client(grant.client.as_str()).ok_or_else(unknown)?;
        token.allows_userinfo(now)?;
        let ids = self
            .wechat_ids(client, grant.user, found.app.clone())
            .await?;
        let user = ClaimSource {
            subject: &grant.subject,
            profile: &found.profile,
            ids: &ids,
        };
        let scopes = token.scopes.intersection(client.scopes);
        Ok(oidc::userinfo(client, grant, scopes, user))
    }
}
