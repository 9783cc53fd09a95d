//! One function for each address of the demo.

use std::{sync::Arc, time::Instant};

use axum::{
    extract::{Query, State},
    http::{
        HeaderMap, StatusCode,
        header::{HOST, SET_COOKIE},
    },
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use weixin::{PageLang, TokenStatus};
use weixin_axum::{CallbackRejection, LoginError, VerifiedCode};

use super::{
    Site, language, pages,
    problem::{Problem, rejected},
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
    headers: HeaderMap,
) -> Response {
    let host = headers
        .get(HOST)
        .and_then(|host| host.to_str().ok())
        .unwrap_or_default();
    if !site.origin.ends_with(&format!("//{host}")) {
        return Redirect::to(&format!("{}/login", site.origin)).into_response();
    }
    let started = match language {
        Language::Chinese => site.login.start(),
        Language::English => site.login.start_in(PageLang::En),
    };
    started.map_or_else(
        |error| Problem::from(error).page(language),
        IntoResponse::into_response,
    )
}

pub(super) async fn callback(
    State(site): State<Site>,
    language: Language,
    headers: HeaderMap,
    code: Result<VerifiedCode, CallbackRejection>,
) -> Response {
    let code = match code {
        Ok(code) => code,
        Err(rejection) => return rejected(rejection, language),
    };
    match complete(&site, &headers, code).await {
        Ok(response) => response,
        Err(error) => Problem::from(error).page(language),
    }
}

async fn complete(
    site: &Site,
    headers: &HeaderMap,
    code: VerifiedCode,
) -> Result<Response, LoginError> {
    let login = site.login.exchange(code).await?;
    let user = site.login.client().user(&login.token).await?;
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
        Err(error) => Problem::from(&error).page(language),
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
        Err(error) => return Problem::from(&error).page(language),
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
    (
        [(SET_COOKIE, site.sessions.remove(&headers))],
        Redirect::to("/"),
    )
        .into_response()
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
    Problem::NotFound.page(language)
}
