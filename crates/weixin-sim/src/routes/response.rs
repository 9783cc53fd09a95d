//! Responses that several pages have in common.

use askama::Template;
use axum::{
    http::{
        StatusCode,
        header::{CACHE_CONTROL, HeaderValue, LOCATION},
    },
    response::{Html, IntoResponse, Response},
};

use crate::{state::SimState, world::Login};

/// A page, always under 200 as WeChat does.
pub(super) fn page(template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => Html(html).into_response(),
        Err(error) => error.to_string().into_response(),
    }
}

/// Sends the browser elsewhere (302), as WeChat does.
pub(super) fn redirect(url: String) -> Response {
    HeaderValue::try_from(url).map_or_else(
        |_| StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        |location| (StatusCode::FOUND, [(LOCATION, location)]).into_response(),
    )
}

/// Sends the browser back to the site; by a page of ours, if it is to come back twice.
pub(super) fn redirect_to_site(sim: &SimState, login: &Login, callback: String) -> Response {
    redirect(login.twice(&sim.origin).unwrap_or(callback))
}

/// No page is worth keeping in a browser's cache. WeChat's API sends no such header.
pub(super) async fn no_store(mut response: Response) -> Response {
    response
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
