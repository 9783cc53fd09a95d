//! The response that sends a browser to WeChat.

use axum_core::response::{IntoResponse, Response};
use http::{
    HeaderName, HeaderValue, StatusCode,
    header::{CACHE_CONTROL, LOCATION, REFERRER_POLICY, SET_COOKIE},
};
use weixin::LoginUrl;

use crate::{
    ReturnPath,
    state_cookie::{Site, StateCookie},
};

/// Sends the browser to WeChat's QR page and keeps the state in its cookie.
#[derive(Clone, Debug)]
#[must_use = "return it from the handler"]
pub struct StartLogin {
    url: String,
    cookie: StateCookie,
}

impl StartLogin {
    pub(crate) fn new(site: Site, login: &LoginUrl) -> Self {
        let cookie = StateCookie::new(site, login.state().clone());
        Self {
            url: login.as_str().to_owned(),
            cookie,
        }
    }

    /// Remembers where to go after the login; [`Login::return_to`](crate::Login::return_to) brings it back.
    pub fn return_to(mut self, path: ReturnPath) -> Self {
        self.cookie.return_to = Some(path);
        self
    }
}

impl IntoResponse for StartLogin {
    fn into_response(self) -> Response {
        let (Ok(location), Some(cookie)) = (HeaderValue::try_from(self.url), self.cookie.keep())
        else {
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        };
        let headers: [(HeaderName, HeaderValue); 4] = [
            (LOCATION, location),
            (SET_COOKIE, cookie),
            (CACHE_CONTROL, HeaderValue::from_static("no-store")),
            (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        ];
        (StatusCode::SEE_OTHER, headers).into_response()
    }
}
