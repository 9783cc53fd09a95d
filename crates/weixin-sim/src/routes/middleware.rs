//! What happens around every answer of WeChat's: its parameters are read, something may go wrong on demand,
//! and what was asked and answered is looked at and written down.

use std::sync::Arc;

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{ConnectInfo, Request, State},
    http::StatusCode,
    middleware::Next,
    response::{IntoResponse, Response},
};
use http_body::Body as _;

use super::{
    api::answer,
    faults,
    lint::inspect,
    request::{Asked, Peer, read},
};
use crate::{
    clock::unix_seconds,
    hosts::is_wechat,
    state::Shared,
    wire::{Errcode, api_error::Refusal},
    world::request_log::Seen,
};

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
    world.requests.add(Seen {
        at,
        method: asked.method.to_string(),
        host: asked.host,
        path: asked.path,
        parameters: asked.parameters,
        body: asked.body.to_vec(),
        status: response.status().as_u16(),
        errcode,
        answer: text.map(|text| text.to_vec()),
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
