//! The token endpoint (Core §3.1.3, §12; RFC 6749 §3.2, §5).

mod code;
mod refresh;

use axum::{
    Json,
    body::Body,
    http::header::PRAGMA,
    response::{IntoResponse, Response},
};

use super::{provider::Provider, token_error::TokenError, tokens::Tokens, visitor::Visitor};
use crate::{
    audit::{Event, EventKind},
    oidc::{AuthenticatedClient, Client, TokenRequest, UserId},
    params::Params,
    store::StoreError,
};

pub(super) async fn token(visitor: Visitor, body: Body) -> Response {
    match visitor.tokens(body).await {
        // With `no-store`, which every response has (RFC 6749 §5.1).
        Ok(tokens) => ([(PRAGMA, "no-cache")], Json(tokens)).into_response(),
        Err(error) => visitor.token_error(error),
    }
}

impl Visitor {
    async fn tokens(&self, body: Body) -> Result<Tokens, TokenError> {
        let form = self.form(body).await?;
        let client = self.authenticate(&form)?;
        let tokens = self.provider.tokens(&form, client).await;
        tokens.map_err(|error| self.failed_request(Some(&client.client().id), error))
    }
}

impl Provider {
    async fn tokens(
        &self,
        form: &Params,
        client: AuthenticatedClient<'_>,
    ) -> Result<Tokens, TokenError> {
        match TokenRequest::read(form, client)? {
            TokenRequest::Code(code, proof) => self.redeem(client, code, &proof).await,
            TokenRequest::Refresh(request) => self.refresh(client, request).await,
        }
    }

    /// Records what happened to a grant of a user and a client.
    pub(super) async fn record(
        &self,
        kind: EventKind,
        client: &Client,
        user: UserId,
    ) -> Result<(), StoreError> {
        let event = Event {
            client: Some(client.id.clone()),
            user: Some(user),
            ..Event::new(self.shared.now(), kind)
        };
        self.shared.store.record(event).await
    }
}
