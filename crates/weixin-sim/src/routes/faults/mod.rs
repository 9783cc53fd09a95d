//! Lets things go wrong on demand, in front of the API.

mod spoilt;

use std::time::Duration;

use axum::{
    extract::Request,
    http::{HeaderValue, StatusCode, header::CONTENT_TYPE},
    middleware::Next,
    response::{Html, IntoResponse, Response},
};
use tokio::time::sleep;

use super::{api::answer, request::Asked};
use crate::{
    Effect,
    state::Shared,
    wire::{Family, api_error::Refusal},
    world::fault::Target,
};

/// What is to go wrong with a request to the API.
pub(super) fn strike(sim: &Shared, asked: &Asked) -> Option<Effect> {
    let world = &mut *sim.world();
    if world.faults.pending().is_empty() {
        return None;
    }
    let app = world.app_of(&asked.parameters, &asked.body);
    let target = Target {
        is_login: false,
        path: &asked.path,
        host: &asked.host,
        app: app.as_deref(),
    };
    world.faults.strike(&target, &mut world.random)
}

/// Lets it go wrong.
pub(super) async fn happen(
    effect: Effect,
    sim: &Shared,
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
            let refusal = Refusal::documented(errcode).unwrap_or(Refusal::BUSY);
            answer(sim, family, Err::<(), _>(refusal))
        }
        Effect::Html(code) => {
            let page = "<html><body><h1>模拟的故障 · a simulated fault</h1></body></html>";
            (status(code), Html(page)).into_response()
        }
        Effect::Reset => spoilt::broken(),
        other => spoilt::spoil(other, next.run(request).await).await,
    }
}

fn status(code: u16) -> StatusCode {
    StatusCode::from_u16(code).unwrap_or(StatusCode::BAD_GATEWAY)
}
