//! Requests as the middleware and the handlers see them.

use std::{convert::Infallible, net::SocketAddr};

use crate::{
    hosts::{is_local, is_wechat},
    lint::authorize_url::has_raw_redirect_uri,
    parameters::Parameters,
    state::SimState,
    wire::Family,
};
use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{FromRequestParts, Request},
    http::{
        HeaderMap, Method,
        header::{CONTENT_TYPE, HOST, REFERER},
        request::Parts,
        uri::Authority,
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
        secure: peer.secure || is_forwarded_https(&parts.headers, peer),
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

/// Returns `true` if a proxy on this machine, or in its networks, says that its client used TLS.
fn is_forwarded_https(headers: &HeaderMap, peer: Peer) -> bool {
    let proto = text(headers, "x-forwarded-proto");
    proto.eq_ignore_ascii_case("https") && is_local(peer.address.ip())
}

/// Header as text, or empty.
pub(super) fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    let value = headers.get(name).and_then(|value| value.to_str().ok());
    value.unwrap_or_default()
}

/// Base URL of avatars: WeChat's own for a client that used WeChat's host names (docs/wechat.md#hosts).
pub(super) fn avatar_origin(sim: &SimState, headers: &HeaderMap) -> String {
    let host = host(headers);
    if is_wechat(host) {
        return "https://thirdwx.qlogo.cn".to_owned();
    }
    match sim.public_url() {
        // The address on which it listens says nothing, so the client's own way is the best guess.
        None if sim.is_everywhere && !host.is_empty() => format!("http://{host}"),
        _ => sim.own_url().to_owned(),
    }
}

/// Base URL of the simulator for the browser that sent this request.
pub(super) fn page_origin(sim: &SimState, headers: &HeaderMap) -> String {
    let host = host(headers);
    let public = sim.public_url().and_then(|url| url.split_once("://"));
    match public {
        _ if host.is_empty() => sim.own_url().to_owned(),
        _ if is_wechat(host) => format!("https://{host}"),
        Some((scheme, public)) if public.eq_ignore_ascii_case(host) => {
            format!("{scheme}://{public}")
        }
        _ => format!("http://{host}"),
    }
}

/// Base URL of a world for the client that sent this request, perhaps to another world.
pub(super) fn world_url(world: &SimState, headers: &HeaderMap) -> String {
    let name = host(headers).parse::<Authority>();
    match name {
        // Listens on all addresses: the world is where the simulator is, on another port.
        Ok(name)
            if world.is_everywhere && world.public_url().is_none() && !is_wechat(name.host()) =>
        {
            format!("http://{}:{}", name.host(), world.port)
        }
        _ => world.own_url().to_owned(),
    }
}

/// `Host` header, or empty.
pub(super) fn host(headers: &HeaderMap) -> &str {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    host.unwrap_or_default()
}
