//! The language of a request: the user's choice, or the browser's preference.

use axum::{
    extract::Request,
    http::{
        HeaderValue,
        header::{ACCEPT_LANGUAGE, USER_AGENT},
    },
};
use weixin::Language;

use super::cookies;

/// The name of the cookie with the user's choice.
pub(crate) const LANGUAGE_COOKIE: &str = "demo-language";

/// Replaces the browser's language by the user's choice, so that all pages have it. Removes `User-Agent`: each device gets
/// the QR page, because the demo's phone is a page as well.
pub(crate) async fn prepare(mut request: Request) -> Request {
    let headers = request.headers_mut();
    headers.remove(USER_AGENT);
    if let Some(tag) = cookies::value(headers, LANGUAGE_COOKIE) {
        let tag = language_of(tag).tag();
        headers.insert(ACCEPT_LANGUAGE, HeaderValue::from_static(tag));
    }
    request
}

pub(crate) fn language_of(tag: &str) -> Language {
    if tag == "en" {
        Language::English
    } else {
        Language::Chinese
    }
}
