//! The values of the two cookies of the demo.

use axum::http::{HeaderMap, header};

/// The value of a cookie. The values are short words that need no decoding.
pub(crate) fn value<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let pairs = headers
        .get_all(header::COOKIE)
        .into_iter()
        .filter_map(|header| header.to_str().ok());
    let mut pairs = pairs
        .flat_map(|header| header.split(';'))
        .filter_map(|pair| pair.split_once('='));
    pairs
        .find(|(known, _)| known.trim() == name)
        .map(|(_, value)| value.trim())
}
