//! The pages, as templates.

use askama::Template;
use axum::{
    http::{StatusCode, header::CONTENT_TYPE},
    response::{Html, IntoResponse, Response},
};
use weixin::Language;
use weixin_axum::pages::PageText;

use super::sessions::{Notice, Session};
use crate::lang::Pick;

#[derive(Template)]
#[template(path = "welcome.html")]
struct Welcome<'a> {
    language: Language,
    /// The origin of the simulator.
    simulator: &'a str,
}

#[derive(Template)]
#[template(path = "profile.html")]
struct Profile<'a> {
    language: Language,
    /// The origin of the simulator.
    simulator: &'a str,
    session: &'a Session,
}

impl Profile<'_> {
    /// The nickname, or a text for an empty one.
    fn name(&self) -> &str {
        match self.session.user.nickname.as_str() {
            "" => self.language.pick("（无昵称）", "(no nickname)"),
            name => name,
        }
    }
}

#[derive(Template)]
#[template(path = "message.html")]
struct Message<'a> {
    language: Language,
    page: &'a PageText,
}

pub(super) fn welcome(language: Language, simulator: &str) -> Response {
    response(&Welcome {
        language,
        simulator,
    })
}

pub(super) fn profile(language: Language, session: &Session, simulator: &str) -> Response {
    response(&Profile {
        language,
        simulator,
        session,
    })
}

/// Renders the pages of failed logins.
pub(super) fn message(page: &PageText) -> String {
    let language = page.language;
    // The template itself cannot fail, and writing to a string does not either.
    Message { language, page }.render().unwrap_or_default()
}

pub(super) async fn style() -> Response {
    (
        [(CONTENT_TYPE, "text/css; charset=utf-8")],
        include_str!("../../templates/style.css"),
    )
        .into_response()
}

fn response(template: &impl Template) -> Response {
    template.render().map_or_else(
        |_| StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        |html| Html(html).into_response(),
    )
}
