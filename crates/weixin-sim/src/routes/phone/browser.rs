//! Cookies that make any browser behave as WeChat's built-in browser.

use axum::{
    http::{
        HeaderMap, HeaderName, HeaderValue, StatusCode, Uri,
        header::{COOKIE, LOCATION, SET_COOKIE, USER_AGENT},
    },
    response::{AppendHeaders, IntoResponse, Response},
};

use crate::parameters::form;

/// Cookie of a browser that acts as WeChat's.
const WECHAT_BROWSER: &str = "weixin-sim-inside=1";

/// Cookie of a browser that loses the cookies of sites.
const LOSES_COOKIES: &str = "weixin-sim-forgets=1";

/// Cookie of a follower's browser that was opened from the official account's conversation.
const FROM_CONVERSATION: &str = "weixin-sim-conversation=1";

pub(crate) fn is_wechat_browser(headers: &HeaderMap) -> bool {
    has(headers, USER_AGENT, "MicroMessenger") || has(headers, COOKIE, WECHAT_BROWSER)
}

/// Returns `true` if this browser is to lose the cookies of sites.
pub(crate) fn loses_cookies(headers: &HeaderMap) -> bool {
    has(headers, COOKIE, LOSES_COOKIES)
}

/// Returns `true` if this browser was opened from an official account's conversation, by a follower.
pub(crate) fn comes_from_conversation(headers: &HeaderMap) -> bool {
    has(headers, COOKIE, FROM_CONVERSATION)
}

fn has(headers: &HeaderMap, name: HeaderName, text: &str) -> bool {
    let values = headers.get_all(name);
    let mut values = values.iter().filter_map(|value| value.to_str().ok());
    values.any(|value| value.contains(text))
}

/// Sets the cookies, then opens the login URL again.
pub(crate) async fn inside(address: Uri) -> Response {
    let parameters = form(address.query().unwrap_or_default());
    let to = parameters.get("to");
    let Some(to) = HeaderValue::try_from(to)
        .ok()
        .filter(|_| to.starts_with("/connect/"))
    else {
        return (
            StatusCode::BAD_REQUEST,
            "to: expected a path under /connect/\n",
        )
            .into_response();
    };
    let lifetime = |switch| {
        if parameters.get(switch).is_empty() {
            "; Max-Age=0"
        } else {
            ""
        }
    };
    let cookies = [
        (WECHAT_BROWSER, ""),
        (LOSES_COOKIES, lifetime("forgets")),
        (FROM_CONVERSATION, lifetime("conversation")),
    ];
    let cookies = cookies
        .map(|(cookie, lifetime)| format!("{cookie}; Path=/; HttpOnly; SameSite=Lax{lifetime}"));
    let cookies = AppendHeaders(cookies.map(|cookie| (SET_COOKIE, cookie)));
    let response = (StatusCode::SEE_OTHER, cookies, [(LOCATION, to)]);
    response.into_response()
}
