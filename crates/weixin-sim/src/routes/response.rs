//! Responses that several pages share.

use askama::Template;
use axum::{
    http::{
        HeaderMap, StatusCode,
        header::{
            CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderValue, LOCATION, X_CONTENT_TYPE_OPTIONS,
            X_FRAME_OPTIONS,
        },
    },
    response::{Html, IntoResponse, Response},
};

use super::{faults::Struck, request::page_origin};
use crate::{state::SimState, world::Login};

/// Maximum number of waiting logins on a page.
const MAX_LOGINS: usize = 50;

/// Number in the timeline of the login that a login page began, for the linter.
#[derive(Clone, Copy, Debug)]
pub(super) struct LoginNumber(pub(super) u64);

/// WeChat's text on the page that refuses a login URL, for the log.
#[derive(Clone, Copy, Debug)]
pub(super) struct Refusal(pub(super) &'static str);

/// Marks the page with which a login began, and the fault that it has.
pub(super) fn of_login(login: &Login, mut response: Response) -> Response {
    response.extensions_mut().insert(LoginNumber(login.trace));
    if let Some(effect) = &login.fault {
        response.extensions_mut().insert(Struck::by(effect));
    }
    response
}

/// Rejects a form of the phone, with the field and the rule.
pub(super) fn bad_request(text: &str) -> Response {
    (StatusCode::BAD_REQUEST, format!("{text}\n")).into_response()
}

/// Renders the page that refuses a login URL.
pub(super) fn refused(template: &impl Template, text: &'static str) -> Response {
    let mut response = page(template);
    response.extensions_mut().insert(Refusal(text));
    response
}

/// Renders a page, always with status 200 as WeChat does.
pub(super) fn page(template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => Html(html).into_response(),
        Err(error) => error.to_string().into_response(),
    }
}

/// Renders a part of a page.
pub(super) fn text(template: &impl Template) -> String {
    template.render().unwrap_or_else(|error| error.to_string())
}

/// The last logins. More are of no use on a page.
pub(super) fn newest(mut logins: Vec<Login>) -> Vec<Login> {
    logins.split_off(logins.len().saturating_sub(MAX_LOGINS))
}

/// Redirects the browser (302), as WeChat does.
pub(super) fn redirect(url: String) -> Response {
    HeaderValue::try_from(url).map_or_else(
        |_| StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        |location| (StatusCode::FOUND, [(LOCATION, location)]).into_response(),
    )
}

/// Redirects the browser to the callback, or to the page that calls it twice.
pub(super) fn redirect_to_site(
    sim: &SimState,
    headers: &HeaderMap,
    login: &Login,
    callback: String,
) -> Response {
    let origin = page_origin(sim, headers);
    redirect(login.twice_url(&origin).unwrap_or(callback))
}

/// Keeps the simulator's own pages out of the frames of sites, whose users could be made to click on them.
pub(super) async fn only_here(mut response: Response) -> Response {
    for (name, value) in [
        (CONTENT_SECURITY_POLICY, "frame-ancestors 'self'"),
        (X_FRAME_OPTIONS, "SAMEORIGIN"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        let value = HeaderValue::from_static(value);
        response.headers_mut().insert(name, value);
    }
    response
}

/// Forbids caching. For pages only: WeChat's API sends no such header.
pub(super) async fn no_store(mut response: Response) -> Response {
    response
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
