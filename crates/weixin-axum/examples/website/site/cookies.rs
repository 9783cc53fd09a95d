//! The session's cookie, kept from those who can plant cookies: a sub-domain, or a network without TLS.

use axum::{
    extract::Request,
    http::{
        HeaderValue,
        header::{COOKIE, SET_COOKIE},
    },
    response::Response,
};

/// Browsers take a cookie with the prefix `__Host-` only from this host, over HTTPS.
pub(crate) fn session_name(is_https: bool) -> &'static str {
    if is_https {
        "__Host-session"
    } else {
        "session"
    }
}

/// Lets browsers remove the session's cookie: tower-sessions removes it without `Secure`, and one with the prefix
/// `__Host-` is not touched by that.
pub(crate) async fn remove_securely(mut response: Response) -> Response {
    for (name, value) in response.headers_mut() {
        if name == SET_COOKIE && value.as_bytes().starts_with(b"__Host-session=;") {
            *value =
                HeaderValue::from_static("__Host-session=; Max-Age=0; Path=/; Secure; HttpOnly");
        }
    }
    response
}

/// Removes cookies whose name is percent-encoded, and those that are not ASCII.
///
/// tower-sessions decodes names: to it, a sub-domain's `%5F%5FHost-session` is `__Host-session`. And one cookie that is not
/// UTF-8, such as an old page's in GBK, would hide all others from it.
pub(crate) async fn plain_cookies(mut request: Request) -> Request {
    let headers = request.headers_mut();
    let plain: Vec<_> = headers
        .get_all(COOKIE)
        .iter()
        .flat_map(|header| header.as_bytes().split(|byte| *byte == b';'))
        .map(<[u8]>::trim_ascii)
        .filter(|cookie| is_plain(cookie))
        .collect();
    let plain = HeaderValue::from_bytes(&plain.join(&b"; "[..]));
    headers.remove(COOKIE);
    if let Ok(plain) = plain {
        headers.insert(COOKIE, plain);
    }
    request
}

fn is_plain(cookie: &[u8]) -> bool {
    let mut name = cookie
        .split(|byte| *byte == b'=')
        .next()
        .unwrap_or_default()
        .iter();
    cookie.is_ascii() && !name.any(|byte| *byte == b'%')
}
