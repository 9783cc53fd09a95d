//! Requests as the middleware and the handlers see them.

use std::{convert::Infallible, net::SocketAddr};

use crate::{
    hosts::is_wechat, lint::authorize_url::has_raw_redirect_uri, parameters::Parameters,
    state::SimState, wire::Family,
};
use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{FromRequestParts, Request},
    http::{
        HeaderMap, Method,
        header::{CONTENT_TYPE, HOST, REFERER},
        request::Parts,
    },
};

/// Maximum size of a request body, in bytes.
pub(super) const MAX_BODY: usize = 64 * 1024;

/// Client end of a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer {
    pub(crate) address: SocketAddr,
    /// The connection uses TLS.
    pub(crate) secure: bool,
}

/// Facts about a request that middleware, linter and log need.
#[derive(Debug)]
pub(super) struct RequestInfo {
    pub(super) method: Method,
    pub(super) host: String,
    pub(super) path: String,
    /// API family; `None` for pages.
    pub(super) family: Option<Family>,
    pub(super) parameters: Parameters,
    /// The query contains a redirect URI that is not percent-encoded.
    pub(super) has_raw_redirect_uri: bool,
    /// Body, unless it is a form.
    pub(super) body: Bytes,
    /// The simulator's own page requested it again.
    pub(super) reloaded: bool,
    /// `Referer` header, or empty.
    pub(super) referer: String,
    pub(super) secure: bool,
    pub(super) headers: HeaderMap,
}

impl<S: Sync> FromRequestParts<S> for Parameters {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get().cloned().unwrap_or_default())
    }
}

/// Reads the body and the parameters.
pub(super) async fn read(request: Request, peer: Peer) -> (RequestInfo, Request) {
    let (mut parts, body) = request.into_parts();
    // It is whole already, and of bounded size: see `guard`.
    let bytes = to_bytes(body, MAX_BODY).await.unwrap_or_default();
    let is_form = text(&parts.headers, CONTENT_TYPE.as_str())
        .starts_with("application/x-www-form-urlencoded");
    let query = parts.uri.query().unwrap_or_default();
    let form = if is_form { &bytes[..] } else { &[] };
    let parameters = Parameters::new(query, form);
    // Handlers take the parameters from here, because a body can be read only once.
    parts.extensions.insert(parameters.clone());
    let host = text(&parts.headers, HOST.as_str());
    let info = RequestInfo {
        method: parts.method.clone(),
        host: parts.uri.host().unwrap_or(host).to_owned(),
        path: parts.uri.path().to_owned(),
        family: Family::of(parts.uri.path()),
        parameters,
        has_raw_redirect_uri: has_raw_redirect_uri(query),
        body: if is_form { Bytes::new() } else { bytes.clone() },
        reloaded: text(&parts.headers, "sec-fetch-site") == "same-origin",
        referer: text(&parts.headers, REFERER.as_str()).to_owned(),
        secure: peer.secure,
        headers: parts.headers.clone(),
    };
    (info, Request::from_parts(parts, Body::from(bytes)))
}

/// Headers that are text.
pub(super) fn texts(headers: &HeaderMap) -> Vec<(&str, &str)> {
    let texts = headers
        .iter()
        .filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
    texts.collect()
}

/// Header as text, or empty.
pub(super) fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    let value = headers.get(name).and_then(|value| value.to_str().ok());
    value.unwrap_or_default()
}

/// Base URL of avatars: WeChat's own for a client that used WeChat's host names (docs/wechat.md#hosts).
pub(super) fn avatar_origin<'a>(sim: &'a SimState, headers: &HeaderMap) -> &'a str {
    if is_wechat(host(headers)) {
        "https://thirdwx.qlogo.cn"
    } else {
        &sim.origin
    }
}

/// `Host` header, or empty.
pub(super) fn host(headers: &HeaderMap) -> &str {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    host.unwrap_or_default()
}
