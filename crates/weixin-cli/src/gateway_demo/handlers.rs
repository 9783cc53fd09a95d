//! The handlers, one for each path.

use axum::{
    extract::{Query, RawQuery, Request, State},
    http::{
        HeaderMap, HeaderValue,
        header::{COOKIE, HOST, SET_COOKIE},
    },
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use weixin_axum::Browser;

use super::{
    callback::Finished, login::Attempt, pages, refusal, relying_party::RelyingParty,
    response::ResponseParams, site::Site, visits::Shown, wechat,
};
use crate::demo::request::{LANGUAGE_COOKIE, language_of};

#[derive(Deserialize)]
pub(super) struct Choice {
    lang: Option<String>,
}

pub(super) async fn home(
    State(site): State<Site>,
    browser: Browser,
    Query(choice): Query<Choice>,
    headers: HeaderMap,
) -> Response {
    if let Some(language) = choice.lang {
        let tag = language_of(&language).tag();
        let cookie =
            format!("{LANGUAGE_COOKIE}={tag}; Path=/; HttpOnly; SameSite=Lax; Max-Age=31536000");
        return ([(SET_COOKIE, cookie)], Redirect::to("/")).into_response();
    }
    let shown = site.0.visits.shown(&headers);
    pages::home(browser.language, &shown, &site)
}

/// Prepares a login, and shows what is about to be sent.
pub(super) async fn start(
    State(site): State<Site>,
    RawQuery(query): RawQuery,
    browser: Browser,
    headers: HeaderMap,
) -> Response {
    let attempt = refusal::value(&query.unwrap_or_default(), "try");
    let attempt = attempt.and_then(|text| text.parse().ok());
    let attempt = attempt.unwrap_or(Attempt::Usual);
    let site = &site.0;
    match site.client.begin(attempt, site.sim.request_count()).await {
        Ok(pending) => {
            let cookie = site.visits.begin(&headers, pending);
            let cookie = cookie.map(|cookie| [(SET_COOKIE, cookie)]);
            (cookie, Redirect::to("/")).into_response()
        }
        Err(steps) => {
            let finished = Finished {
                steps,
                claims: None,
                is_by_session: false,
                error: None,
            };
            let shown = Shown::Finished(Box::new(finished));
            pages::home(browser.language, &shown, &Site(site.clone()))
        }
    }
}

/// The client's redirect URI. The page that follows has no code in its URL.
pub(super) async fn callback(
    State(site): State<Site>,
    RawQuery(query): RawQuery,
    browser: Browser,
    headers: HeaderMap,
) -> Response {
    let params = ResponseParams::parse(&query.unwrap_or_default());
    let state = params.get("state").unwrap_or_default();
    let shared = &site.0;
    let Some(pending) = shared.visits.take(&headers, state) else {
        let finished = RelyingParty::unexpected(&params);
        let shown = Shown::Finished(Box::new(finished));
        return pages::home(browser.language, &shown, &site);
    };
    let (wechat, is_by_session) = wechat::step(&pending, &shared.sim);
    let finished = shared
        .client
        .finish(pending, &params, wechat, is_by_session);
    shared.visits.finish(&headers, finished.await);
    Redirect::to("/").into_response()
}

/// Begins as another browser: without the client's visit and the gateway's session.
pub(super) async fn forget(State(site): State<Site>, headers: HeaderMap) -> Response {
    site.0.visits.forget(&headers);
    let cookies = headers.get_all(COOKIE).into_iter();
    let cookies = cookies.filter_map(|header| header.to_str().ok());
    let names = cookies.flat_map(|header| header.split(';'));
    let names = names.filter_map(|pair| pair.trim().split_once('='));
    let mut response = Redirect::to("/").into_response();
    for (name, _) in names.filter(|(name, _)| name.starts_with("gateway-")) {
        let removed = format!("{name}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0");
        if let Ok(removed) = HeaderValue::try_from(removed) {
            response.headers_mut().append(SET_COOKIE, removed);
        }
    }
    response
}

/// Sends a browser to the host of the issuer, to which its cookies belong.
pub(super) async fn at_issuer(State(site): State<Site>, request: Request, next: Next) -> Response {
    let issuer = &site.0.client.registration.issuer;
    let host = request.headers().get(HOST);
    let host = host.and_then(|host| host.to_str().ok()).unwrap_or_default();
    if issuer.ends_with(&format!("//{host}")) {
        return next.run(request).await;
    }
    let path = request.uri().path_and_query();
    let path = path.map_or("/", |path| path.as_str());
    Redirect::to(&format!("{issuer}{path}")).into_response()
}
