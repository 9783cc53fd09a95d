//! The token endpoint (Core §3.1.3; RFC 6749 §3.2, §4.1.3, §5).

use axum::{
    Json,
    body::Body,
    http::{
        HeaderMap,
        header::{AUTHORIZATION, PRAGMA},
    },
    response::{IntoResponse, Response},
};

use super::{
    error::Failure,
    form,
    provider::Provider,
    token_error::TokenError,
    tokens::{Issued, Tokens},
    visitor::Visitor,
};
use crate::{
    audit::{Event, EventKind},
    oidc::{AuthenticatedClient, Code, OAuthError, Proof, RedeemOutcome, TokenRequest, UserId},
    params::Params,
    random,
    secret::RowSecret,
    signed::Unverified,
    store::sessions::SessionOfCode,
};

pub(super) async fn token(visitor: Visitor, body: Body) -> Response {
    match visitor.tokens(body).await {
        // With `no-store`, which every response has (RFC 6749 §5.1).
        Ok(tokens) => ([(PRAGMA, "no-cache")], Json(tokens)).into_response(),
        Err(error) => error.into_response(),
    }
}

/// The `Authorization` header: of two, a proxy may check one while this server uses the other.
pub(super) fn authorization(headers: &HeaderMap) -> Result<Option<&str>, OAuthError> {
    let mut values = headers.get_all(AUTHORIZATION).into_iter();
    let (first, second) = (values.next(), values.next());
    let text = first.map(|value| value.to_str()).transpose();
    match (text, second) {
        (Ok(text), None) => Ok(text),
        _ => Err(OAuthError::invalid_request(
            "the Authorization header is repeated, or no ASCII text",
        )),
    }
}

impl Visitor {
    async fn tokens(&self, body: Body) -> Result<Tokens, TokenError> {
        let form = form::read(&self.headers, body).await?;
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
        let TokenRequest::Code(code, proof) = TokenRequest::read(form, client)?;
        let (store, now) = (&self.shared.store, self.shared.now());
        let client_id = &client.client().id;
        let found = store.session_of_code(code.row(), self.issuer.id(), client_id, now);
        let ended = || OAuthError::invalid_grant("the session of the code has ended");
        let found = found.await?.ok_or_else(ended)?;
        self.redeem(client, code, &proof, found).await
    }

    /// Redeems a code. A check of it that fails does not use it up.
    async fn redeem(
        &self,
        client: AuthenticatedClient<'_>,
        code: Unverified<Code>,
        proof: &Proof,
        found: SessionOfCode,
    ) -> Result<Tokens, TokenError> {
        let (shared, now) = (&self.shared, self.shared.now());
        let unknown = || OAuthError::invalid_grant("the code is unknown");
        let code = code.verify(&shared.master, &found.session.secret);
        let lifetime = shared.lifetimes.access_token;
        let grant = code
            .ok_or_else(unknown)?
            .redeem(client, proof, lifetime, now)?;
        let nonce = grant.nonce.clone();
        let secret = RowSecret::from_bytes(random::bytes()?);
        let outcome = shared.store.redeem(grant, found.subject.as_ref(), secret);
        let error = match outcome.await? {
            RedeemOutcome::Granted(grant) => {
                let issued = Issued {
                    grant,
                    found,
                    nonce,
                };
                return Ok(self.issue(client.client(), &issued, now).await?);
            }
            RedeemOutcome::AlreadyUsed => "the code was used before",
            RedeemOutcome::Reused(user) => {
                self.record_reuse(client, user).await?;
                "the code was used before: its tokens are revoked"
            }
            RedeemOutcome::SessionEnded => "the session of the code has ended",
        };
        Err(OAuthError::invalid_grant(error).into())
    }

    async fn record_reuse(
        &self,
        client: AuthenticatedClient<'_>,
        user: UserId,
    ) -> Result<(), Failure> {
        let event = Event {
            client: Some(client.client().id.clone()),
            user: Some(user),
            ..Event::new(self.shared.now(), EventKind::CodeReused)
        };
        Ok(self.shared.store.record(event).await?)
    }
}
