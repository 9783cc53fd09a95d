//! The end of a login in a pop-up window.

use askama::Template;
use http::{Response, StatusCode};
use url::Url;
use weixin::{Bilingual, Language, transport::Origin};

use crate::{
    Login,
    pages::{FormAction, Nonce, PageText, html, page_headers},
};

/// A page that sends a message to the window that opened the pop-up, by `postMessage` to one origin, and closes.
///
/// The opener must compare `event.origin` with the site's own and `event.source` with its pop-up. Put no token into the
/// message: the session's cookie is enough.
#[derive(Clone, Debug)]
#[must_use = "return it from the handler"]
pub struct PopupResponse {
    origin: String,
    message: String,
    language: Language,
}

#[derive(Template)]
#[template(path = "pop_up.html")]
struct Closing<'a> {
    page: &'a PageText,
    nonce: &'a str,
    origin: &'a str,
    message: &'a str,
}

const LOGGED_IN: Bilingual = Bilingual {
    en: "You are logged in",
    zh: "登录成功",
};

const CLOSE: Bilingual = Bilingual {
    en: "You can close this window.",
    zh: "您可以关闭此窗口。",
};

impl PopupResponse {
    /// Sends a message to a page at the origin of `opener`, such as `https://www.example.com`: the `event.data` there.
    pub fn new(opener: &Origin, message: impl Into<String>, language: Language) -> Self {
        // An opener that is no URL with a host has the origin `null`, which receives nothing.
        let url = Url::parse(opener.as_str());
        Self {
            origin: url.map_or_else(
                |_| "null".to_owned(),
                |url| url.origin().ascii_serialization(),
            ),
            message: message.into(),
            language,
        }
    }

    /// The response for any framework.
    pub fn into_http(self) -> Response<String> {
        let language = self.language;
        let page = PageText::new(language, LOGGED_IN.pick(language), CLOSE.pick(language));
        let nonce = Nonce::random();
        let body = Closing {
            page: &page,
            nonce: nonce.as_str(),
            origin: &self.origin,
            message: &self.message,
        };
        let body = body.render().unwrap_or_default();
        html(StatusCode::OK, page_headers(&nonce, FormAction::None), body)
    }
}

impl Login {
    /// Ends a login in a pop-up window: sends `message` to the page that opened it, and closes.
    pub fn popup(&self, opener: &Origin, message: impl Into<String>) -> PopupResponse {
        let language = match &self.context {
            Some(context) => context.browser.language,
            None => Language::Chinese,
        };
        PopupResponse::new(opener, message, language)
    }
}
