//! The response to the client as a form that the browser posts (OAuth 2.0 Form Post Response Mode).

use askama::Template;
use axum::{
    http::{HeaderValue, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use weixin::Language;
use weixin_axum::pages::{FormAction, Nonce, page_headers};

use super::texts;

#[derive(Template)]
#[template(path = "form_post.html")]
struct FormPost<'a> {
    language: &'a str,
    title: &'a str,
    label: &'a str,
    nonce: &'a str,
    action: &'a str,
    fields: &'a [(&'static str, String)],
}

/// A page that posts the fields by itself, or by a button where scripts are off.
pub(super) fn page(
    language: Language,
    action: &str,
    fields: &[(&'static str, String)],
) -> Response {
    let nonce = Nonce::random();
    let page = FormPost {
        language: language.tag(),
        title: texts::LOGGING_IN.pick(language),
        label: texts::CONTINUE.pick(language),
        nonce: nonce.as_str(),
        action,
        fields,
    };
    // Browsers apply `form-action` to each redirect that follows, so also to the client's own.
    let mut headers = page_headers(&nonce, FormAction::Unrestricted);
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    headers.insert(CONTENT_TYPE, html);
    // The template cannot fail.
    (headers, page.render().unwrap_or_default()).into_response()
}
