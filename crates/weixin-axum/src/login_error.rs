//! A login that ended without a user, with the response that the visitor gets.

use std::{error::Error as StdError, fmt, sync::Arc};

use http::{
    HeaderMap, HeaderName, HeaderValue, Response, StatusCode,
    header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION, REFERRER_POLICY, SET_COOKIE},
};
use serde_json::json;

use crate::{
    Language, LoginErrorKind, ReturnPath, StartLogin, Visitor,
    callback::{AGAIN, ERROR, RETURN_TO},
    pages::{self, Link, PageText, Pages},
};

/// A login that ended without a user. As a response it is a page in the visitor's language, or JSON for programs,
/// without the details: those are in the log. A failed callback first redirects to its own path, so that no code stays
/// in the address bar.
///
/// For a page of your own, ask [`is_page`](Self::is_page), look at [`kind`](Self::kind), and put
/// [`into_headers`](Self::into_headers) before the page.
pub struct LoginError(Box<Parts>);

struct Parts {
    kind: LoginErrorKind,
    source: Option<Arc<weixin::Error>>,
    return_to: Option<ReturnPath>,
    response: Response<String>,
    /// Whether this was in the log before: a page that only shows what has happened is no second failure.
    is_logged: bool,
}

/// What it takes to respond to a visitor.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) pages: Pages,
    pub(crate) visitor: Visitor,
    /// The callback's own path, up to where a parameter can be added.
    pub(crate) path: Arc<str>,
    pub(crate) return_to: Option<ReturnPath>,
    pub(crate) is_at_callback: bool,
    pub(crate) cookie: Option<HeaderValue>,
}

impl Reply {
    /// The request's URL holds a code: a failure leaves it.
    pub(crate) fn at_callback(mut self) -> Self {
        self.is_at_callback = true;
        self
    }

    /// Sets or removes a cookie with the failure.
    pub(crate) fn with_cookie(mut self, cookie: Option<HeaderValue>) -> Self {
        self.cookie = cookie;
        self
    }

    pub(crate) fn failed_with(self, kind: LoginErrorKind) -> LoginError {
        self.failed(kind, None)
    }

    /// WeChat said no, or nothing.
    pub(crate) fn failed_because(self, error: Arc<weixin::Error>) -> LoginError {
        self.failed(LoginErrorKind::from(&*error), Some(error))
    }

    fn failed(self, kind: LoginErrorKind, source: Option<Arc<weixin::Error>>) -> LoginError {
        let mut response = if self.visitor.wants_json {
            self.json(kind)
        } else if self.is_at_callback {
            self.leave_url(kind)
        } else {
            self.html(kind)
        };
        if let Some(cookie) = self.cookie {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
        LoginError::new(kind, source, self.return_to, response)
    }

    /// The page of a failure that was redirected to it.
    pub(crate) fn page(self, kind: LoginErrorKind) -> LoginError {
        let mut error = self.failed(kind, None);
        error.0.is_logged = true;
        error
    }

    fn json(&self, kind: LoginErrorKind) -> Response<String> {
        let message = self.visitor.language.pick(kind.message());
        let again = kind.is_retryable().then(|| self.again());
        let value = json!({ "error": kind.as_str(), "message": message, "again": again });
        pages::json(kind.status(), &value)
    }

    fn html(&self, kind: LoginErrorKind) -> Response<String> {
        let language = self.visitor.language;
        let link = kind.is_retryable().then(|| Link {
            href: self.again(),
            label: language.say("重新登录", "Log in again"),
        });
        let page = PageText {
            language,
            title: language.pick(kind.title()),
            text: language.pick(kind.message()).to_owned(),
            link,
        };
        self.pages.plain(kind.status(), &page)
    }

    /// To the page of this failure, at a URL without a code.
    fn leave_url(&self, kind: LoginErrorKind) -> Response<String> {
        let location = self.own_url(ERROR, kind.as_str());
        let mut response = pages::guarded(StatusCode::SEE_OTHER, String::new());
        if let Ok(location) = HeaderValue::try_from(location) {
            response.headers_mut().insert(LOCATION, location);
        }
        response
    }

    /// Where a new login starts.
    fn again(&self) -> String {
        self.own_url(AGAIN, "1")
    }

    fn own_url(&self, name: &str, value: &str) -> String {
        let url = format!("{}{name}={value}", self.path);
        match &self.return_to {
            Some(path) => format!("{url}&{RETURN_TO}={}", path.in_query()),
            None => url,
        }
    }

    /// The same URL, in the top window.
    pub(crate) fn leave_frame(&self, query: &str) -> LoginError {
        let (language, kind) = (self.visitor.language, LoginErrorKind::InFrame);
        let path = self.path.split('?').next().unwrap_or_default();
        let page = PageText {
            language,
            title: language.pick(kind.title()),
            text: language.pick(kind.message()).to_owned(),
            link: Some(Link {
                href: format!("{path}?{query}"),
                label: language.say("继续", "Continue"),
            }),
        };
        LoginError::new(kind, None, None, Pages::leave_frame(&page))
    }
}

impl LoginError {
    fn new(
        kind: LoginErrorKind,
        source: Option<Arc<weixin::Error>>,
        return_to: Option<ReturnPath>,
        response: Response<String>,
    ) -> Self {
        Self(Box::new(Parts {
            kind,
            source,
            return_to,
            response,
            is_logged: false,
        }))
    }

