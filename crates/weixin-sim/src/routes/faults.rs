//! Lets things go wrong on demand, in front of the API, and takes the demands.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    Json,
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    http::{
        HeaderValue, StatusCode,
        header::{CONTENT_LENGTH, CONTENT_TYPE},
    },
    middleware::Next,
    response::{Html, IntoResponse, Response},
};
use http_body::Frame;
use serde_json::{Value, json};

use super::{
    bad_request::{BadRequest, read},
    checks::answer,
};
use crate::{Effect, Fault, refusal::Refusal, sim::Shared, wire::Family};

/// Longest answer of ours.
const MAX_ANSWER: usize = 64 * 1024;
/// Longest delay that can be asked for, in milliseconds: a minute.
const MAX_DELAY: u64 = 60_000;

/// Wraps every path of WeChat's; pages stay as they are.
pub(super) async fn inject(
    State(sim): State<Arc<Shared>>,
    request: Request,
    next: Next,
) -> Response {
    let Some(family) = Family::of(request.uri().path()) else {
        return next.run(request).await;
    };
    let effect = {
        let world = &mut *sim.world();
        world.faults.strike(request.uri().path(), &mut world.random)
    };
    match effect {
        None => next.run(request).await,
        Some(Effect::ContentType(content_type)) => {
            let mut response = next.run(request).await;
            if let Ok(value) = HeaderValue::try_from(content_type) {
                response.headers_mut().insert(CONTENT_TYPE, value);
            }
            response
        }
        Some(Effect::Cut) => cut(next.run(request).await).await,
        Some(Effect::DelayMs(milliseconds)) => {
            tokio::time::sleep(Duration::from_millis(milliseconds)).await;
            next.run(request).await
        }
        Some(Effect::Errcode(errcode)) => answer(
            &sim,
            family,
            Err::<(), _>(Refusal::documented(errcode).unwrap_or(Refusal::BUSY)),
        ),
        Some(Effect::Html(status)) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
            (
                status,
                Html("<html><body><h1>模拟的故障 · a simulated fault</h1></body></html>"),
            )
                .into_response()
        }
        Some(Effect::Reset) => broken(),
        Some(Effect::ResetAfter) => {
            next.run(request).await;
            broken()
        }
    }
}

async fn cut(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let bytes = to_bytes(body, MAX_ANSWER).await.unwrap_or_default();
    parts.headers.remove(CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(bytes.slice(..bytes.len() / 2)))
}

/// An answer that promises a body and breaks the connection in its place.
fn broken() -> Response {
    struct Broken;

    impl http_body::Body for Broken {
        type Data = Bytes;
        type Error = io::Error;

        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
            Poll::Ready(Some(Err(io::Error::other("a simulated fault"))))
        }
    }

    let mut response = Response::new(Body::new(Broken));
    response
        .headers_mut()
        .insert(CONTENT_LENGTH, HeaderValue::from_static("100"));
    response
}

/// `POST /_sim/api/faults`
pub(super) async fn add(
    State(sim): State<Arc<Shared>>,
    body: Bytes,
) -> Result<Json<Value>, BadRequest> {
    let fault: Fault = read(&body)?;
    check(&fault).map_err(|rule| BadRequest::new("effect", rule))?;
    if !fault.has_a_percentage() {
        return Err(BadRequest::new("percent", "expected 0 to 100"));
    }
    sim.world().faults.add(fault);
    Ok(list(State(sim)).await)
}

fn check(fault: &Fault) -> Result<(), String> {
    match fault.effect() {
        Effect::Errcode(errcode) if Refusal::documented(*errcode).is_none() => {
            Err("expected an errcode of WeChat's documentation, such as -1 or 45011".to_owned())
        }
        Effect::DelayMs(milliseconds) if *milliseconds > MAX_DELAY => Err(format!(
            "expected a delay of {MAX_DELAY} milliseconds at the most"
        )),
        Effect::Html(status) if !(200..600).contains(status) => {
            Err("expected an HTTP status from 200 to 599".to_owned())
        }
        Effect::ContentType(value) if HeaderValue::try_from(value).is_err() => {
            Err("expected a content type, such as application/json".to_owned())
        }
        _ => Ok(()),
    }
}

/// `GET /_sim/api/faults`: what is still to go wrong.
pub(super) async fn list(State(sim): State<Arc<Shared>>) -> Json<Value> {
    Json(json!(sim.world().faults.pending()))
}

/// `DELETE /_sim/api/faults`
pub(super) async fn clear(State(sim): State<Arc<Shared>>) -> Json<Value> {
    sim.world().faults = crate::fault::Faults::default();
    Json(json!([]))
}
