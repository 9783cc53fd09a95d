//! The endpoint for pushed authorization requests (RFC 9126), and the browser that brings the reference to one.

use std::sync::Arc;

use axum::{
    Json,
    body::Body,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use serde::Serialize;

use super::{
    error::Failure, provider::Provider, request_log, token_error::TokenError, visitor::Visitor,
    waiting::Waiting,
};
use crate::{
    oidc::{
        AuthenticatedClient, AuthorizationRequest, Client, ClientAuth, OAuthError, RequestId,
        RequestUri, find_client,
    },
    params::Params,
    random,
    store::requests::{NewRequest, PUSHED_LIFETIME, PushedRequest},
};

/// The response to a pushed request (RFC 9126 §2.2).
#[derive(Serialize)]
struct Pushed {
    request_uri: String,
    /// In seconds.
    expires_in: u64,
}

pub(super) async fn par(visitor: Visitor, body: Body) -> Response {
    match visitor.push(body).await {
        Ok(pushed) => (StatusCode::CREATED, Json(pushed)).into_response(),
        Err(error) => visitor.token_error(error),
    }
}

impl Visitor {
    async fn push(&self, body: Body) -> Result<Pushed, TokenError> {
        let form = self.form(body).await?;
        let client = self.authenticate(&form)?;
        let (issuer, keys) = (&self.provider.issuer, &self.provider.shared.keys);
        let request = AuthorizationRequest::pushed(&form, issuer, client, keys);
        let failed =
            |error: OAuthError| self.failed_request(Some(&client.client().id), error.into());
        let request = request.map_err(failed)?;
        let id = self.store_pushed(client, &request).await?;
        Ok(Pushed {
            request_uri: RequestUri(id).to_string(),
            expires_in: PUSHED_LIFETIME.as_secs(),
        })
    }

    async fn store_pushed(
        &self,
        client: AuthenticatedClient<'_>,
        request: &AuthorizationRequest,
    ) -> Result<RequestId, Failure> {
        let shared = &self.provider.shared;
        // A client with a secret pushes the requests of all its users from one address; as a public one, anyone can push.
        let is_public = matches!(client.client().auth, ClientAuth::Public);
        if is_public && !shared.rate_limit.allows(self.address) {
            return Err(Failure::TooManyLogins);
        }
        let id = RequestId::from_bytes(random::bytes()?);
        request_log::belongs_to(id);
        let (new, limit) = (
            NewRequest::pushed(id, request),
            shared.limits.waiting_requests,
        );
        shared.store.insert_request(new, limit, self.now()).await?;
        Ok(id)
    }
}

/// A browser brings a reference. Whatever else its URL contains is ignored (RFC 9126 §4).
pub(super) async fn open(visitor: Visitor, params: &Params, uri: RequestUri) -> Response {
    let provider = Arc::clone(&visitor.provider);
    let visitor = visitor.at(Some(uri.0));
    let waiting = match provider.opened(params, uri).await {
        Ok(waiting) => waiting,
        Err(error) => return visitor.not_opened(&error, params),
    };
    let visitor = visitor.preferring(&waiting.request);
    let response = visitor.continued(waiting).await;
    response.unwrap_or_else(|failure| visitor.failed(&failure))
}

/// The same by a form of another site, which comes without the session's cookie: the request continues after a redirect.
pub(super) async fn open_posted(visitor: Visitor, params: &Params, uri: RequestUri) -> Response {
    let visitor = visitor.at(Some(uri.0));
    let waiting = match visitor.provider.opened(params, uri).await {
        Ok(waiting) => waiting,
        Err(error) => return visitor.not_opened(&error, params),
    };
    match visitor.stored(&waiting).await {
        Ok(id) => Redirect::to(&visitor.provider.login_path(id)).into_response(),
        Err(failure) => visitor.failed(&failure),
    }
}

/// Why a reference leads nowhere.
enum NotOpened {
    /// The client that it must name.
    Client(OAuthError),
    /// No such request of this client waits at this issuer.
    Unknown,
    Failure(Failure),
}

impl Provider {
    /// The pushed request that the parameters refer to, as it is still allowed. That alone does not keep it longer.
    async fn opened(
        &self,
        params: &Params,
        RequestUri(id): RequestUri,
    ) -> Result<Waiting<'_>, NotOpened> {
        let client = find_client(params, &self.issuer, &self.shared.clients);
        let client = client.map_err(NotOpened::Client)?;
        let waiting = self.pushed(id, client).await.map_err(NotOpened::Failure)?;
        waiting.ok_or(NotOpened::Unknown)
    }

    async fn pushed<'a>(
        &self,
        id: RequestId,
        client: &'a Client,
    ) -> Result<Option<Waiting<'a>>, Failure> {
        let store = &self.shared.store;
        let issuer = self.issuer.id();
        let pushed = store.pushed_request(id, issuer, &client.id, self.shared.now());
        let Some(PushedRequest { request, is_opened }) = pushed.await? else {
            return Ok(None);
        };
        Ok(request.allowed_by(client).map(|request| Waiting {
            request,
            client,
            id: Some(id),
            is_pushed: !is_opened,
        }))
    }
}

impl Visitor {
    /// Lets a pushed request wait for a login. It costs this address what beginning a login costs.
    pub(super) async fn open_pushed(&self, id: RequestId, client: &Client) -> Result<(), Failure> {
        let shared = &self.provider.shared;
        if !shared.rate_limit.allows(self.address) {
            return Err(Failure::TooManyLogins);
        }
        let opened = shared.store.open_pushed_request(id, &client.id, self.now());
        Ok(opened.await?)
    }

    fn not_opened(&self, error: &NotOpened, params: &Params) -> Response {
        match error {
            NotOpened::Client(error) => self.invalid_request(error, Some(params)),
            NotOpened::Unknown => self.expired(),
            NotOpened::Failure(failure) => self.failed(failure),
        }
    }
}
