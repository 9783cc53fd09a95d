//! WeChat's API by its own host name in plain HTTP: refused (43003, facts 4.1).

use std::sync::Arc;

use axum::{
    extract::{ConnectInfo, Request, State},
    http::header::HOST,
    middleware::Next,
    response::Response,
};

use super::checks::answer;
use crate::{hosts::is_wechat, peer::Peer, refusal::Refusal, sim::Shared, wire::Family};

/// At the simulator's own address plain HTTP is what there is.
pub(super) async fn refuse(
    State(sim): State<Arc<Shared>>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    request: Request,
    next: Next,
) -> Response {
    match Family::of(request.uri().path()) {
        Some(family) if !peer.secure && is_wechat(host(&request)) => {
            answer(&sim, family, Err::<(), _>(Refusal::REQUIRE_HTTPS))
        }
        _ => next.run(request).await,
    }
}

/// The host that was asked for, a port included; empty if there is none.
pub(super) fn host(request: &Request) -> &str {
    let header = request
        .headers()
        .get(HOST)
        .and_then(|host| host.to_str().ok());
    request.uri().host().or(header).unwrap_or_default()
}
