//! Who asks, as far as their browser says.

use http::{
    HeaderMap,
    header::{ACCEPT, ACCEPT_LANGUAGE, USER_AGENT},
};
use weixin::{Bilingual, Device};

/// Where a browser puts an answer: in a frame, or in a tab of its own.
const DESTINATION: &str = "sec-fetch-dest";

/// What a request says about the browser that made it; it decides what is shown, and nothing else.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Visitor {
    /// From the `User-Agent`.
    pub device: Device,
    /// From `Accept-Language`: the first that is one of ours, Chinese if none is.
    pub language: Language,
    /// From `Accept`: whether a program asks, which gets JSON instead of pages and redirects.
    pub wants_json: bool,
    /// From `Sec-Fetch-Dest`: whether the answer is put into a frame.
    pub is_in_frame: bool,
}

impl Visitor {
    /// What the headers of a request say.
    pub fn of(headers: &HeaderMap) -> Self {
        let text = |name: http::HeaderName| {
            let value = headers.get(name).and_then(|value| value.to_str().ok());
            value.unwrap_or_default()
        };
        let destination = headers.get(DESTINATION).map(http::HeaderValue::as_bytes);
        Self {
            device: Device::from_user_agent(text(USER_AGENT)),
            language: Language::accepted(text(ACCEPT_LANGUAGE)),
            wants_json: prefers_json(text(ACCEPT)),
            is_in_frame: matches!(
                destination,
                Some(b"iframe" | b"frame" | b"embed" | b"object")
            ),
        }
    }
}

/// A language that visitors are spoken to in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Language {
    /// 中文
    Chinese,
    /// English
    English,
}

impl Language {
    /// The tag for `<html lang>`.
    pub fn tag(self) -> &'static str {
        match self {
            Self::Chinese => "zh-CN",
            Self::English => "en",
        }
    }

    /// The text in this language.
    pub(crate) fn pick(self, text: Bilingual) -> &'static str {
        self.say(text.zh, text.en)
    }

    /// One of two texts.
    pub(crate) fn say<'a>(self, chinese: &'a str, english: &'a str) -> &'a str {
        match self {
            Self::Chinese => chinese,
            Self::English => english,
        }
    }

    fn accepted(header: &str) -> Self {
        let mut languages = header.split(',').map(str::trim_start);
        let ours = languages.find(|tag| tag.starts_with("zh") || tag.starts_with("en"));
        if ours.is_some_and(|tag| tag.starts_with("en")) {
            Self::English
        } else {
            Self::Chinese
        }
    }
}

/// Browsers name HTML first, when they open a page.
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

    fn visitor(headers: &[(&'static str, &'static str)]) -> Visitor {
        let header = |(name, value): &(&'static str, &'static str)| {
            (
                http::HeaderName::from_static(name),
                HeaderValue::from_static(value),
            )
        };
        Visitor::of(&headers.iter().map(header).collect())
    }

    #[test]
    fn the_first_language_that_is_ours_counts() {
        for (header, expected) in [
            ("", Language::Chinese),
            ("en-GB,en;q=0.9,zh;q=0.8", Language::English),
            ("zh-TW,zh;q=0.9,en;q=0.8", Language::Chinese),
            ("fr, en;q=0.5", Language::English),
            ("fr", Language::Chinese),
        ] {
            assert_eq!(
                visitor(&[("accept-language", header)]).language,
                expected,
                "{header}"
            );
        }
    }

    #[test]
    fn json_is_for_those_who_name_it_before_html() {
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
                visitor(&[("accept", accept)]).wants_json,
                expected,
                "{accept}"
            );
        }
    }

    #[test]
    fn a_frame_and_a_device_are_told_by_their_headers() {
        assert!(visitor(&[("sec-fetch-dest", "iframe")]).is_in_frame);
        assert!(!visitor(&[("sec-fetch-dest", "document")]).is_in_frame);
        let inside = visitor(&[(
            "user-agent",
            "Mozilla/5.0 (Linux; Android 15) MicroMessenger/8.0.50",
        )]);
        assert_eq!(inside.device, Device::WeChat);
    }
}
