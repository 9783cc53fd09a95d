//! The ways in which a login ends without a user, as pages of this site.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use weixin::Bilingual;
use weixin_axum::{LoginError, LoginErrorKind};

use super::pages;
use crate::language::Language;

/// The page of a failed login: its texts are the login's, its look is the site's.
pub(super) fn page(kind: LoginErrorKind, language: Language) -> Response {
    let pick = |text: Bilingual| language.say(text.zh, text.en);
    let page = pages::problem(language, pick(kind.title()), pick(kind.message()));
    (kind.status(), page).into_response()
}

/// A login that ended without a user; what redirects or continues by itself does so.
pub(super) fn failed(error: LoginError, language: Language) -> Response {
    if !error.is_page() {
        return error.into_response();
    }
    let page = page(error.kind(), language);
    (error.into_headers(), page).into_response()
}

pub(super) fn not_found(language: Language) -> Response {
    let title = language.say("没有这个页面", "There is no such page");
    let text = language.say("请返回首页。", "Please go back to the start.");
    (StatusCode::NOT_FOUND, pages::problem(language, title, text)).into_response()
}
