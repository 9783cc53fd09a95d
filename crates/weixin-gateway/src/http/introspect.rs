//! The introspection endpoint (RFC 7662).

use axum::{
    Json,
    body::Body,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use super::{provider::Provider, token_error::TokenError, visitor::Visitor};
use crate::{
    oidc::{
        AccessToken, Client, ClientAuth, ClientAuthError, ErrorCode, Grant, GrantId, Inquiry,
        OAuthError, RefreshToken,
    },
    params::Params,
    signed::{Kind, Unverified},
};

pub(super) async fn introspect(visitor: Visitor, body: Body) -> Response {
    match visitor.introspect(body).await {
        Ok(told) => Json(told).into_response(),
        Err(error) => visitor.token_error(error),
    }
}

impl Visitor {
    async fn introspect(&self, body: Body) -> Result<Value, TokenError> {
        let form = self.form(body).await?;
        let client = self.authenticate(&form)?.client();
        let told = self.inquired(&form, client).await;
        told.map_err(|error| self.failed_request(Some(&client.id), error))
    }

    async fn inquired(&self, form: &Params, client: &Client) -> Result<Value, TokenError> {
        if matches!(client.auth, ClientAuth::Public) {
            // Anyone can name a public client (§2.1).
            let description = "a client without a secret cannot introspect tokens";
            let error = OAuthError::new(ErrorCode::InvalidClient, description);
            let used_basic = self.headers.contains_key("authorization");
            let error = ClientAuthError {
                error,
                used_basic,
                rule: None,
            };
            return Err(error.into());
        }
        let token = form.require("token")?;
        form.get("token_type_hint")?;
        let told = self.provider.introspected(client, token).await?;
        Ok(told.unwrap_or_else(|| json!({ "active": false })))
    }
}

impl Provider {
    async fn introspected(&self, asking: &Client, text: &str) -> Result<Option<Value>, TokenError> {
        if let Some(token) = Unverified::<AccessToken>::parse(text) {
            let Some((token, grant)) = self.verified(token).await? else {
                return Ok(None);
            };
            let inquiry = self.inquiry(asking, &grant);
            let told = inquiry.and_then(|inquiry| inquiry.access_token(token));
            return Ok(told.map(|told| json!(told)));
        }
        let Some(token) = Unverified::<RefreshToken>::parse(text) else {
            return Ok(None);
        };
        let Some((token, grant)) = self.verified(token).await? else {
            return Ok(None);
        };
        let inquiry = self.inquiry(asking, &grant);
        let lifetimes = &self.shared.lifetimes.grants;
        let told = inquiry.and_then(|inquiry| inquiry.refresh_token(token, lifetimes));
        Ok(told.map(|told| json!(told)))
    }

    /// A token that we have signed, with its grant, if that can be used now.
    async fn verified<T: Kind<Row = GrantId>>(
        &self,
        token: Unverified<T>,
    ) -> Result<Option<(T, Grant)>, TokenError> {
        let found = self.shared.store.grant(token.row(), self.shared.now());
        let Some(found) = found.await? else {
            return Ok(None);
        };
        let token = token.verify(&self.shared.master, &found.grant.secret);
        Ok(token.map(|token| (token, found.grant)))
    }

    /// `None` for a grant of another issuer's client, which is unknown here.
    fn inquiry<'a>(&'a self, asking: &'a Client, grant: &'a Grant) -> Option<Inquiry<'a>> {
        Some(Inquiry {
            issuer: &self.issuer,
            asking,
            client: self.client(grant.client.as_str())?,
            grant,
            now: self.shared.now(),
        })
    }
}
