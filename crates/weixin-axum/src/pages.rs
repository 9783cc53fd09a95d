//! Pages that work without JavaScript, and the headers that make a page safe.

use std::{fmt, sync::Arc};

use askama::Template;
use http::{
    HeaderMap, HeaderName, HeaderValue, Response, StatusCode,
    header::{
        CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY,
        X_CONTENT_TYPE_OPTIONS,
    },
};
use weixin::{CsrfToken, Language};

/// The texts of a page, for a site that renders its own HTML. Escape all of them.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PageText {
    /// The language of all texts.
    pub language: Language,
    /// The title.
    pub title: String,
    /// The message. Each of its lines is a paragraph.
    pub text: String,
    /// The link to the next step.
    pub link: Option<Link>,
    /// A second link, such as the way back.
    pub alternative: Option<Link>,
}

impl PageText {
    /// A page without a link.
    pub fn new(language: Language, title: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            language,
            title: title.into(),
            text: text.into(),
            link: None,
            alternative: None,
        }
    }

    /// Adds a link to the next step.
    #[must_use]
    pub fn link(mut self, href: impl Into<String>, label: impl Into<String>) -> Self {
        self.link = Some(Link::new(href, label));
        self
    }

    /// Adds a second link, such as the way back.
    #[must_use]
    pub fn alternative(mut self, href: impl Into<String>, label: impl Into<String>) -> Self {
        self.alternative = Some(Link::new(href, label));
        self
    }
}

/// A link of a page.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Link {
    /// A path of this site, the URL of WeChat's page, or one that the site has set.
    pub href: String,
    /// The text.
    pub label: String,
}

impl Link {
    fn new(href: impl Into<String>, label: impl Into<String>) -> Self {
        Self {
            href: href.into(),
            label: label.into(),
        }
    }
}

/// A random value that allows a page's own scripts and styles (`Content-Security-Policy`, CSP Level 3).
#[derive(Clone, Debug)]
pub struct Nonce(String);

impl Nonce {
    /// A new one for each page. If the operating system has no random bytes it is empty, and the browser ignores the
    /// page's scripts and styles.
    pub fn random() -> Self {
        Self(CsrfToken::random().map_or_else(|_| String::new(), |token| token.expose().to_owned()))
    }

    /// The value of the attribute `nonce`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The targets of a page's forms (`form-action`). Browsers apply them to redirects of a form as well.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum FormAction {
    /// The page has no forms.
    None,
    /// This site only.
    SelfOnly,
    /// Any site.
    Unrestricted,
}

/// The headers of a page that loads only scripts and styles with the nonce, is in no frame, and is not stored by caches.
pub fn page_headers(nonce: &Nonce, form_action: FormAction) -> HeaderMap {
    headers_in_frames_of(nonce, form_action, "'none'")
}

fn headers_in_frames_of(nonce: &Nonce, form_action: FormAction, ancestors: &str) -> HeaderMap {
    let mut headers = safe_headers();
    let form_action = match form_action {
        FormAction::None => " form-action 'none';",
        FormAction::SelfOnly => " form-action 'self';",
        FormAction::Unrestricted => "",
    };
    let nonce = nonce.as_str();
    let policy = format!(
        "default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; base-uri 'none';{form_action} frame-ancestors {ancestors}"
    );
    if let Ok(policy) = HeaderValue::try_from(policy) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    headers
}

/// The URL of a callback contains a code, which must not reach caches or `Referer`.
pub(crate) const CALLBACK_HEADERS: [(HeaderName, HeaderValue); 2] = [
    (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
];

fn safe_headers() -> HeaderMap {
    let mut headers: HeaderMap = CALLBACK_HEADERS.into_iter().collect();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers
}

/// Renders the HTML of a page; it must escape every text.
pub(crate) type Render = dyn Fn(&PageText) -> String + Send + Sync;

/// The look of this site's pages.
#[derive(Clone, Default)]
pub(crate) struct Pages {
    pub(crate) own: Option<Arc<Render>>,
}

impl fmt::Debug for Pages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let own = self.own.is_some();
        f.debug_struct("Pages").field("own", &own).finish()
    }
}

#[derive(Template)]
#[template(path = "page.html")]
struct Plain<'a> {
    page: &'a PageText,
    nonce: &'a str,
}

#[derive(Template)]
#[template(path = "leave_frame.html")]
struct LeaveFrame<'a> {
    page: &'a PageText,
    nonce: &'a str,
}

impl Pages {
    /// A page with its headers. The site's own HTML may load anything, but is in no frame.
    pub(crate) fn plain(&self, status: StatusCode, page: &PageText) -> Response<String> {
        if let Some(render) = &self.own {
            let mut headers = safe_headers();
            let no_frames = HeaderValue::from_static("frame-ancestors 'none'");
            headers.insert(CONTENT_SECURITY_POLICY, no_frames);
            return html(status, headers, render(page));
        }
        let nonce = Nonce::random();
        let body = Plain {
            page,
            nonce: nonce.as_str(),
        };
        let headers = page_headers(&nonce, FormAction::None);
        html(status, headers, body.render().unwrap_or_default())
    }

    /// A page in a frame of this site that continues in the top window.
    pub(crate) fn leave_frame(page: &PageText) -> Response<String> {
        let nonce = Nonce::random();
        let body = LeaveFrame {
            page,
            nonce: nonce.as_str(),
        };
        let headers = headers_in_frames_of(&nonce, FormAction::None, "'self'");
        html(StatusCode::OK, headers, body.render().unwrap_or_default())
    }
}

/// A response to a program.
pub(crate) fn json(status: StatusCode, value: &serde_json::Value) -> Response<String> {
    typed(
        status,
        safe_headers(),
        "application/json",
        value.to_string(),
    )
}

/// A plain text, for a browser of which nothing is known.
pub(crate) fn text(status: StatusCode, body: String) -> Response<String> {
    typed(status, safe_headers(), "text/plain; charset=utf-8", body)
}

pub(crate) fn html(status: StatusCode, headers: HeaderMap, body: String) -> Response<String> {
    typed(status, headers, "text/html; charset=utf-8", body)
}

/// A response without a body.
pub(crate) fn empty(status: StatusCode) -> Response<String> {
    let mut response = Response::new(String::new());
    *response.status_mut() = status;
    *response.headers_mut() = safe_headers();
    response
}

fn typed(
    status: StatusCode,
    mut headers: HeaderMap,
    content_type: &'static str,
    body: String,
) -> Response<String> {
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}
