//! Injects faults between the client and the API.

mod corrupt;

use std::time::Duration;

use axum::{
    extract::Request,
    http::{HeaderValue, StatusCode, header::CONTENT_TYPE},
    middleware::Next,
    response::{Html, IntoResponse, Response},
};
use tokio::time::sleep;

use super::{api::answer, request::RequestInfo};
use crate::{
    Effect,
    state::SimState,
    wire::{Family, api_error::ApiError},
    world::fault::Target,
};

/// Takes the next fault that matches the request, if there is any.
pub(super) fn take(sim: &SimState, info: &RequestInfo) -> Option<Effect> {
    let world = &mut *sim.world();
    if world.faults.pending().is_empty() {
        return None;
    }
    let app = world.app_of(&info.parameters, &info.body);
    let target = Target {
        is_login: false,
        path: &info.path,
        host: &info.host,
        app: app.as_deref(),
    };
    world.faults.take(&target, &mut world.random)
}

/// Applies a fault: replaces the response, or corrupts the real one.
pub(super) async fn apply(
    effect: Effect,
    sim: &SimState,
    family: Family,
    (request, next): (Request, Next),
) -> Response {
    match effect {
        Effect::Answer(answer) => {
            let content_type = HeaderValue::try_from(answer.content_type);
            let mut response = (status(answer.status), answer.body).into_response();
            if let Ok(content_type) = content_type {
                response.headers_mut().insert(CONTENT_TYPE, content_type);
            }
            response
        }
        Effect::DelayMs(milliseconds) => {
            sleep(Duration::from_millis(milliseconds)).await;
            next.run(request).await
        }
        Effect::Errcode(errcode) => {
            let api_error = ApiError::documented(errcode).unwrap_or(ApiError::BUSY);
            answer(sim, family, Err::<(), _>(api_error))
        }
        Effect::Html(code) => {
            let page = "<html><body><h1>模拟的故障 · a simulated fault</h1></body></html>";
            (status(code), Html(page)).into_response()
        }
        Effect::Reset => corrupt::broken_connection(),
        other => corrupt::corrupt(other, next.run(request).await).await,
    }
}

fn status(code: u16) -> StatusCode {
    StatusCode::from_u16(code).unwrap_or(StatusCode::BAD_GATEWAY)
}
