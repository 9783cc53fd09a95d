//! The token endpoint (Core §3.1.3, §12; RFC 6749 §3.2, §5).

mod code;
mod refresh;

use std::sync::Arc;

use axum::{
    Json,
    body::Body,
    extract::State,
    http::{HeaderMap, header::PRAGMA},
    response::{IntoResponse, Response},
};

use super::{form, provider::Provider, token_error::TokenError, tokens::Tokens};
use crate::{
    audit::{Event, EventKind},
    oidc::{Client, TokenRequest, UserId},
    store::StoreError,
};

pub(super) async fn token(
    State(provider): State<Arc<Provider>>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    match provider.tokens(&headers, body).await {
        // With `no-store`, which every response has (RFC 6749 §5.1).
        Ok(tokens) => ([(PRAGMA, "no-cache")], Json(tokens)).into_response(),
        Err(error) => error.into_response(),
    }
}

impl Provider {
    async fn tokens(&self, headers: &HeaderMap, body: Body) -> Result<Tokens, TokenError> {
        let form = form::read(headers, body).await?;
        let client = self.authenticate(headers, &form)?;
        match TokenRequest::read(&form, client)? {
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
