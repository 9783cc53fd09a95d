//! The response at a URL that no endpoint has: a page for those who open it in a browser, and an empty one for programs.

use std::sync::Arc;

use axum::{
    extract::{FromRequestParts, Request, State},
    http::{HeaderMap, StatusCode, header::ACCEPT},
    response::{IntoResponse, Response},
};

use super::{issuer_page, provider::Provider, visitor::Visitor};

pub(super) async fn respond(
    State(providers): State<Arc<[Arc<Provider>]>>,
    request: Request,
) -> Response {
    let (mut parts, _) = request.into_parts();
    let provider = provider_at(&providers, parts.uri.path());
    let Some(provider) = provider.filter(|_| accepts_html(&parts.headers)) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let Ok(visitor) = Visitor::from_request_parts(&mut parts, provider).await;
    if visitor.wants_json() {
        return StatusCode::NOT_FOUND.into_response();
    }
    issuer_page::not_found(&visitor)
}

/// The issuer below whose path another path is: the innermost one.
fn provider_at<'a>(providers: &'a [Arc<Provider>], path: &str) -> Option<&'a Arc<Provider>> {
    let is_below = |provider: &&Arc<Provider>| {
        let rest = path.strip_prefix(provider.issuer.path());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let above = providers.iter().filter(is_below);
    above.max_by_key(|provider| provider.issuer.path().len())
}

/// Browsers name HTML when they open a page, and `*/*` alone when a script asks.
fn accepts_html(headers: &HeaderMap) -> bool {
    let mut accepted = headers.get_all(ACCEPT).iter();
    accepted.any(|value| value.to_str().is_ok_and(|text| text.contains("text/html")))
}
