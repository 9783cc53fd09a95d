//! Pages that need no JavaScript, and what browsers are told about them.

use std::{fmt, sync::Arc};

use askama::Template;
use http::{
    HeaderValue, Response, StatusCode,
    header::{
        CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY,
        X_CONTENT_TYPE_OPTIONS,
    },
};
use weixin::CsrfToken;

use crate::Language;

/// What a page of this crate says, for a site that writes it in its own way.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PageText {
    /// Of all texts.
    pub language: Language,
    /// A few words.
    pub title: &'static str,
    /// What to do.
    pub text: String,
    /// Where to go from here.
    pub link: Option<Link>,
}

/// A link of a page.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Link {
    /// A path of this site, or WeChat's page.
    pub href: String,
    /// What it says.
    pub label: &'static str,
}

/// Writes the HTML of a page; every text of it is to be escaped.
pub(crate) type Write = dyn Fn(&PageText) -> String + Send + Sync;

/// How this site's pages look.
#[derive(Clone, Default)]
pub(crate) struct Pages {
    pub(crate) own: Option<Arc<Write>>,
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
    /// A page with a link. The site's own may load what the site allows itself.
    pub(crate) fn plain(&self, status: StatusCode, page: &PageText) -> Response<String> {
        if let Some(write) = &self.own {
            let mut answer = html(status, write(page));
            set(
                &mut answer,
                CONTENT_SECURITY_POLICY,
                "frame-ancestors 'none'",
            );
            return answer;
        }
        let nonce = nonce();
        let body = Plain {
            page,
            nonce: &nonce,
        }
        .render();
        policed(html(status, body.unwrap_or_default()), &nonce, "'none'")
    }

    /// A page in a frame of this site that goes on in the whole window.
    pub(crate) fn leave_frame(page: &PageText) -> Response<String> {
        let nonce = nonce();
        let body = LeaveFrame {
            page,
            nonce: &nonce,
        }
        .render();
        policed(
            html(StatusCode::OK, body.unwrap_or_default()),
            &nonce,
            "'self'",
        )
    }
}

/// For whoever asked for JSON.
pub(crate) fn json(status: StatusCode, value: &serde_json::Value) -> Response<String> {
    let mut answer = guarded(status, value.to_string());
    set(&mut answer, CONTENT_TYPE, "application/json");
    answer
}

pub(crate) fn html(status: StatusCode, body: String) -> Response<String> {
    let mut answer = guarded(status, body);
    set(&mut answer, CONTENT_TYPE, "text/html; charset=utf-8");
    answer
}

/// The address of a callback holds a code: it must stay out of caches and `Referer`.
pub(crate) fn guarded(status: StatusCode, body: String) -> Response<String> {
    let mut answer = Response::new(body);
    *answer.status_mut() = status;
    set(&mut answer, CACHE_CONTROL, "no-store");
    set(&mut answer, REFERRER_POLICY, "no-referrer");
    set(&mut answer, X_CONTENT_TYPE_OPTIONS, "nosniff");
    answer
}

/// Nothing but what carries the nonce, and in no frame but these.
pub(crate) fn policed(
    mut answer: Response<String>,
    nonce: &str,
    ancestors: &str,
) -> Response<String> {
    let policy = format!(
        "default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; base-uri 'none'; form-action 'none'; frame-ancestors {ancestors}"
    );
    if let Ok(policy) = HeaderValue::try_from(policy) {
        answer.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    }
    answer
}

/// Another for each page. Without random bytes nothing carries it, and the page goes without style.
pub(crate) fn nonce() -> String {
    CsrfToken::random().map_or_else(|_| String::new(), |token| token.expose().to_owned())
}

fn set(answer: &mut Response<String>, name: http::HeaderName, value: &'static str) {
    answer
        .headers_mut()
        .insert(name, HeaderValue::from_static(value));
}
