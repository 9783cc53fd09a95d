//! The tokens of an authorization code (RFC 6749 §4.1.3).

use super::super::{
    provider::Provider,
    token_error::TokenError,
    tokens::{Issued, Tokens},
};
use crate::{
    audit::EventKind,
    oidc::{AuthenticatedClient, Code, OAuthError, Proof, RedeemOutcome},
    random,
    secret::RowSecret,
    signed::Unverified,
};

impl Provider {
    /// Redeems a code. A check of it that fails does not use it up.
    pub(super) async fn redeem(
        &self,
        client: AuthenticatedClient<'_>,
        code: Unverified<Code>,
        proof: &Proof,
    ) -> Result<Tokens, TokenError> {
        let (shared, now) = (&self.shared, self.shared.now());
        let client_id = &client.client().id;
        let found = shared
            .store
            .session_of_code(code.row(), self.issuer.id(), client_id, now);
        let ended = || OAuthError::invalid_grant("the session of the code has ended");
        let found = found.await?.ok_or_else(ended)?;
        let unknown = || OAuthError::invalid_grant("the code is unknown");
        let code = code.verify(&shared.master, &found.session.secret);
        let lifetimes = &shared.lifetimes.grants;
        let grant = code
            .ok_or_else(unknown)?
            .redeem(client, proof, lifetimes, now)?;
        let nonce = grant.nonce.clone();
        let secret = RowSecret::from_bytes(random::bytes()?);
        let outcome = shared.store.redeem(grant, found.subject.as_ref(), secret);
        let error = match outcome.await? {
            RedeemOutcome::Granted(grant) => {
                let issued = Issued {
                    scopes: grant.scopes,
                    grant,
                    profile: found.profile,
                    app: found.session.app,
                    method: Some(found.session.method),
                    nonce,
                };
                return Ok(self.issue(client.client(), &issued, now).await?);
            }
            RedeemOutcome::AlreadyUsed => "the code was used before",
            RedeemOutcome::Reused(user) => {
                self.record(EventKind::CodeReused, client.client(), user)
                    .await?;
                "the code was used before: its tokens are revoked"
            }
            RedeemOutcome::Ended => "the session of the code has ended, or the code was revoked",
        };
        Err(OAuthError::invalid_grant(error).into())
    }
}
