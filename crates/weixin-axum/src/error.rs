//! A login that failed, and its response.

use std::{error::Error as StdError, fmt, sync::Arc};

use http::{HeaderValue, Response, header::SET_COOKIE};
use weixin::{AppId, Language};

use crate::{LoginErrorKind, ReturnPath, context::Context, pages};

/// A login that failed. As a response it is a page in the browser's language, or JSON for programs, without the details:
/// they are in the log. A failed callback first redirects to its own path, so that no code stays in the address bar.
///
/// For a page of your own, take `Result<Login, LoginError>` as the handler's argument, ask [`is_page`](Self::is_page), and
/// look at [`kind`](Self::kind).
pub struct LoginError(Box<Failure>);

/// The failure itself, which the layer renders if nothing is known of the browser.
#[derive(Clone)]
pub(crate) struct Failure {
    kind: LoginErrorKind,
    source: Option<Arc<weixin::Error>>,
    /// The app of the call to WeChat that failed.
    app: Option<AppId>,
    return_to: Option<ReturnPath>,
    /// `None` for an error of a call of the handler's own.
    context: Option<Context>,
    /// A response that continues the login, instead of a page.
    continuation: Option<Response<String>>,
    /// The continuation is a login that restarted by itself, which happens once.
    is_automatic: bool,
    /// Cookies that end the login.
    cookies: Vec<HeaderValue>,
    /// A paragraph of the site's, after the message of the page.
    note: Option<String>,
    /// The URL of a page names it. It was logged before: a page that shows a former failure is not a second one.
    is_from_url: bool,
}

impl LoginError {
    pub(crate) fn new(
        kind: LoginErrorKind,
        context: Context,
        return_to: Option<ReturnPath>,
    ) -> Self {
        Self::build(kind, None, Some(context), return_to)
    }

    /// A failure of a call to WeChat.
    pub(crate) fn because(
        source: Arc<weixin::Error>,
        context: Context,
        return_to: Option<ReturnPath>,
    ) -> Self {
        let kind = LoginErrorKind::from(&*source);
        Self::build(kind, Some(source), Some(context), return_to)
    }

    /// Names the app for which WeChat was called.
    pub(crate) fn of_app(mut self, app: &AppId) -> Self {
        self.0.app = Some(app.clone());
        self
    }

    /// A request without the layer.
    #[cfg(feature = "axum")]
    pub(crate) fn layer_is_missing() -> Self {
        tracing::error!("add the `WebLogin` as a layer to the login's routes: `.layer(weixin)`");
        Self::build(LoginErrorKind::Configuration, None, None, None)
    }

    /// A login that continues by this response.
    pub(crate) fn continues(
        kind: LoginErrorKind,
        response: Response<String>,
        return_to: Option<ReturnPath>,
    ) -> Self {
        let mut error = Self::build(kind, None, None, return_to);
        error.0.continuation = Some(response);
        error
    }

    fn build(
        kind: LoginErrorKind,
        source: Option<Arc<weixin::Error>>,
        context: Option<Context>,
        return_to: Option<ReturnPath>,
    ) -> Self {
        Self(Box::new(Failure {
            kind,
            source,
            app: None,
            return_to,
            context,
            continuation: None,
            is_automatic: false,
            cookies: Vec::new(),
            note: None,
            is_from_url: false,
        }))
    }

    /// Sets or removes a cookie with the failure.
    pub(crate) fn with_cookie(mut self, cookie: Option<HeaderValue>) -> Self {
        self.0.cookies.extend(cookie);
        self
    }

    /// A restart that happened by itself.
    pub(crate) fn automatic(mut self, is_automatic: bool) -> Self {
        self.0.is_automatic = is_automatic;
        self
    }

    pub(crate) fn is_automatic(&self) -> bool {
        self.0.is_automatic
    }

    /// A failure that the URL of its page names.
    pub(crate) fn named_by_url(mut self) -> Self {
        self.0.is_from_url = true;
        self
    }

    /// The kind.
    pub fn kind(&self) -> LoginErrorKind {
        self.0.kind
    }

    /// Returns `true` if a page of your own may replace this response. If it is `false`, return the error: its response
    /// redirects away from the URL with the code, after which the handler runs again, or it continues the login.
    ///
    /// The failure is logged by the redirect, or by [`into_http`](Self::into_http).
    pub fn is_page(&self) -> bool {
        let leaves_url = self
            .0
            .context
            .as_ref()
            .is_some_and(|context| context.is_at_callback && !context.browser.wants_json);
        self.0.continuation.is_none() && !leaves_url
    }

