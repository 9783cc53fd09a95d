//! The browser of a request, by its headers.

use http::{
    HeaderMap, HeaderValue,
    header::{ACCEPT, ACCEPT_LANGUAGE, USER_AGENT},
};
use weixin::{Language, authorize::Device};

/// The place in which the browser shows the response: a frame, or a window.
const DESTINATION: &str = "sec-fetch-dest";

/// The browser of a request, by its headers. They are untrusted: they choose pages, and grant nothing.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Browser {
    /// From `User-Agent`.
    pub device: Device,
    /// From `Accept-Language`: the first that is Chinese or English, or Chinese.
    pub language: Language,
    /// From `Accept`: programs get JSON instead of pages and redirects.
    pub wants_json: bool,
    /// From `Sec-Fetch-Dest`.
    pub framing: Framing,
}

/// The place in which the browser shows the response.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Framing {
    /// A window or tab.
    Top,
    /// A frame of a page.
    Frame,
    /// The header is missing: an old browser, or a program.
    Unknown,
}

impl Browser {
    /// The browser of a request with these headers.
    pub fn from_headers(headers: &HeaderMap) -> Self {
        BrowserHeaders::of(headers).browser()
    }
}

/// The headers that describe a browser. Cheap to keep until they are needed.
#[derive(Clone, Debug)]
pub(crate) struct BrowserHeaders {
    user_agent: Option<HeaderValue>,
    accept_language: Option<HeaderValue>,
    accept: Option<HeaderValue>,
    destination: Option<HeaderValue>,
}

impl BrowserHeaders {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        Self {
            user_agent: headers.get(USER_AGENT).cloned(),
            accept_language: headers.get(ACCEPT_LANGUAGE).cloned(),
            accept: headers.get(ACCEPT).cloned(),
            destination: headers.get(DESTINATION).cloned(),
        }
    }

    pub(crate) fn browser(&self) -> Browser {
        Browser {
            device: Device::from_user_agent(text(self.user_agent.as_ref())),
            language: Language::from_accept_language(text(self.accept_language.as_ref())),
            wants_json: prefers_json(text(self.accept.as_ref())),
            framing: match self.destination.as_ref().map(HeaderValue::as_bytes) {
                Some(b"iframe" | b"frame" | b"fencedframe" | b"embed" | b"object") => {
                    Framing::Frame
                }
                Some(b"document") => Framing::Top,
                _ => Framing::Unknown,
            },
        }
    }
}

fn text(value: Option<&HeaderValue>) -> &str {
    let text = value.and_then(|value| value.to_str().ok());
    text.unwrap_or_default()
}

/// Browsers put HTML first when they open a page.
fn prefers_json(accept: &str) -> bool {
    let mut types = accept
        .split(',')
        .map(|one| one.split(';').next().unwrap_or_default().trim());
    types.find(|one| matches!(*one, "text/html" | "application/json")) == Some("application/json")
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn browser(headers: &[(&'static str, &'static str)]) -> Browser {
        let header = |(name, value): &(&'static str, &'static str)| {
            (
                http::HeaderName::from_static(name),
                HeaderValue::from_static(value),
            )
        };
        Browser::from_headers(&headers.iter().map(header).collect())
    }

    #[test]
    fn json_is_for_programs_that_name_it_before_html() {
        for (accept, expected) in [
            ("", false),
            ("*/*", false),
            ("application/json", true),
            ("application/json, text/plain, */*", true),
            (
                "text/html,application/xhtml+xml,application/json;q=0.9",
                false,
            ),
            ("application/json;q=0.9, text/html", true),
        ] {
            assert_eq!(
                browser(&[("accept", accept)]).wants_json,
                expected,
                "{accept}"
            );
        }
    }

    #[test]
    fn framing_and_device_are_read_from_their_headers() {
        for (destination, expected) in [
            ("iframe", Framing::Frame),
            ("fencedframe", Framing::Frame),
            ("document", Framing::Top),
            ("empty", Framing::Unknown),
        ] {
            let browser = browser(&[("sec-fetch-dest", destination)]);
            assert_eq!(browser.framing, expected, "{destination}");
        }
        assert_eq!(browser(&[]).framing, Framing::Unknown);
        let inside = browser(&[(
            "user-agent",
            "Mozilla/5.0 (Linux; Android 15) MicroMessenger/8.0.50",
        )]);
        assert_eq!(inside.device, Device::WeChat);
    }
}
