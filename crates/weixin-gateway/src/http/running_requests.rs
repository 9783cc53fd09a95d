//! How many requests run at one time. One that waits, such as for its body, keeps a connection of a proxy busy, and all
//! users share these.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};

use super::{error::Failure, places::Full, provider::Provider, token_error, visitor::Visitor};

/// Runs a request of a browser, which gets a page if there is no place.
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
    let (parts, body) = request.into_parts();
    let address = provider.shared.address(&parts);
    let places = &provider.shared.rate_limit.running;
    let place = address.map(|address| places.try_take(address)).transpose();
    match place {
        Ok(_place) => next.run(Request::from_parts(parts, body)).await,
        Err(full) => {
            let visitor = Visitor {
                provider,
                headers: parts.headers,
                address,
                request: None,
            };
            turn_away(&visitor, &full.into())
        }
    }
}

impl From<Full> for Failure {
    fn from(full: Full) -> Self {
        match full {
            Full::Address => Self::TooManyRunningOfAddress,
            Full::All => Self::TooManyRunning,
        }
    }
}
