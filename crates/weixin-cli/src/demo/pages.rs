//! The pages of the demo, as templates.

use askama::Template;
use axum::{
    http::{StatusCode, header::CONTENT_TYPE},
    response::{Html, IntoResponse, Response},
};

use super::sessions::{Notice, Session};
use crate::language::Language;

#[derive(Template)]
#[template(path = "welcome.html")]
struct Welcome {
    language: Language,
}

#[derive(Template)]
#[template(path = "profile.html")]
struct Profile<'a> {
    language: Language,
    session: &'a Session,
}

impl Profile<'_> {
    /// An empty name is shown as what it is.
    fn name(&self) -> &str {
        match self.session.user.nickname.as_str() {
            "" => self.language.say("（没有昵称）", "(no nickname)"),
            name => name,
        }
    }
}

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage {
    language: Language,
    title: &'static str,
    text: &'static str,
}

pub(super) fn welcome(language: Language) -> Response {
    page(&Welcome { language })
}

pub(super) fn profile(language: Language, session: &Session) -> Response {
    page(&Profile { language, session })
}

pub(super) fn problem(language: Language, title: &'static str, text: &'static str) -> Response {
    page(&ProblemPage {
        language,
        title,
        text,
    })
}

pub(super) async fn style() -> Response {
    (
        [(CONTENT_TYPE, "text/css; charset=utf-8")],
        include_str!("../../templates/style.css"),
    )
        .into_response()
}

fn page(template: &impl Template) -> Response {
    template.render().map_or_else(
        |_| StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        |html| Html(html).into_response(),
    )
}
