//! Requests of programs that fail. A client may send so many a minute from one address; one that works is never limited,
//! whatever others at its address send.

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};

use super::{error::Failure, form, token_error::TokenError, visitor::Visitor};
use crate::{oidc::ClientId, params::Params};

impl Visitor {
    /// The response to a request that failed. Each that is turned away, or that the store fails, would fill the log.
    pub(super) fn token_error(&self, error: TokenError) -> Response {
        match error {
            TokenError::Failure(_) => self.sparingly_logged(|| error.into_response()),
            _ => error.into_response(),
        }
    }

    /// The form of a request. One that cannot be read is a failed request of an unknown client.
    pub(super) async fn form(&self, body: Body) -> Result<Params, TokenError> {
        let form = form::read(self, body).await;
        form.map_err(|error| self.failed_request(None, error.into()))
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
            Failure::TooManyFailures(client.cloned()).into()
        }
    }
}
