//! One line of the log for each request: its route, without what a visitor has written into path and query. All lines of a
//! request have its trace ID and, if it belongs to a login, the login's reference. Of an address that opens many error pages
//! or sends many requests that are turned away, some requests are left out, as the lines about these are.

use std::time::Instant;

use axum::{
    extract::{MatchedPath, Request},
    http::{HeaderMap, Method},
    middleware::Next,
    response::Response,
};
use tracing::{Instrument, Span, field::Empty, subscriber::NoSubscriber};

use crate::{audit::Reference, oidc::RequestId, telemetry};

/// A response to a request of which the log says nothing.
#[derive(Clone, Copy, Debug)]
struct NotLogged;

const TRACEPARENT: &str = "traceparent";

pub(super) async fn log(request: Request, next: Next) -> Response {
    let start = Instant::now();
    let method = name_of(request.method());
    let route = request.extensions().get::<MatchedPath>().cloned();
    // Of the highest level, so that the lines of all levels have it.
    let span = tracing::error_span!("request", trace_id = Empty, reference = Empty);
    if let Some(id) = trace_id(request.headers()) {
        span.record("trace_id", id);
    }
    let response = next.run(request).instrument(span.clone()).await;
    let status = response.status().as_u16();
    let took = start.elapsed();
    let milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    let route = route.as_ref().map(MatchedPath::as_str);
    telemetry::request(route.unwrap_or("other"), status, took);
    if response.extensions().get::<NotLogged>().is_some() {
        return response;
    }
    let _entered = span.entered();
    tracing::info!(method, route, status, milliseconds, "request");
    response
}

/// A known method. Whatever else is sent, up to the length of a whole header, is no text for the log.
fn name_of(method: &Method) -> &'static str {
    const KNOWN: [&str; 9] = [
        "CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE",
    ];
    let known = KNOWN.into_iter().find(|it| *it == method.as_str());
    known.unwrap_or("other")
}

/// Responds without a line of the log, neither now nor for the request.
pub(super) fn without_lines(respond: impl FnOnce() -> Response) -> Response {
    let mut response = tracing::subscriber::with_default(NoSubscriber::new(), respond);
    response.extensions_mut().insert(NotLogged);
    response
}

/// The request that is served now belongs to the login of this authorization request.
pub(super) fn belongs_to(id: RequestId) {
    refers_to(Reference::of(id));
}

/// The page that responds to the request that is served now shows this reference.
pub(super) fn refers_to(reference: Reference) {
    Span::current().record("reference", tracing::field::display(reference));
}

/// The trace of a proxy or client (W3C Trace Context, level 1): `00-TRACE-PARENT-FLAGS`. Whatever else is sent is no text for
/// the log.
fn trace_id(headers: &HeaderMap) -> Option<&str> {
    let text = headers.get(TRACEPARENT)?.to_str().ok()?;
    let mut parts = text.split('-');
    let (version, trace, parent, flags) =
        (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let has_rest = parts.next().is_some();
    let is_hex = |text: &str, length| {
        text.len() == length
            && text
                .bytes()
                .all(|it| matches!(it, b'0'..=b'9' | b'a'..=b'f'))
    };
    let is_valid = is_hex(version, 2)
        && is_hex(trace, 32)
        && is_hex(parent, 16)
        && is_hex(flags, 2)
        && version != "ff"
        && !(version == "00" && has_rest)
        && [trace, parent]
            .iter()
            .all(|id| id.bytes().any(|it| it != b'0'));
    is_valid.then_some(trace)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn only_a_trace_id_of_the_specification_is_taken_over() {
        const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
        const PARENT: &str = "00f067aa0ba902b7";
        let zero = "0".repeat(32);
        for (text, expected) in [
            (format!("00-{TRACE}-{PARENT}-01"), Some(TRACE)),
            (format!("cc-{TRACE}-{PARENT}-01-what-comes"), Some(TRACE)),
            (format!("00-{TRACE}-{PARENT}-01-more"), None),
            (format!("ff-{TRACE}-{PARENT}-01"), None),
            (format!("00-{zero}-{PARENT}-01"), None),
            (format!("00-{TRACE}-{}-01", "0".repeat(16)), None),
            (format!("00-{}-{PARENT}-01", TRACE.to_uppercase()), None),
            (format!("00-{TRACE}x-{PARENT}-01"), None),
            (format!("00-{TRACE}-{PARENT}"), None),
            ("wxc_a-code".to_owned(), None),
            (String::new(), None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(TRACEPARENT, HeaderValue::try_from(&text).unwrap());
            assert_eq!(trace_id(&headers), expected, "{text}");
        }
        assert_eq!(trace_id(&HeaderMap::new()), None);
    }
}
