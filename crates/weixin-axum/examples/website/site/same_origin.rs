//! Requests that change something come from this site's own pages.
//!
//! `SameSite=Lax` keeps the session's cookie out of other sites' forms. It does not keep them from logging a visitor in
//! to the attacker's account, and a sub-domain is the same site. So every request but GET and HEAD is checked here, once,
//! before its session is read.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, Method, header::ORIGIN},
    middleware::Next,
    response::Response,
};

use super::{Site, pages};

const SEC_FETCH_SITE: &str = "sec-fetch-site";

pub(crate) async fn check(State(site): State<Site>, request: Request, next: Next) -> Response {
    // The callback is a GET that logs in: its state, bound to the browser, is checked by `weixin-axum`.
    let changes_nothing = matches!(*request.method(), Method::GET | Method::HEAD);
    if changes_nothing || is_from_here(request.headers(), &site.origin) {
        next.run(request).await
    } else {
        pages::cross_site()
    }
}

/// Browsers since 2023 send `Sec-Fetch-Site`; `none` is the user's own doing, such as a reload. Older ones send `Origin`
/// with every POST. A request with neither is refused: it is not from a browser that could be asked where it comes from,
/// and a program can send the header.
fn is_from_here(headers: &HeaderMap, origin: &str) -> bool {
    match headers.get(SEC_FETCH_SITE) {
        Some(site) => site == "same-origin" || site == "none",
        None => headers.get(ORIGIN).is_some_and(|from| from == origin),
    }
}
