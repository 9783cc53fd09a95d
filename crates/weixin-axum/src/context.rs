//! The site and the browser of a failed login, and the response that fits them.

use std::sync::Arc;

use http::{HeaderValue, Response, StatusCode, header::LOCATION};
use serde_json::json;
use weixin::Bilingual;

use crate::{
    Browser, LoginErrorKind, ReturnPath,
    pages::{self, PageText, Pages},
    parameters::{AGAIN, ERROR, RETURN_TO},
};

/// The site and the browser of a failure.
#[derive(Clone, Debug)]
pub(crate) struct Context {
    pub(crate) pages: Pages,
    pub(crate) browser: Browser,
    /// The callback's own path, up to where a parameter can be added.
    pub(crate) path: Arc<str>,
    /// The site's own login page, for "log in again".
    pub(crate) login_path: Option<ReturnPath>,
    /// The URL contains a code: a failure leaves it.
    pub(crate) is_at_callback: bool,
}

impl Context {
    pub(crate) fn at_callback(mut self) -> Self {
        self.is_at_callback = true;
        self
    }

    pub(crate) fn response(
        &self,
        kind: LoginErrorKind,
        return_to: Option<&ReturnPath>,
        note: Option<&str>,
    ) -> Response<String> {
        if self.browser.wants_json {
            self.json(kind, return_to)
        } else if self.is_at_callback {
            self.leave_url(kind, return_to)
        } else {
            self.page(kind, return_to, note)
        }
    }

    fn json(&self, kind: LoginErrorKind, return_to: Option<&ReturnPath>) -> Response<String> {
        let message = kind.message().pick(self.browser.language);
        let again = kind.is_retryable().then(|| self.again(return_to));
        let value = json!({ "error": kind.as_str(), "message": message, "again": again });
        pages::json(kind.status(), &value)
    }

    fn page(
        &self,
        kind: LoginErrorKind,
        return_to: Option<&ReturnPath>,
        note: Option<&str>,
    ) -> Response<String> {
        let language = self.browser.language;
        let title = kind.title().pick(language);
        let message = [Some(kind.message().pick(language)), note];
        let message: Vec<_> = message.into_iter().flatten().collect();
        let mut page = PageText::new(language, title, message.join("\n"));
        if kind.is_retryable() {
            page = page.link(self.again(return_to), LOG_IN_AGAIN.pick(language));
        }
        self.pages.plain(kind.status(), &page)
    }

    /// Redirects to the page of this failure, at a URL without a code.
    fn leave_url(&self, kind: LoginErrorKind, return_to: Option<&ReturnPath>) -> Response<String> {
        let location = self.own_url(ERROR, kind.as_str(), return_to);
        let mut response = pages::empty(StatusCode::SEE_OTHER);
        if let Ok(location) = HeaderValue::try_from(location) {
            response.headers_mut().insert(LOCATION, location);
        }
        response
    }

    /// The URL that starts a new login.
    fn again(&self, return_to: Option<&ReturnPath>) -> String {
        match &self.login_path {
            Some(path) => path.as_str().to_owned(),
            None => self.own_url(AGAIN, "1", return_to),
        }
    }

    fn own_url(&self, name: &str, value: &str, return_to: Option<&ReturnPath>) -> String {
        let url = format!("{}{name}={value}", self.path);
        match return_to {
            Some(path) => format!("{url}&{RETURN_TO}={}", path.in_query()),
            None => url,
        }
    }

    /// A page that opens the same URL in the top window, where this site has its cookies.
    pub(crate) fn leave_frame(&self, query: &str) -> Response<String> {
        let (language, kind) = (self.browser.language, LoginErrorKind::InFrame);
        let path = self.path.split('?').next().unwrap_or_default();
        let title = kind.title().pick(language);
        let page = PageText::new(language, title, kind.message().pick(language))
            .link(format!("{path}?{query}"), CONTINUE.pick(language));
        Pages::leave_frame(&page)
    }
}

const LOG_IN_AGAIN: Bilingual = Bilingual {
    en: "Log in again",
    zh: "重新登录",
};

const CONTINUE: Bilingual = Bilingual {
    en: "Continue",
    zh: "继续",
};
