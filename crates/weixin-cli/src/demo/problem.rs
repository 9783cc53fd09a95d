//! The ways in which a login ends without a user, as pages of this site.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use weixin_axum::{LoginError, Problem};

use super::pages;
use crate::language::Language;

/// The page of a problem: its texts are the login's, its look is the site's.
pub(super) fn page(problem: Problem, language: Language) -> Response {
    let (title, text) = (
        problem.title(language.into()),
        problem.text(language.into()),
    );
    (problem.status(), pages::problem(language, title, text)).into_response()
}

/// A login that did not come to its end; what goes on by itself goes its way.
pub(super) fn failed(error: LoginError, language: Language) -> Response {
    match error.problem() {
        Problem::StartsAgain | Problem::InFrame => error.into_response(),
        problem => (error.into_headers(), page(problem, language)).into_response(),
    }
}

pub(super) fn not_found(language: Language) -> Response {
    let title = language.say("没有这个页面", "There is no such page");
    let text = language.say("请返回首页。", "Please go back to the start.");
    (StatusCode::NOT_FOUND, pages::problem(language, title, text)).into_response()
}

impl From<Language> for weixin_axum::Language {
    fn from(language: Language) -> Self {
        match language {
            Language::Chinese => Self::Chinese,
            Language::English => Self::English,
        }
    }
}
