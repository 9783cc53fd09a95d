//! Requests of programs that fail. A client may send so many a minute from one address; one that works is never limited,
//! whatever others at its address send.

use super::{error::Failure, token::authorization, token_error::TokenError, visitor::Visitor};
use crate::{
    oidc::{AuthenticatedClient, ClientId, Credentials},
    params::Params,
};

impl Visitor {
    /// The client that sends a form.
    pub(super) fn authenticate(
        &self,
        form: &Params,
    ) -> Result<AuthenticatedClient<'_>, TokenError> {
        let (issuer, clients) = (self.provider.issuer.id(), &self.provider.shared.clients);
        let credentials = Credentials::read(authorization(&self.headers)?, form);
        let credentials = credentials.map_err(|error| self.failed_request(None, error.into()))?;
        let client = credentials.authenticate(issuer, clients);
        client.map_err(|error| {
            let client = clients.find(issuer, credentials.client_id());
            self.failed_request(client.map(|it| &it.id), error.into())
        })
    }

    /// The error of a request, or the one that tells the client to wait.
    pub(super) fn failed_request(
        &self,
        client: Option<&ClientId>,
        error: TokenError,
    ) -> TokenError {
        if matches!(error, TokenError::Failure(_)) {
            return error; // the gateway's own
        }
        let rate_limit = &self.provider.shared.rate_limit;
        if rate_limit.allows_failure(client, self.address) {
            error
        } else {
            Failure::TooManyFailures.into()
        }
    }
}
