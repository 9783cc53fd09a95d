//! One line of the log for each request, without its query: codes and tokens are in there.

use std::time::Instant;

use axum::{extract::Request, middleware::Next, response::Response};

pub(super) async fn log(request: Request, next: Next) -> Response {
    let start = Instant::now();
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let response = next.run(request).await;
    let status = response.status().as_u16();
    let milliseconds = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
    tracing::info!(%method, path, status, milliseconds, "request");
    response
}
