//! What happens around every answer of WeChat's: its parameters are read, something may go wrong on demand,
//! and what was info and answered is looked at and written down.

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
    lint::check_request,
    request::{Peer, RequestInfo, read},
};
use crate::{
    clock::unix_seconds,
    hosts::is_wechat,
    state::SimState,
    wire::{Errcode, api_error::ApiError},
    world::request_log::UnmaskedRequest,
};

pub(super) async fn instrument(
    State(sim): State<Arc<SimState>>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    request: Request,
    next: Next,
) -> Response {
    let at = unix_seconds(sim.now());
    let Some((info, request)) = read(request, peer).await else {
        let text = "a request has 64 KiB at most\n";
        return (StatusCode::PAYLOAD_TOO_LARGE, text).into_response();
    };
    let response = respond(&sim, &info, request, next).await;
    let (response, text) = match info.family {
        Some(_) => keep(response).await,
        None => (response, None),
    };
    let errcode = response.extensions().get().map(|Errcode(errcode)| *errcode);
    let mut world = sim.world();
    check_request(&mut world, &info, errcode);
    world.requests.add(UnmaskedRequest {
        at,
        method: info.method.to_string(),
        host: info.host,
        path: info.path,
        parameters: info.parameters,
        body: info.body.to_vec(),
        status: response.status().as_u16(),
        errcode,
        answer: text.map(|text| text.to_vec()),
    });
    drop(world);
    sim.notify();
    response
}

/// WeChat's answer, unless it is refused or spoilt on its way.
async fn respond(sim: &SimState, info: &RequestInfo, request: Request, next: Next) -> Response {
    let Some(family) = info.family else {
        return next.run(request).await;
    };
    match faults::take(sim, info) {
        Some(effect) => faults::apply(effect, sim, family, (request, next)).await,
        // At the simulator's own address plain HTTP is what there is; WeChat refuses it (facts 4.1).
        None if !info.secure && is_wechat(&info.host) => {
            answer(sim, family, Err::<(), _>(ApiError::REQUIRE_HTTPS))
        }
        None => match count(sim, info) {
            Some(api_error) => answer(sim, family, Err::<(), _>(api_error)),
            None => next.run(request).await,
        },
    }
}

/// Whether it is one call too many.
fn count(sim: &SimState, info: &RequestInfo) -> Option<ApiError> {
    let now = sim.now();
    let mut world = sim.world();
    world.count_call(&info.path, &info.parameters, &info.body, now)
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
