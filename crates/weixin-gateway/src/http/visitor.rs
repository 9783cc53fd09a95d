//! The browser of a request, at one issuer.

use std::{convert::Infallible, net::IpAddr, sync::Arc};

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderValue, Method, header::ACCEPT_LANGUAGE, request::Parts},
};
use weixin::Language;

use super::{error::Failure, provider::Provider};
use crate::{
    oidc::{AuthorizationRequest, RequestId, Session, Timestamp},
    upstream::current_session::CurrentSession,
};

/// The browser of a request, at one issuer.
pub(super) struct Visitor {
    pub(super) provider: Arc<Provider>,
    pub(super) headers: HeaderMap,
    /// `None` in a program that serves the router without telling it.
    pub(super) address: Option<IpAddr>,
    /// Whether the same URL can be opened again. One that a form was posted to lacks what was posted.
    pub(super) is_get: bool,
    /// The authorization request whose ID the URL has. It may be made up.
    pub(super) request: Option<RequestId>,
}

impl Visitor {
    pub(super) fn now(&self) -> Timestamp {
        self.provider.shared.now()
    }

    pub(super) fn language(&self) -> Language {
        weixin_axum::Browser::from_headers(&self.headers).language
    }

    /// Programs get JSON in place of pages.
    pub(super) fn wants_json(&self) -> bool {
        weixin_axum::Browser::from_headers(&self.headers).wants_json
    }

    /// The valid session of this browser.
    pub(super) async fn session(&self) -> Result<Option<Session>, Failure> {
        let Some(hash) = self.provider.cookie.read(&self.headers) else {
            return Ok(None);
        };
        let (shared, issuer) = (&self.provider.shared, self.provider.issuer.id());
        let idle = shared.lifetimes.session_idle;
        let session = shared.store.session(&hash, issuer, self.now(), idle);
        Ok(session.await?)
    }

    /// The session that a logout or a login in this browser ends, however long ago it was used: codes and tokens still
    /// depend on it. It is also found by the cookie of before its renewal, by which nothing else is.
    pub(super) async fn session_to_end(&self) -> Result<Option<Session>, Failure> {
        let Some(hash) = self.provider.cookie.read(&self.headers) else {
            return Ok(None);
        };
        let (store, issuer) = (&self.provider.shared.store, self.provider.issuer.id());
        let session = store.session_to_end(&hash, issuer, self.now());
        Ok(session.await?)
    }

    /// The same for a login.
    pub(super) async fn current_session(&self) -> Result<Option<CurrentSession>, Failure> {
        let session = self.session_to_end().await?;
        Ok(session.as_ref().map(Into::into))
    }

    /// The valid session of this browser, for a request that waits. One that the login for this request began is valid
    /// for it even if no other request may use it.
    pub(super) async fn session_for(&self, request: RequestId) -> Result<Option<Session>, Failure> {
        let session = self.session().await?;
        let (None, Some(hash)) = (&session, self.provider.cookie.read(&self.headers)) else {
            return Ok(session);
        };
        let (shared, issuer) = (&self.provider.shared, self.provider.issuer.id());
        let session = shared.store.session_for(&hash, issuer, request, self.now());
        Ok(session.await?)
    }

    /// This browser at an authorization request.
    pub(super) const fn at(mut self, request: Option<RequestId>) -> Self {
        self.request = request;
        self
    }

    /// This browser with the languages that a request prefers (`ui_locales`, Core §3.1.2.1).
    pub(super) fn preferring(self, request: &AuthorizationRequest) -> Self {
        self.preferring_locales(request.ui_locales.as_deref())
    }

    pub(super) fn preferring_locales(mut self, locales: Option<&str>) -> Self {
        let locales = locales.map(HeaderValue::try_from);
        if let Some(Ok(locales)) = locales {
            // What comes first counts, and a list that names no language of ours changes nothing.
            let before = self.headers.remove(ACCEPT_LANGUAGE);
            self.headers.append(ACCEPT_LANGUAGE, with(locales, before));
        }
        self
    }
}

fn with(first: HeaderValue, rest: Option<HeaderValue>) -> HeaderValue {
    let Some(rest) = rest else { return first };
    let joined = [first.as_bytes(), b",", rest.as_bytes()].concat();
    HeaderValue::from_bytes(&joined).unwrap_or(first)
}

impl FromRequestParts<Arc<Provider>> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(
        parts: &mut Parts,
        provider: &Arc<Provider>,
    ) -> Result<Self, Infallible> {
        Ok(Self {
            provider: Arc::clone(provider),
            headers: parts.headers.clone(),
            address: provider.shared.address(parts),
            is_get: parts.method == Method::GET,
            request: None,
        })
    }
}
