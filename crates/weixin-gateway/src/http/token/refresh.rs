//! The tokens of a refresh token (RFC 6749 §6; Core §12).

use super::super::{
    provider::Provider,
    token_error::TokenError,
    tokens::{Issued, Tokens},
};
use crate::{
    audit::EventKind,
    oidc::{AuthenticatedClient, Grant, OAuthError, RefreshOutcome, RefreshRequest},
    store::grants::GrantInUse,
};

impl Provider {
    /// Uses a refresh token. A check of it that fails does not use it up.
    pub(super) async fn refresh(
        &self,
        client: AuthenticatedClient<'_>,
        RefreshRequest { token, scopes }: RefreshRequest,
    ) -> Result<Tokens, TokenError> {
        let unknown = || {
            let description = "the refresh token is unknown, was revoked, or its session has ended";
            OAuthError::invalid_grant(description)
        };
        let (shared, now) = (&self.shared, self.shared.now());
        let found = shared.store.grant(token.row(), now).await?;
        let found = found.ok_or_else(unknown)?;
        let token = token.verify(&shared.master, &found.grant.secret);
        let token = token.ok_or_else(unknown)?;
        let refresh = token.refresh(client, &found.grant, scopes, now)?;
        let (scopes, sent) = (refresh.scopes, refresh.number);
        let lifetimes = &shared.lifetimes.grants;
        let outcome = shared.store.refresh(refresh, &found.grant, lifetimes, now);
        let (client, user) = (client.client(), found.grant.user);
        match outcome.await? {
            RefreshOutcome::Refreshed { number, expires_at } => {
                if sent > found.grant.number {
                    self.record(EventKind::TokenNewerThanRow, client, user)
                        .await?;
                }
                let grant = Grant {
                    number,
                    expires_at,
                    ..found.grant
                };
                let GrantInUse {
                    profile,
                    app,
                    method,
                    ..
                } = found;
                let issued = Issued {
                    grant,
                    scopes,
                    profile,
                    app,
                    method,
                    nonce: None,
                };
                Ok(self.issue(client, &issued, now).await?)
            }
            RefreshOutcome::Reused => {
                self.record(EventKind::TokenReused, client, user).await?;
                let description = "the refresh token was used before: its grant is revoked";
                Err(OAuthError::invalid_grant(description).into())
            }
            RefreshOutcome::Ended => Err(unknown().into()),
        }
    }
}
