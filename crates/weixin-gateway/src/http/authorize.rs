//! The authorization endpoint (Core §3.1.2; RFC 6749 §3.1).

use axum::{
    body::Body,
    extract::RawQuery,
    response::{IntoResponse, Redirect, Response},
};

use super::{error::Failure, form, par, request_log, visitor::Visitor, waiting::Waiting};
use crate::{
    oidc::{AuthorizationRequest, AuthorizeError, RequestId, RequestUri},
    params::Params,
    random,
    store::requests::NewRequest,
};

pub(super) async fn get(visitor: Visitor, RawQuery(query): RawQuery) -> Response {
    let query = match Params::parse(query.unwrap_or_default().as_bytes()) {
        Ok(query) => query,
        Err(error) => return visitor.invalid_request(&error, None),
    };
    if let Some(uri) = RequestUri::of(&query) {
        return par::open(visitor, &query, uri).await;
    }
    let request = match visitor.checked(&query) {
        Ok(request) => request,
        Err(error) => return visitor.rejected(error, &query),
    };
    let visitor = visitor.preferring(&request);
    let response = visitor.authorize(request).await;
    response.unwrap_or_else(|failure| visitor.failed(&failure))
}

/// A request that another site has posted comes without the session's cookie, which is `SameSite=Lax`: it is stored, and
/// continues after a redirect.
pub(super) async fn post(visitor: Visitor, body: Body) -> Response {
    let form = match form::read(&visitor, body).await {
        Ok(form) => form,
        Err(error) => return visitor.without_form(&error),
    };
    if let Some(uri) = RequestUri::of(&form) {
        return par::open_posted(visitor, &form, uri).await;
    }
    let request = match visitor.checked(&form) {
        Ok(request) => request,
        Err(error) => return visitor.rejected(error, &form),
    };
    match visitor.store(&request).await {
        Ok(id) => Redirect::to(&visitor.provider.login_path(id)).into_response(),
        Err(failure) => visitor.failed(&failure),
    }
}

impl Visitor {
    fn checked(&self, params: &Params) -> Result<AuthorizationRequest, AuthorizeError> {
        let (issuer, shared) = (&self.provider.issuer, &self.provider.shared);
        AuthorizationRequest::check(params, issuer, &shared.clients, &shared.keys)
    }

    fn rejected(&self, error: AuthorizeError, params: &Params) -> Response {
        match error {
            AuthorizeError::Page(error) => self.invalid_request(&error, Some(params)),
            AuthorizeError::Redirect(target, error) => self.reject(target, error),
        }
    }

    async fn authorize(&self, request: AuthorizationRequest) -> Result<Response, Failure> {
        // The client of a request that has just been checked.
        let Some(client) = self.provider.client(request.client.as_str()) else {
            return Ok(self.expired());
        };
        let session = self.session().await?;
        let waiting = Waiting {
            request,
            client,
            id: None,
            is_pushed: false,
        };
        self.proceed(waiting, session.as_ref()).await
    }

    /// Stores a request that must wait. It grants nothing to the one who knows its ID.
    pub(super) async fn store(&self, request: &AuthorizationRequest) -> Result<RequestId, Failure> {
        let shared = &self.provider.shared;
        if !shared.rate_limit.allows(self.address) {
            return Err(Failure::TooManyLogins);
        }
        let id = RequestId::from_bytes(random::bytes()?);
        request_log::belongs_to(id);
        let limit = shared.limits.waiting_requests;
        let new = NewRequest::of_browser(id, request);
        let stored = shared.store.insert_request(new, limit, self.now());
        stored.await?;
        Ok(id)
    }
}
