//! The userinfo endpoint (Core §5.3; RFC 6750).

use std::sync::Arc;

use axum::{
    Json,
    body::Body,
    extract::State,
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value};

use super::{
    bearer::{self, BearerError},
    provider::Provider,
};
use crate::{
    oidc::{self, AccessToken, ClaimSource, ErrorCode, OAuthError},
    signed::Unverified,
};

pub(super) async fn get(State(provider): State<Arc<Provider>>, headers: HeaderMap) -> Response {
    respond(&provider, bearer::in_header(&headers)).await
}

pub(super) async fn post(
    State(provider): State<Arc<Provider>>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    respond(&provider, bearer::in_header_or_body(&headers, body).await).await
}

async fn respond(provider: &Provider, token: Result<String, BearerError>) -> Response {
    let claims = match token {
        Ok(token) => provider.userinfo(&token).await,
        Err(error) => Err(error),
    };
    match claims {
        Ok(claims) => Json(claims).into_response(),
        Err(error) => error.into_response(),
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
