//! The client of a request to an endpoint for programs (RFC 6749 §2.3).

use axum::http::{HeaderMap, header::AUTHORIZATION};

use super::{token_error::TokenError, visitor::Visitor};
use crate::{
    oidc::{AuthenticatedClient, ClientAuthError, Credentials, OAuthError},
    params::Params,
};

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
    /// The client that sends a form.
    pub(super) fn authenticate(
        &self,
        form: &Params,
    ) -> Result<AuthenticatedClient<'_>, TokenError> {
        let (issuer, clients) = (self.provider.issuer.id(), &self.provider.shared.clients);
        let credentials = self.credentials(form);
        let credentials = credentials.map_err(|error| self.failed_request(None, error.into()))?;
        let client = credentials.authenticate(issuer, clients);
        client.map_err(|error| {
            let client = clients.find(issuer, credentials.client_id());
            self.failed_request(client.map(|it| &it.id), error.into())
        })
    }

    fn credentials(&self, form: &Params) -> Result<Credentials, ClientAuthError> {
        let authorization = authorization(&self.headers).map_err(|error| ClientAuthError {
            error,
            used_basic: true,
        })?;
        Credentials::read(authorization, form)
    }
}
