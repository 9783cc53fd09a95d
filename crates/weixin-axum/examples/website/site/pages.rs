//! The pages that visitors see, in Chinese and English.

use askama::Template;
use axum::{
    http::{StatusCode, header::CONTENT_TYPE},
    response::{Html, IntoResponse, Response},
};

use super::accounts::Account;

pub(crate) const TOO_MANY_TRIES: &str = "尝试次数过多，请 15 分钟后再试，或使用微信登录 · Too many tries: try again in 15 minutes, or log in with WeChat";

#[derive(Template)]
#[template(path = "../examples/website/pages/welcome.html")]
struct Welcome<'a> {
    notice: &'a str,
}

#[derive(Template)]
#[template(path = "../examples/website/pages/profile.html")]
struct Profile<'a> {
    account: &'a Account,
    notice: &'a str,
}

#[derive(Template)]
#[template(path = "../examples/website/pages/delete.html")]
struct Delete<'a> {
    account: &'a Account,
    is_fresh: bool,
    notice: &'a str,
}

#[derive(Template)]
#[template(path = "../examples/website/pages/message.html")]
struct Message {
    title: &'static str,
    chinese: &'static str,
    english: &'static str,
}

fn page(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => (status, Html(html)).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// The start page, with a notice if there is one.
pub(crate) fn welcome(status: StatusCode, notice: &str) -> Response {
    page(status, &Welcome { notice })
}

pub(crate) fn profile(status: StatusCode, account: &Account, notice: &str) -> Response {
    page(status, &Profile { account, notice })
}

pub(crate) fn delete(
    status: StatusCode,
    account: &Account,
    is_fresh: bool,
    notice: &str,
) -> Response {
    let template = Delete {
        account,
        is_fresh,
        notice,
    };
    page(status, &template)
}

pub(crate) async fn conflict() -> Response {
    let message = Message {
        title: "这个微信属于另一个账号 · This WeChat user belongs to another account",
        chinese: "账号没有变化。请先退出登录，再用那个账号登录；或联系我们合并账号。",
        english: "Nothing was changed. Log out and log in to that account, or ask us to merge the two.",
    };
    page(StatusCode::CONFLICT, &message)
}

pub(crate) async fn not_linked() -> Response {
    let message = Message {
        title: "微信没有绑定 · WeChat was not linked",
        chinese: "这次绑定没有完成、已过期，或登录状态已改变。请登录您的账号，再绑定一次。",
        english: "The link was not completed, has expired, or the account is no longer logged in. Log in to your account and link WeChat again.",
    };
    page(StatusCode::CONFLICT, &message)
}

pub(crate) async fn deleted() -> Response {
    let message = Message {
        title: "账号已注销 · Account deleted",
        chinese: "账号和登录方式均已删除，所有设备已退出登录。",
        english: "The account and its logins are deleted. All devices are logged out.",
    };
    page(StatusCode::OK, &message)
}

pub(crate) fn last_way() -> Response {
    let message = Message {
        title: "不能解绑微信 · WeChat cannot be unlinked",
        chinese: "微信是您登录这个账号的唯一方式。",
        english: "It is the only way to log in to this account.",
    };
    page(StatusCode::CONFLICT, &message)
}

pub(crate) fn cross_site() -> Response {
    let message = Message {
        title: "请求已拒绝 · Request rejected",
        chinese: "这个请求不是从本站页面发出的。请返回首页重新操作。",
        english: "It was not sent from a page of this site. Go back to the start page and try again.",
    };
    page(StatusCode::FORBIDDEN, &message)
}

/// Where a callback that failed redirects to.
pub(crate) async fn failure() -> Response {
    failed()
}

pub(crate) fn failed() -> Response {
    let message = Message {
        title: "出错了 · Something went wrong",
        chinese: "请您稍后再试。",
        english: "Try again later.",
    };
    page(StatusCode::INTERNAL_SERVER_ERROR, &message)
}

pub(crate) async fn style() -> impl IntoResponse {
    (
        [(CONTENT_TYPE, "text/css")],
        include_str!("../pages/style.css"),
    )
}
