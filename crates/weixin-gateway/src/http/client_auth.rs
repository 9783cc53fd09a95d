//! The client of a request to an endpoint for programs (RFC 6749 §2.3).

use axum::http::{HeaderMap, header::AUTHORIZATION};

use super::{token_error::TokenError, visitor::Visitor};
use crate::{
    oidc::{AuthenticatedClient, ClientAuthError, ClientId, Credentials, OAuthError},
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
        let credentials = credentials.map_err(|error| {
            let id = form.get("client_id").ok().flatten();
            self.not_authenticated(None, id.unwrap_or_default(), error)
        })?;
        let client = credentials.authenticate(issuer, clients);
        client.map_err(|error| {
            let id = credentials.client_id();
            let client = clients.find(issuer, id);
            self.not_authenticated(client.map(|it| &it.id), id, error)
        })
    }

    /// Logs which rule failed, as often as such requests are allowed to fail. The ID is logged if there is a client with it:
    /// any other one may be a secret that was put into the wrong field.
    fn not_authenticated(
        &self,
        client: Option<&ClientId>,
        id: &str,
        error: ClientAuthError,
    ) -> TokenError {
        let (issuer, clients) = (self.provider.issuer.id(), &self.provider.shared.clients);
        let error = self.failed_request(client, error.into());
        if let TokenError::Client(ClientAuthError { error, rule, .. }) = &error {
            let served = clients.find(issuer, id).map(|client| &client.id);
            let known = served.or_else(|| clients.find_disabled(issuer, id));
            let client = known.map_or("unknown client", |id| id.as_str());
            let reason = rule.map_or(&*error.description, |rule| rule.failure());
            tracing::warn!(client, reason, "a client was not authenticated");
        }
        error
    }

    fn credentials(&self, form: &Params) -> Result<Credentials, ClientAuthError> {
        let authorization = authorization(&self.headers).map_err(|error| ClientAuthError {
            error,
            used_basic: true,
            rule: None,
        })?;
        Credentials::read(authorization, form)
    }
}
