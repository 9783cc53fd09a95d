//! The client of a request to an endpoint for programs (RFC 6749 §2.3).

use axum::http::{HeaderMap, header::AUTHORIZATION};

use super::provider::Provider;
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

impl Provider {
    /// The client that sends a form.
    pub(super) fn authenticate(
        &self,
        headers: &HeaderMap,
        form: &Params,
    ) -> Result<AuthenticatedClient<'_>, ClientAuthError> {
        let authorization = authorization(headers).map_err(|error| ClientAuthError {
            error,
            used_basic: true,
        })?;
        let credentials = Credentials::read(authorization, form)?;
        credentials.authenticate(self.issuer.id(), &self.shared.clients)
    }
}
