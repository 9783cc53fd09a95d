//! An authorization request, and the client that it is from.

use weixin_axum::ReturnPath;

use super::{
    error::Failure,
    provider::{Provider, Shared},
    request_log,
};
use crate::oidc::{AuthorizationRequest, Client, RequestId};

/// A request as it is still allowed, with its client.
#[derive(Clone)]
pub(super) struct Waiting<'a> {
    pub(super) request: AuthorizationRequest,
    pub(super) client: &'a Client,
    /// `None`: it has not been stored.
    pub(super) id: Option<RequestId>,
    /// Whether it is stored and waits for no login yet: it was pushed.
    pub(super) is_pushed: bool,
}

impl Provider {
    /// The request with this ID that waits at this issuer. `None` if it has expired, or its client has changed meanwhile.
    pub(super) async fn waiting(&self, id: RequestId) -> Result<Option<Waiting<'_>>, Failure> {
        request_log::belongs_to(id);
        let Shared { store, .. } = &*self.shared;
        let request = store.request(id, self.issuer.id(), self.shared.now());
        let Some(request) = request.await? else {
            return Ok(None);
        };
        let Some(client) = self.client(request.client.as_str()) else {
            let client = request.client.as_str();
            tracing::info!(client, "the client of a login is disabled or was removed");
            return Ok(None);
        };
        Ok(request.allowed_by(client).map(|request| Waiting {
            request,
            client,
            id: Some(id),
            is_pushed: false,
        }))
    }

    /// The request with the ID of a URL.
    pub(super) async fn waiting_with(&self, id: &str) -> Result<Option<Waiting<'_>>, Failure> {
        match id.parse() {
            Ok(id) => self.waiting(id).await,
            Err(_) => Ok(None),
        }
    }

    /// The request that a login returns to. Any other path than that of a request is none.
    pub(super) async fn waiting_at(
        &self,
        path: Option<&ReturnPath>,
    ) -> Result<Option<Waiting<'_>>, Failure> {
        match path.and_then(|path| self.request_of(path)) {
            Some(id) => self.waiting(id).await,
            None => Ok(None),
        }
    }
}
