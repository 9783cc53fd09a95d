//! Middleware around WeChat's paths: parses parameters, injects faults, checks quotas, and lints and logs each
//! request.

use std::{sync::Arc, time::Instant};

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{ConnectInfo, Request, State},
    http::StatusCode,
    middleware::Next,
    response::{IntoResponse, Response},
};
use http_body::Body as _;

use super::{
    faults::{self, Call, Injected, Struck},
    lint::{Outcome, cause, check_request},
    request::{Peer, RequestInfo, read, texts},
    response::{LoginNumber, Refusal},
};
use crate::{
    hosts::is_wechat,
    lint::{finding::MAX_APP_ID, rule::Rule},
    parameters::{shortened, without},
    state::SimState,
    wire::{Errcode, api_error::ApiError},
    world::{
        World,
        masking::UnmaskedRequest,
        request_log::{BrokenRule, LoggedRequest},
    },
};

/// Rules that a call broke before its handler ran.
#[derive(Clone, Debug, Default)]
struct BrokenBefore(Vec<Rule>);

/// Handles a request to one of WeChat's paths.
///
/// The request is linted and logged after its response, because some findings depend on the error code. The time
/// is that of its arrival: a delayed response must not look like a late request.
///
/// It is a task of its own: a request has its effect, and is logged, also if its client has left.
pub(super) async fn instrument(
    State(sim): State<Arc<SimState>>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    request: Request,
    next: Next,
) -> Response {
    let handled = tokio::spawn(handle(sim, peer, request, next)).await;
    handled.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

async fn handle(sim: Arc<SimState>, peer: Peer, request: Request, next: Next) -> Response {
    let (at, began) = (sim.now(), Instant::now());
    let (info, request) = read(request, peer).await;
    let response = respond(&sim, &info, request, next).await;
    let (response, body) = match info.family {
        Some(_) => read_body(response).await,
        None => (response, None),
    };
    let errcode = response.extensions().get().map(|Errcode(errcode)| *errcode);
    let extensions = response.extensions();
    let outcome = Outcome {
        errcode,
        login: extensions.get().map(|LoginNumber(number)| *number),
        is_injected: extensions.get::<Injected>().is_some(),
    };
    let secrets = sim.world().private_secrets();
    // Masked once, and before the lock: other requests must not wait for it.
    let mut entry = UnmaskedRequest {
        at,
        duration: began.elapsed(),
        method: info.method.as_str(),
        host: &info.host,
        path: &info.path,
        parameters: &info.parameters,
        body: &info.body,
        request_headers: &texts(&info.headers),
        status: response.status().as_u16(),
        errcode,
        answer: body.as_deref(),
        response_headers: &texts(response.headers()),
        secrets: &secrets,
    }
    .masked();
    entry.fault = extensions.get().map(|Struck(effect)| effect.clone());
    entry.refusal = extensions.get().map(|Refusal(text)| (*text).to_owned());
    let BrokenBefore(broken) = extensions.get().cloned().unwrap_or_default();
    entry.findings = broken.into_iter().map(Into::into).collect();
    let mut world = sim.world();
    let app_id = world.app_of(&info.parameters, &info.body);
    entry.app_id = app_id.map(|app| shortened(without(app, &secrets), MAX_APP_ID));
    entry.user = world.user_of(&info.parameters, &info.body);
    entry.login = login_of(&world, &info).or(outcome.login);
    check_request(&mut world, &info, outcome);
    add(&mut world, entry);
    drop(world);
    // Notify after the lock is released, so that a woken reader does not wait for it.
    sim.changes.increase();
    response
}

/// Number of the login that a request belongs to: by its code, its token or its QR code.
fn login_of(world: &World, info: &RequestInfo) -> Option<u64> {
    let uuid = match info.path.strip_prefix("/connect/qrcode/") {
        Some(uuid) => uuid,
        None => info.parameters.get("uuid"),
    };
    let login = world.login_of(&info.parameters);
    login.or_else(|| world.logins.number(uuid))
}

/// Logs a request with the rules that it broke.
fn add(world: &mut World, mut entry: LoggedRequest) {
    let broken = world.findings.take_broken();
    entry
        .findings
        .extend(broken.into_iter().map(BrokenRule::from));
    entry.findings.shrink_to_fit();
    entry.test.clone_from(&world.test);
    let number = world.requests.next_number();
    world.timeline.note_request(number, &entry);
    world.requests.add(entry);
}

/// Runs the handler, unless a fault, plain HTTP or a quota comes first.
async fn respond(sim: &SimState, info: &RequestInfo, request: Request, next: Next) -> Response {
    let Some(family) = info.family else {
        return next.run(request).await;
    };
    let call = Call {
        sim,
        family,
        request,
        next,
    };
    // Faults come first: a test that injects one wants it whatever else is wrong with the request.
    if let Some(effect) = faults::take(sim, info) {
        let struck = Struck::by(&effect);
        let mut response = call.run_with(effect).await;
        response.extensions_mut().insert(struck);
        return response;
    }
    // At the simulator's own address plain HTTP is normal; under WeChat's host names it is rejected (docs/wechat.md#requests-to-the-api).
    if !info.secure && is_wechat(&info.host) {
        return call.fail(ApiError::REQUIRE_HTTPS);
    }
    let (exceeded, broken) = count(sim, info);
    let mut response = match exceeded {
        Some(error) => call.fail(error),
        None => call.run().await,
    };
    response.extensions_mut().insert(BrokenBefore(broken));
    response
}

/// Counts the call; returns the error if it exceeds a quota that is enforced, and the rules that it broke.
fn count(sim: &SimState, info: &RequestInfo) -> (Option<ApiError>, Vec<Rule>) {
    let now = sim.now();
    let mut world = sim.world();
    let cause = cause(&world, info, None);
    world.set_cause(cause);
    let exceeded = world.count_call(&info.path, &info.parameters, &info.body, now);
    (exceeded, world.findings.take_broken())
}

/// Reads the body for the log. A body without a known length is slow or broken on purpose: reading it would
/// undo the fault.
async fn read_body(response: Response) -> (Response, Option<Bytes>) {
    if response.body().size_hint().exact().is_none() {
        return (response, None);
    }
    let (parts, body) = response.into_parts();
    // The body is the simulator's own, so it needs no limit.
    let bytes = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let response = Response::from_parts(parts, Body::from(bytes.clone()));
    (response, Some(bytes))
}

#[cfg(test)]
mod tests {
    use tower::ServiceExt;

    use super::*;
    use crate::{
        settings::Settings,
        world::Setup,
        worlds::{Start, Worlds},
    };

    #[tokio::test]
    async fn a_call_of_the_api_does_not_wake_those_that_wait_for_the_phone() {
        let address: std::net::SocketAddr = "127.0.0.1:1".parse().unwrap();
        let sim = SimState::new(address, Setup::default(), Settings::default());
        let sim = Arc::new(sim);
        let start = Start {
            setup: Setup::default(),
            settings: Settings::default(),
            ip: address.ip(),
            ports: None,
            serve: |_, _| {},
        };
        let worlds = Worlds::new(Arc::clone(&sim), start);
        let router = crate::routes::router(Arc::clone(&sim), Arc::new(worlds));
        let mut request = Request::new(Body::empty());
        *request.uri_mut() = "/sns/auth".parse().unwrap();
        let address = "127.0.0.1:2".parse().unwrap();
        let peer = Peer {
            address,
            secure: false,
        };
        request.extensions_mut().insert(ConnectInfo(peer));
        router.oneshot(request).await.unwrap();
        assert_eq!((sim.changes.get(), sim.world_changes.get()), (1, 0));
        sim.change(|_, _| ());
        assert_eq!((sim.changes.get(), sim.world_changes.get()), (2, 1));
    }
}
