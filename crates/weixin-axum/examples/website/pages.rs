//! What people see.

use askama::Template;
use axum::{
    http::{StatusCode, header::CONTENT_TYPE},
    response::{Html, IntoResponse, Response},
};

use crate::accounts::Account;

#[derive(Template)]
#[template(path = "../examples/website/welcome.html")]
struct Welcome<'a> {
    notice: &'a str,
}

#[derive(Template)]
#[template(path = "../examples/website/profile.html")]
struct Profile<'a> {
    account: &'a Account,
}

#[derive(Template)]
#[template(path = "../examples/website/unclear.html")]
struct Unclear;

fn page(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => (status, Html(html)).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// The start, with what went wrong if something did.
pub(crate) fn welcome(notice: &str) -> Response {
    let status = if notice.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::BAD_REQUEST
    };
    page(status, &Welcome { notice })
}

pub(crate) fn profile(account: &Account) -> Response {
    page(StatusCode::OK, &Profile { account })
}

/// Two accounts claim one WeChat user.
pub(crate) fn unclear() -> Response {
    page(StatusCode::CONFLICT, &Unclear)
}

pub(crate) async fn style() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/css")], include_str!("style.css"))
}
