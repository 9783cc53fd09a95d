//! The revocation endpoint (RFC 7009).

use axum::{
    body::Body,
    http::StatusCode,
    response::{IntoResponse, Response},
};

use super::{provider::Provider, token_error::TokenError, visitor::Visitor};
use crate::{
    audit::EventKind,
    oidc::{AccessToken, Client, ErrorCode, GrantId, OAuthError, RefreshToken},
    params::Params,
    signed::{Kind, Unverified},
    store::revoke::GrantOwner,
};

pub(super) async fn revoke(visitor: Visitor, body: Body) -> Response {
    match visitor.revoke(body).await {
        Ok(()) => StatusCode::OK.into_response(),
        Err(error) => visitor.token_error(error),
    }
}

impl Visitor {
    async fn revoke(&self, body: Body) -> Result<(), TokenError> {
        let form = self.form(body).await?;
        let client = self.authenticate(&form)?.client();
        let revoked = self.provider.revoke(&form, client).await;
        revoked.map_err(|error| self.failed_request(Some(&client.id), error))
    }
}

impl Provider {
    /// Revokes the grant of a token. A token that is unknown gives access to nothing, which is what the client wants
    /// (§2.2). Any token of the grant will do, also one that has expired: a client that logs its user out may have no other.
    async fn revoke(&self, form: &Params, client: &Client) -> Result<(), TokenError> {
        let token = form.require("token")?;
        form.get("token_type_hint")?;
        let Some((id, owner)) = self.grant_of(token).await? else {
            return Ok(());
        };
        if owner.client != client.id {
            let description = "the token was issued to another client";
            let code = ErrorCode::UnauthorizedClient;
            return Err(OAuthError::new(code, description).into());
        }
        if self.shared.store.revoke(id, self.shared.now()).await? {
            self.record(EventKind::GrantRevoked, client, owner.user)
                .await?;
        }
        Ok(())
    }

    /// The grant of a token that we have signed. One of another issuer's client is unknown here.
    async fn grant_of(&self, text: &str) -> Result<Option<(GrantId, GrantOwner)>, TokenError> {
        let found = match Unverified::<AccessToken>::parse(text) {
            Some(token) => self.owner_of(token).await?,
            None => match Unverified::<RefreshToken>::parse(text) {
                Some(token) => self.owner_of(token).await?,
                None => None,
            },
        };
        let is_ours = |owner: &GrantOwner| self.client(owner.client.as_str()).is_some();
        Ok(found.filter(|(_, owner)| is_ours(owner)))
    }

    async fn owner_of<T: Kind<Row = GrantId>>(
        &self,
        token: Unverified<T>,
    ) -> Result<Option<(GrantId, GrantOwner)>, TokenError> {
        let id = token.row();
        let Some(owner) = self.shared.store.grant_owner(id).await? else {
            return Ok(None);
        };
        let token = token.verify(&self.shared.master, &owner.secret);
        Ok(token.map(|_| (id, owner)))
    }
}