    pub(crate) fn restarted(start: StartLogin) -> Self {
        let return_to = start.return_path().cloned();
        Self::new(
            LoginErrorKind::Restarted,
            None,
            return_to,
            start.into_http(),
        )
    }

    /// Why the login ended without a user.
    pub fn kind(&self) -> LoginErrorKind {
        self.0.kind
    }

    /// Whether the response shows a failure, so that a page of your own may take its place. Otherwise it redirects, or
    /// continues the login: return the error itself.
    pub fn is_page(&self) -> bool {
        let continues = matches!(
            self.0.kind,
            LoginErrorKind::InFrame | LoginErrorKind::Restarted
        );
        !continues && !self.0.response.status().is_redirection()
    }

    /// What WeChat said, if it was asked.
    pub fn weixin(&self) -> Option<&weixin::Error> {
        self.0.source.as_deref()
    }

    /// Where the login was to end. It is verified by the state, except for [`LoginErrorKind::NoCookie`],
    /// [`Restarted`](LoginErrorKind::Restarted), [`CsrfMismatch`](LoginErrorKind::CsrfMismatch),
    /// [`Used`](LoginErrorKind::Used) and [`Malformed`](LoginErrorKind::Malformed); it always is a path on this site.
    pub fn return_to(&self) -> Option<&ReturnPath> {
        self.0.return_to.as_ref()
    }

    /// What a page of your own must send along: cookies that end the login, and what keeps a code out of caches. The
    /// reason goes to the log.
    pub fn into_headers(self) -> HeaderMap {
        let all = self.into_http().into_parts().0.headers;
        let kept = [SET_COOKIE, CACHE_CONTROL, REFERRER_POLICY];
        let keep = |(name, value): (&HeaderName, &HeaderValue)| {
            kept.contains(name).then(|| (name.clone(), value.clone()))
        };
        all.iter().filter_map(keep).collect()
    }

    /// The response for any framework. The reason goes to the log.
    pub fn into_http(self) -> Response<String> {
        if !self.0.is_logged {
            log(self.0.kind, self.0.source.as_deref());
        }
        self.0.response
    }
}

/// One line for each failure: what WeChat said is the site's matter, the rest is mostly the visitor's.
fn log(kind: LoginErrorKind, source: Option<&weixin::Error>) {
    let kind = kind.as_str();
    let Some(error) = source else {
        tracing::info!(kind, "login failed");
        return;
    };
    tracing::warn!(%error, kind, "login failed");
}

/// A call of the handler's own, of whose visitor nothing is known: the text is in both languages.
impl From<weixin::Error> for LoginError {
    fn from(error: weixin::Error) -> Self {
        let kind = LoginErrorKind::from(&error);
        let [en, zh] = [Language::English, Language::Chinese].map(|language| {
            let (title, message) = (language.pick(kind.title()), language.pick(kind.message()));
            format!("{title}\n{message}\n")
        });
        let mut response = pages::guarded(kind.status(), [zh, en].join("\n"));
        let plain = HeaderValue::from_static("text/plain; charset=utf-8");
        response.headers_mut().insert(CONTENT_TYPE, plain);
        Self::new(kind, Some(Arc::new(error)), None, response)
    }
}

impl fmt::Debug for LoginError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The response may hold the callback's URL, and so the code.
        f.debug_struct("LoginError")
            .field("kind", &self.0.kind)
            .field("source", &self.0.source)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for LoginError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "login failed: {}", self.0.kind.as_str())
    }
}

impl StdError for LoginError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        let source = self.0.source.as_deref()?;
        Some(source)
    }
}
