//! The handlers, one for each path.

use axum::{
    body::Body,
    extract::{Query, State},
    http::{
        HeaderMap, StatusCode,
        header::{HOST, SET_COOKIE},
    },
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use weixin::{Bilingual, tokens::TokenStatus};
use weixin_axum::{Browser, EndLogin, Login, LoginError, StartLogin, WebLogin, pages::PageText};

use super::{
    pages,
    request::{self, LANGUAGE_COOKIE},
    sessions::{Notice, Session},
    state::Site,
};

pub(super) async fn home(
    State(site): State<Site>,
    browser: Browser,
    headers: HeaderMap,
) -> Response {
    match site.sessions.find(&headers) {
        None => pages::welcome(browser.language, &site.simulator),
        Some(session) => {
            site.sessions
                .change(&headers, |session| session.notice = None);
            pages::profile(browser.language, &session, &site.simulator)
        }
    }
}

/// Starts a login on the host of the callback, to which the cookies belong.
pub(super) async fn login(
    State(site): State<Site>,
    headers: HeaderMap,
    start: StartLogin,
) -> Response {
    let host = headers
        .get(HOST)
        .and_then(|host| host.to_str().ok())
        .unwrap_or_default();
    if !site.origin.ends_with(&format!("//{host}")) {
        return Redirect::to(&format!("{}/login", site.origin)).into_response();
    }
    start.into_response()
}

pub(super) async fn callback(
    State(site): State<Site>,
    headers: HeaderMap,
    login: Login,
) -> Result<impl IntoResponse, LoginError> {
    let user = login.user().await?;
    let session = Session::new(login.token(), user)?;
    site.sessions.remove(&headers);
    let cookie = site.sessions.add(session)?;
    Ok(([(SET_COOKIE, cookie)], Redirect::to("/")))
}

pub(super) async fn refresh(
    State(site): State<Site>,
    headers: HeaderMap,
) -> Result<Redirect, LoginError> {
    if let Some(session) = site.sessions.find(&headers) {
        let refreshed = site.website.refresh(&session.token.refresh_token).await?;
        site.sessions
            .change(&headers, |session| session.replace_token(refreshed));
    }
    Ok(Redirect::to("/"))
}

pub(super) async fn check(
    State(site): State<Site>,
    headers: HeaderMap,
) -> Result<Redirect, LoginError> {
    if let Some(session) = site.sessions.find(&headers) {
        let notice = match site.website.check(&session.token).await? {
            TokenStatus::Invalid(error) => {
                Notice::Invalid(format!("{} {}", error.code, error.message))
            }
            _ => Notice::Valid,
        };
        site.sessions
            .change(&headers, |session| session.notice = Some(notice));
    }
    Ok(Redirect::to("/"))
}

pub(super) async fn logout(
    State(site): State<Site>,
    headers: HeaderMap,
    _: EndLogin,
) -> impl IntoResponse {
    let removed = site.sessions.remove(&headers);
    ([(SET_COOKIE, removed)], Redirect::to("/"))
}

#[derive(Deserialize)]
pub(super) struct Choice {
    to: String,
}

pub(super) async fn language(Query(choice): Query<Choice>) -> impl IntoResponse {
    let tag = request::language_of(&choice.to).tag();
    let cookie =
        format!("{LANGUAGE_COOKIE}={tag}; Path=/; HttpOnly; SameSite=Lax; Max-Age=31536000");
    ([(SET_COOKIE, cookie)], Redirect::to("/"))
}

pub(super) async fn not_found(login: WebLogin, browser: Browser) -> Response {
    let title = Bilingual {
        en: "Page not found",
        zh: "页面不存在",
    };
    let text = Bilingual {
        en: "Go back to the home page.",
        zh: "请返回首页。",
    };
    let language = browser.language;
    let page = PageText::new(language, title.pick(language), text.pick(language));
    login.page(StatusCode::NOT_FOUND, &page).map(Body::from)
}
