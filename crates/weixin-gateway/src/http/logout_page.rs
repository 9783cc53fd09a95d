//! The page that asks whether to log out.

use askama::Template;
use axum::{
    http::{HeaderValue, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use weixin::Language;
use weixin_axum::pages::{FormAction, Nonce, page_headers};

use super::texts;

#[derive(Template)]
#[template(path = "logout.html")]
struct LogoutPage<'a> {
    language: &'a str,
    title: &'a str,
    message: &'a str,
    label: &'a str,
    nonce: &'a str,
    fields: &'a [(&'static str, &'a str)],
}

/// A page whose button posts these fields to the endpoint that it is at.
pub(super) fn page(language: Language, fields: &[(&'static str, &str)]) -> Response {
    let nonce = Nonce::random();
    let page = LogoutPage {
        language: language.tag(),
        title: texts::LOG_OUT.title.pick(language),
        message: texts::LOG_OUT.message.pick(language),
        label: texts::LOG_OUT_BUTTON.pick(language),
        nonce: nonce.as_str(),
        fields,
    };
    // Browsers apply `form-action` to each redirect that follows, so also to the client's own.
    let mut headers = page_headers(&nonce, FormAction::Unrestricted);
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    headers.insert(CONTENT_TYPE, html);
    // The template cannot fail.
    (headers, page.render().unwrap_or_default()).into_response()
}
