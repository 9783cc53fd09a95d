//! Which requests run: not too many at one time, and none while the time is unknown. The connections of a proxy are those of
//! all users: the last ones are for responses.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::Method,
    middleware::Next,
    response::Response,
};

use super::{error::Failure, provider::Provider, token_error, visitor::Visitor};

/// Runs a request of a browser, which gets a page if it cannot run.
pub(super) async fn of_browser(
    State(provider): State<Arc<Provider>>,
    request: Request,
    next: Next,
) -> Response {
    run(provider, request, next, Visitor::failed).await
}

/// The same for a request of a program, which gets JSON.
pub(super) async fn of_program(
    State(provider): State<Arc<Provider>>,
    request: Request,
    next: Next,
) -> Response {
    let turn_away = |visitor: &Visitor, failure: &Failure| {
        visitor.sparingly_logged(|| token_error::unavailable(failure))
    };
    run(provider, request, next, turn_away).await
}

async fn run(
    provider: Arc<Provider>,
    request: Request,
    next: Next,
    turn_away: impl FnOnce(&Visitor, &Failure) -> Response,
) -> Response {
    let shared = &provider.shared;
    let failure = if !shared.readiness.knows_the_time() {
        Failure::UnknownTime
    } else if let Ok(_permit) = shared.rate_limit.running.try_acquire() {
        return next.run(request).await;
    } else {
        Failure::TooManyRunning
    };
    let (parts, _) = request.into_parts();
    let visitor = Visitor {
        address: provider.shared.address(&parts),
        provider,
        headers: parts.headers,
        is_get: parts.method == Method::GET,
        request: None,
    };
    turn_away(&visitor, &failure)
}
