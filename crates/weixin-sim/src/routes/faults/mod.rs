//! Injects faults between the client and the API.

mod corrupt;

pub(crate) use self::corrupt::broken_connection;

use std::time::Duration;

use axum::{
    extract::Request,
    http::{HeaderValue, StatusCode, header::CONTENT_TYPE},
    middleware::Next,
    response::{Html, IntoResponse, Response},
};
use serde_json::Value;
use tokio::time::sleep;

use super::{
    api::answer,
    request::{RequestInfo, texts},
};
use crate::{
    Answer, Effect,
    state::SimState,
    wire::{Family, api_error::ApiError},
    world::request_facts::RequestFacts,
};

/// Takes the next fault that matches the request, if there is any.
pub(super) fn take(sim: &SimState, info: &RequestInfo) -> Option<Effect> {
    let world = &mut *sim.world();
    world.faults.pending().next()?;
    let app = world.app_of(&info.parameters, &info.body);
    let user = world.user_of(&info.parameters, &info.body);
    let request = RequestFacts {
        is_login: false,
        path: &info.path,
        host: &info.host,
        app: app.as_deref(),
        user: user.as_deref(),
        parameters: &info.parameters,
        body: &info.body,
        headers: &texts(&info.headers),
    };
    world.faults.take(&request, &mut world.random)
}

/// Marks a response with which a fault replaced that of the handler.
#[derive(Clone, Copy, Debug)]
pub(super) struct Injected;

/// Names the fault that struck, such as `errcode -1`.
#[derive(Clone, Debug)]
pub(super) struct Struck(pub(super) String);

impl Struck {
    pub(super) fn by(effect: &Effect) -> Self {
        let name = match serde_json::to_value(effect) {
            Ok(Value::String(name)) => name,
            Ok(Value::Object(members)) => {
                let member = members.into_iter().next();
                member.map_or_else(String::new, |(name, value)| match value {
                    Value::Number(number) => format!("{name} {number}"),
                    _ => name,
                })
            }
            _ => String::new(),
        };
        Self(name)
    }
}

/// A call of the API whose handler has not run yet.
pub(super) struct Call<'a> {
    pub(super) sim: &'a SimState,
    pub(super) family: Family,
    pub(super) request: Request,
    pub(super) next: Next,
}

impl Call<'_> {
    pub(super) async fn run(self) -> Response {
        self.next.run(self.request).await
    }

    pub(super) fn fail(self, error: ApiError) -> Response {
        answer(self.sim, self.family, Err::<(), _>(error))
    }

    /// Applies a fault: replaces the response, or corrupts the real one.
    ///
    /// What replaces the response does not run the handler, so that a code stays unused; what corrupts it
    /// runs the handler first, as when WeChat's response is lost on its way.
    pub(super) async fn run_with(self, effect: Effect) -> Response {
        let mut replaced = match effect {
            Effect::Answer(answer) => canned(answer),
            Effect::Errcode(errcode) => {
                self.fail(ApiError::documented(errcode).unwrap_or(ApiError::BUSY))
            }
            Effect::Html(code) => {
                let page = "<html><body><h1>模拟故障 · a simulated fault</h1></body></html>";
                (status(code), Html(page)).into_response()
            }
            Effect::Reset => broken_connection(),
            Effect::DelayMs(milliseconds) => {
                let response = self.run().await;
                sleep(Duration::from_millis(milliseconds)).await;
                return response;
            }
            other => return corrupt::corrupt(other, self.run().await).await,
        };
        replaced.extensions_mut().insert(Injected);
        replaced
    }
}

/// A response, byte for byte.
fn canned(answer: Answer) -> Response {
    let content_type = HeaderValue::try_from(answer.content_type);
    let mut response = (status(answer.status), answer.body).into_response();
    if let Ok(content_type) = content_type {
        response.headers_mut().insert(CONTENT_TYPE, content_type);
    }
    response
}

fn status(code: u16) -> StatusCode {
    StatusCode::from_u16(code).unwrap_or(StatusCode::BAD_GATEWAY)
}