    /// Returns `true` if the URL of the request names the failure, as the URL to which a failed callback redirects does. Anyone
    /// can make such a URL: show its page, and do nothing else because of it.
    pub fn is_from_url(&self) -> bool {
        self.0.is_from_url
    }

    /// The error of the SDK, if WeChat was called.
    pub fn weixin(&self) -> Option<&weixin::Error> {
        self.0.source.as_deref()
    }

    /// The app for which WeChat was called, if the call is what failed.
    pub fn app_id(&self) -> Option<&AppId> {
        self.0.app.as_ref()
    }

    /// The return path of the login: always a path on this site. It is not verified: anyone can make the URL of a failure's
    /// page, with any kind and return path.
    pub fn return_to(&self) -> Option<&ReturnPath> {
        self.0.return_to.as_ref()
    }

    /// Shows the page in this language instead of the browser's.
    #[must_use]
    pub fn in_language(mut self, language: Language) -> Self {
        if let Some(context) = &mut self.0.context {
            context.browser.language = language;
        }
        self
    }

    /// Adds a paragraph after the message of the page, such as a reference for the operator of the site.
    #[must_use]
    pub fn with_note(mut self, note: impl Into<String>) -> Self {
        self.0.note = Some(note.into());
        self
    }

    /// Takes the cookies, which the layer sets even if the handler responds with a page of its own.
    #[cfg(feature = "axum")]
    pub(crate) fn take_cookies(&mut self) -> Vec<HeaderValue> {
        std::mem::take(&mut self.0.cookies)
    }

    /// The response for any framework. Writes the reason to the log.
    pub fn into_http(self) -> Response<String> {
        self.0.log();
        self.0.render(None)
    }

    /// The response, with what the layer needs to render it for the browser.
    #[cfg(feature = "axum")]
    pub(crate) fn into_layered(self) -> Response<String> {
        self.0.log();
        let mut response = self.0.render(None);
        if self.0.context.is_none() && self.0.continuation.is_none() {
            response.extensions_mut().insert(*self.0);
        }
        response
    }
}

impl Failure {
    /// Renders the failure for the browser of `context`, unless it has its own.
    pub(crate) fn render(&self, context: Option<&Context>) -> Response<String> {
        let mut response = match (&self.continuation, self.context.as_ref().or(context)) {
            (Some(response), _) => response.clone(),
            (None, Some(context)) => {
                context.response(self.kind, self.return_to.as_ref(), self.note.as_deref())
            }
            (None, None) => in_both_languages(self.kind),
        };
        for cookie in &self.cookies {
            response.headers_mut().append(SET_COOKIE, cookie.clone());
        }
        response
    }

    /// Takes the return path of the login, if it has none of its own.
    #[cfg(feature = "axum")]
    pub(crate) fn with_return_to(mut self, return_to: Option<ReturnPath>) -> Self {
        self.return_to = self.return_to.or(return_to);
        self
    }

    /// One line per failure. An error of WeChat's is a warning; the others mostly are the user's.
    fn log(&self) {
        let kind = self.kind.as_str();
        if self.is_from_url {
            return;
        }
        let Some(error) = &self.source else {
            tracing::info!(kind, "login failed");
            return;
        };
        let cause = error.source().map(tracing::field::display);
        let remedy = error.explanation().map(|code| code.remedy.en);
        let app = self.app.as_ref().map(AppId::as_str);
        tracing::warn!(%error, cause, remedy, app, kind, "login failed");
    }
}

/// For a browser of which nothing is known.
fn in_both_languages(kind: LoginErrorKind) -> Response<String> {
    let [zh, en] = [Language::Chinese, Language::English].map(|language| {
        let (title, message) = (kind.title(), kind.message());
        format!("{}\n{}\n", title.pick(language), message.pick(language))
    });
    pages::text(kind.status(), [zh, en].join("\n"))
}

/// An error of a call of the handler's own. The layer renders it in the browser's language.
impl From<weixin::Error> for LoginError {
    fn from(error: weixin::Error) -> Self {
        let kind = LoginErrorKind::from(&error);
        Self::build(kind, Some(Arc::new(error)), None, None)
    }
}

impl fmt::Debug for LoginError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A continuation may contain the callback's URL, and so the code.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_as_large_as_a_pointer() {
        assert_eq!(size_of::<LoginError>(), size_of::<usize>());
    }
}
