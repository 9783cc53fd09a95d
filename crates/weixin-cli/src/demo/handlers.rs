//! One function for each address of the demo.

use std::{sync::Arc, time::Instant};

use axum::{
    extract::{Query, State},
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{ACCEPT_LANGUAGE, HOST, SET_COOKIE, USER_AGENT},
    },
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use weixin::TokenStatus;
use weixin_axum::{LoginError, LoginErrorKind, VerifiedCode};

use super::{
    Site, language, pages, problem,
    sessions::{Notice, Session},
};
use crate::language::Language;

pub(super) async fn home(
    State(site): State<Site>,
    language: Language,
    headers: HeaderMap,
) -> Response {
    match site.sessions.find(&headers) {
        None => pages::welcome(language),
        Some(session) => {
            site.sessions
                .change(&headers, |session| session.notice = None);
            pages::profile(language, &session)
        }
    }
}

/// Cookies belong to a host, so the login starts at the one that WeChat calls back.
pub(super) async fn login(
    State(site): State<Site>,
    language: Language,
    mut headers: HeaderMap,
) -> Response {
    let host = headers
        .get(HOST)
        .and_then(|host| host.to_str().ok())
        .unwrap_or_default();
    if !site.origin.ends_with(&format!("//{host}")) {
        return Redirect::to(&format!("{}/login", site.origin)).into_response();
    }
    // Whatever the device: the phone of the demo is a page as well.
    headers.remove(USER_AGENT);
    headers.insert(ACCEPT_LANGUAGE, HeaderValue::from_static(language.tag()));
    let started = site.login.start(&headers);
    started.map_or_else(
        |error| problem::failed(error, language),
        IntoResponse::into_response,
    )
}

pub(super) async fn callback(
    State(site): State<Site>,
    language: Language,
    headers: HeaderMap,
    code: Result<VerifiedCode, LoginError>,
) -> Response {
    let code = match code {
        Ok(code) => code,
        Err(error) => return problem::failed(error, language),
    };
    match complete(&site, &headers, code).await {
        Ok(response) => response,
        Err(error) => problem::failed(error, language),
    }
}

async fn complete(
    site: &Site,
    headers: &HeaderMap,
    code: VerifiedCode,
) -> Result<Response, LoginError> {
    let login = site.login.exchange(code).await?;
    let user = login.user().await?;
    // A refresh brings no union id, so the session keeps the login's.
    let unionid = login
        .token
        .unionid
        .as_ref()
        .or(user.unionid.as_ref())
        .map(ToString::to_string);
    let (token, since) = (login.token, Instant::now());
    site.sessions.remove(headers);
    let cookie = site.sessions.add(Session {
        user,
        token,
        unionid,
        since,
        notice: None,
    })?;
    Ok((login.forget, [(SET_COOKIE, cookie)], Redirect::to("/")).into_response())
}

pub(super) async fn refresh(
    State(site): State<Site>,
    language: Language,
    headers: HeaderMap,
) -> Response {
    let Some(session) = site.sessions.find(&headers) else {
        return Redirect::to("/").into_response();
    };
    match site
        .login
        .client()
        .refresh(&session.token.refresh_token)
        .await
    {
        Err(error) => problem::page(LoginErrorKind::from(&error), language),
        Ok(token) => {
            let same_token = token.access_token.expose() == session.token.access_token.expose();
            site.sessions.change(&headers, |session| {
                session.token = Arc::new(token);
                session.since = Instant::now();
                session.notice = Some(Notice::Refreshed { same_token });
            });
            Redirect::to("/").into_response()
        }
    }
}

pub(super) async fn check(
    State(site): State<Site>,
    language: Language,
    headers: HeaderMap,
) -> Response {
    let Some(session) = site.sessions.find(&headers) else {
        return Redirect::to("/").into_response();
    };
    let notice = match site.login.client().check(&session.token).await {
        Err(error) => return problem::page(LoginErrorKind::from(&error), language),
        Ok(TokenStatus::Invalid(error)) => {
            Notice::NotGood(format!("{} {}", error.code, error.message))
        }
        Ok(_) => Notice::Good,
    };
    site.sessions
        .change(&headers, |session| session.notice = Some(notice));
    Redirect::to("/").into_response()
}

pub(super) async fn logout(State(site): State<Site>, headers: HeaderMap) -> Response {
    let mut ended = site.login.end_login(&headers).await;
    ended.append(SET_COOKIE, site.sessions.remove(&headers));
    (ended, Redirect::to("/")).into_response()
}

#[derive(Deserialize)]
pub(super) struct Choice {
    to: String,
}

pub(super) async fn language(Query(choice): Query<Choice>) -> Response {
    let tag = Language::of_tag(&choice.to).tag();
    let cookie = format!(
        "{}={tag}; Path=/; HttpOnly; SameSite=Lax; Max-Age=31536000",
        language::COOKIE
    );
    (
        StatusCode::SEE_OTHER,
        [(SET_COOKIE, cookie)],
        Redirect::to("/"),
    )
        .into_response()
}

pub(super) async fn not_found(language: Language) -> Response {
    problem::not_found(language)
}
