//! Headers and responses of the crate `http`, as Python's frameworks have them.

use http::{HeaderMap, HeaderName, HeaderValue};
use pyo3::prelude::*;

/// A response for any framework.
#[pyclass(frozen, get_all, module = "weixin_login")]
#[derive(Clone)]
pub(crate) struct Response {
    /// The HTTP status.
    status: u16,
    /// The headers; ``set-cookie`` may come several times.
    headers: Vec<(String, String)>,
    /// The body.
    body: String,
}

impl From<http::Response<String>> for Response {
    fn from(response: http::Response<String>) -> Self {
        let (parts, body) = response.into_parts();
        Self {
            status: parts.status.as_u16(),
            headers: header_list(&parts.headers),
            body,
        }
    }
}

/// Headers in order, as pairs.
pub(crate) fn header_list(headers: &HeaderMap) -> Vec<(String, String)> {
    let pair = |(name, value): (&HeaderName, &HeaderValue)| {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        (name.as_str().to_owned(), value)
    };
    headers.iter().map(pair).collect()
}

/// The headers of a request. What is no header is left out, as no rule reads it.
pub(crate) fn header_map(pairs: Vec<(String, String)>) -> HeaderMap {
    let pair = |(name, value): (String, String)| {
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        // WSGI and ASGI pass bytes as Latin-1.
        let bytes: Option<Vec<u8>> = value.chars().map(|c| u8::try_from(c).ok()).collect();
        Some((name, HeaderValue::from_bytes(&bytes?).ok()?))
    };
    let mut headers = HeaderMap::new();
    for (name, value) in pairs.into_iter().filter_map(pair) {
        // More than 32768 do not fit; no browser sends so many.
        if headers.try_append(name, value).is_err() {
            break;
        }
    }
    headers
}
