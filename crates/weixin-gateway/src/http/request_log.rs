//! One line of the log for each request: its route, without what a visitor has written into path and query.

use std::time::Instant;

use axum::{
    extract::{MatchedPath, Request},
    middleware::Next,
    response::Response,
};

use crate::telemetry;

pub(super) async fn log(request: Request, next: Next) -> Response {
    let start = Instant::now();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let response = next.run(request).await;
    let status = response.status().as_u16();
    let took = start.elapsed();
    let milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    let route = route.as_ref().map(MatchedPath::as_str);
    telemetry::request(route.unwrap_or("other"), status, took);
    tracing::info!(%method, route, status, milliseconds, "request");
    response
}
