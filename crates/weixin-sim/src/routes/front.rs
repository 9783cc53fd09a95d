//! What happens around every answer of WeChat's: its parameters are read, something may go wrong on demand,
//! and what was asked and answered is looked at and written down.

use std::sync::Arc;

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{ConnectInfo, Request, State},
    http::{
        HeaderMap, Method, StatusCode,
        header::{CONTENT_TYPE, HOST, REFERER},
    },
    middleware::Next,
    response::{IntoResponse, Response},
};

use http_body::Body as _;

use super::{MAX_BODY, Parameters, checks::answer, faults, inspect::inspect};
use crate::{
    clock::unix_seconds,
    hosts::is_wechat,
    peer::Peer,
    record::Seen,
    refusal::Refusal,
    sim::Shared,
    wire::{Errcode, Family},
};

/// A request, as far as others than its handler look at it.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) method: Method,
    pub(super) host: String,
    pub(super) path: String,
    /// `None` for pages.
    pub(super) family: Option<Family>,
    pub(super) parameters: Parameters,
    /// A body that is not a form's.
    pub(super) body: Bytes,
    /// Whether a page of ours has loaded itself again.
    pub(super) reloaded: bool,
    /// Where the browser says that it was before; empty if it does not.
    pub(super) referer: String,
    pub(super) secure: bool,
}

pub(super) async fn front(
    State(sim): State<Arc<Shared>>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    request: Request,
    next: Next,
) -> Response {
    let at = unix_seconds(sim.now());
    let Some((asked, request)) = read(request, peer).await else {
        let text = "a request has 64 KiB at most\n";
        return (StatusCode::PAYLOAD_TOO_LARGE, text).into_response();
    };
    let response = respond(&sim, &asked, request, next).await;
    let (response, text) = match asked.family {
        Some(_) => keep(response).await,
        None => (response, None),
    };
    let errcode = response.extensions().get().map(|Errcode(errcode)| *errcode);
    let mut world = sim.world();
    inspect(&mut world, &asked, errcode);
    world.record(Seen {
        at,
        method: asked.method,
        host: asked.host,
        path: asked.path,
        parameters: asked.parameters,
        body: asked.body,
        status: response.status(),
        errcode,
        answer: text,
    });
    drop(world);
    sim.tell();
    response
}

/// WeChat's answer, unless it is refused or spoilt on its way.
async fn respond(sim: &Shared, asked: &Asked, request: Request, next: Next) -> Response {
    let Some(family) = asked.family else {
        return next.run(request).await;
    };
    match faults::strike(sim, asked) {
        Some(effect) => faults::happen(effect, sim, family, (request, next)).await,
        // At the simulator's own address plain HTTP is what there is; WeChat refuses it (facts 4.1).
        None if !asked.secure && is_wechat(&asked.host) => {
            answer(sim, family, Err::<(), _>(Refusal::REQUIRE_HTTPS))
        }
        None => match count(sim, asked) {
            Some(refusal) => answer(sim, family, Err::<(), _>(refusal)),
            None => next.run(request).await,
        },
    }
}

/// Whether it is one call too many.
fn count(sim: &Shared, asked: &Asked) -> Option<Refusal> {
    let now = sim.now();
    let mut world = sim.world();
    world.count_call(&asked.path, &asked.parameters, &asked.body, now)
}

/// The body of an answer, too, unless it is one that breaks or comes slowly.
async fn keep(response: Response) -> (Response, Option<Bytes>) {
    if response.body().size_hint().exact().is_none() {
        return (response, None);
    }
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let response = Response::from_parts(parts, Body::from(bytes.clone()));
    (response, Some(bytes))
}

/// The request with its parameters read; `None` if it is too large.
async fn read(request: Request, peer: Peer) -> Option<(Asked, Request)> {
    let (mut parts, body) = request.into_parts();
    let bytes = to_bytes(body, MAX_BODY).await.ok()?;
    let is_form = text(&parts.headers, CONTENT_TYPE.as_str())
        .starts_with("application/x-www-form-urlencoded");
    let query = parts.uri.query().unwrap_or_default();
    let form = if is_form { &bytes[..] } else { &[] };
    let parameters = Parameters::new(query, form);
    parts.extensions.insert(parameters.clone());
    let host = text(&parts.headers, HOST.as_str());
    let asked = Asked {
        method: parts.method.clone(),
        host: parts.uri.host().unwrap_or(host).to_owned(),
        path: parts.uri.path().to_owned(),
        family: Family::of(parts.uri.path()),
        parameters,
        body: if is_form { Bytes::new() } else { bytes.clone() },
        reloaded: text(&parts.headers, "sec-fetch-site") == "same-origin",
        referer: text(&parts.headers, REFERER.as_str()).to_owned(),
        secure: peer.secure,
    };
    Some((asked, Request::from_parts(parts, Body::from(bytes))))
}

/// A header as text; empty if there is none.
fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    let value = headers.get(name).and_then(|value| value.to_str().ok());
    value.unwrap_or_default()
}
