//! The end of a login in a pop-up: its opener is told, and it closes.

use askama::Template;
use http::{Response, StatusCode};
use url::Url;

use crate::{
    ForgetState, Language, Visitor,
    pages::{PageText, html, nonce, policed},
};

/// A page that tells the window that has opened it, by `postMessage`, and closes. Whoever is at another origin hears
/// nothing.
///
/// The opener compares `event.origin` with the site's own and `event.source` with its pop-up. Put no token into the
/// message: the session's cookie is enough.
#[derive(Clone, Debug)]
#[must_use = "return it from the handler"]
pub struct PopUpDone {
    origin: String,
    message: String,
    visitor: Visitor,
    forget: Option<ForgetState>,
}

#[derive(Template)]
#[template(path = "pop_up.html")]
struct Closing<'a> {
    page: &'a PageText,
    nonce: &'a str,
    origin: &'a str,
    message: &'a str,
}

impl PopUpDone {
    /// Tells a page at the origin of `opener`, such as `https://www.example.com`, this text: the `event.data` of its
    /// message.
    pub fn new(opener: &Url, message: impl Into<String>, visitor: &Visitor) -> Self {
        Self {
            // That of an address without a host is `null`, at which nobody is.
            origin: opener.origin().ascii_serialization(),
            message: message.into(),
            visitor: *visitor,
            forget: None,
        }
    }

    /// Ends the login in this browser, as [`Login::forget`](crate::Login::forget) does.
    pub fn forgetting(mut self, forget: ForgetState) -> Self {
        self.forget = Some(forget);
        self
    }

    /// The answer for any framework.
    pub fn into_http(self) -> Response<String> {
        let language = self.visitor.language;
        let page = PageText {
            language,
            title: language.say("登录成功", "You are logged in"),
            text: done(language).to_owned(),
            link: None,
        };
        let nonce = nonce();
        let body = Closing {
            page: &page,
            nonce: &nonce,
            origin: &self.origin,
            message: &self.message,
        };
        let body = body.render().unwrap_or_default();
        let mut answer = policed(html(StatusCode::OK, body), &nonce, "'none'");
        if let Some(forget) = self.forget {
            answer.headers_mut().extend(forget.into_headers());
        }
        answer
    }
}

fn done(language: Language) -> &'static str {
    language.say("可以关闭此窗口。", "You can close this window.")
}
