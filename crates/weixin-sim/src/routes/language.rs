//! The language of the simulator's pages: the switch's cookie, or the browser's preference.

use std::convert::Infallible;

use axum::http::StatusCode;
use axum::{
    extract::FromRequestParts,
    http::{
        HeaderMap, HeaderValue, Uri,
        header::{ACCEPT_LANGUAGE, COOKIE, LOCATION, SET_COOKIE},
        request::Parts,
    },
    response::{IntoResponse, Response},
};

use crate::{bilingual::Language, parameters};

const COOKIE_NAME: &str = "weixin-sim-language=";

impl<S: Sync> FromRequestParts<S> for Language {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(of_headers(&parts.headers))
    }
}

/// Language of a request. Without a cookie or a preference it is Chinese, as WeChat's pages are.
pub(super) fn of_headers(headers: &HeaderMap) -> Language {
    let cookies = headers.get_all(COOKIE).into_iter();
    let mut pairs = cookies
        .filter_map(|header| header.to_str().ok())
        .flat_map(|header| header.split(';'));
    let chosen = pairs.find_map(|pair| pair.trim().strip_prefix(COOKIE_NAME));
    if let Some(tag) = chosen {
        return by_tag(tag);
    }
    let accepted = headers.get(ACCEPT_LANGUAGE);
    let accepted = accepted.and_then(|value| value.to_str().ok());
    accepted.map_or(Language::Chinese, preferred)
}

/// Language that a browser prefers, by its `Accept-Language`; English for those who read neither.
fn preferred(accepted: &str) -> Language {
    let weight = |language: &str| {
        let ranges = accepted.split(',').filter_map(|range| {
            let (tag, weight) = range.split_once(';').unwrap_or((range, "q=1"));
            let weight = weight.trim().strip_prefix("q=")?.parse::<f32>().ok()?;
            let tag = tag.trim().to_ascii_lowercase();
            tag.starts_with(language).then_some(weight)
        });
        ranges.fold(0.0, f32::max)
    };
    if weight("zh") > weight("en") {
        Language::Chinese
    } else {
        Language::English
    }
}

fn by_tag(tag: &str) -> Language {
    if tag.starts_with("en") {
        Language::English
    } else {
        Language::Chinese
    }
}

/// `/_sim/language?to=en&back=/_sim/`: keeps the choice in a cookie, and goes back.
pub(super) async fn choose(address: Uri) -> Response {
    let parameters = parameters::form(address.query().unwrap_or_default());
    let tag = by_tag(parameters.get("to")).tag();
    let cookie = format!("{COOKIE_NAME}{tag}; Path=/; SameSite=Lax; Max-Age=31536000");
    (
        StatusCode::SEE_OTHER,
        [
            (SET_COOKIE, HeaderValue::try_from(cookie)),
            (
                LOCATION,
                HeaderValue::try_from(own_path(parameters.get("back"))),
            ),
        ]
        .map(|(name, value)| (name, value.unwrap_or(HeaderValue::from_static("/_sim/")))),
    )
        .into_response()
}

/// A path of this simulator to go back to; the dashboard's for anything else.
pub(super) fn own_path(back: &str) -> &str {
    // Browsers remove tabs and line breaks from a URL, and read a backslash as a slash.
    let is_strange = |c: char| c == '\\' || c.is_whitespace() || c.is_control();
    let is_own = back.starts_with('/') && !back.starts_with("//") && !back.contains(is_strange);
    if is_own { back } else { "/_sim/" }
}

/// Address of the switch to the other language, from the page at this address.
pub(super) fn switch(language: Language, address: &Uri) -> String {
    let back = address
        .path_and_query()
        .map_or("/_sim/", |path| path.as_str());
    let back: String = form_urlencoded::byte_serialize(back.as_bytes()).collect();
    format!("/_sim/language?to={}&back={back}", language.other().tag())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_browser_s_preference_counts_until_a_language_is_chosen() {
        for (accepted, cookie, expected) in [
            (None, "", Language::Chinese),
            (Some("zh-CN,zh;q=0.9,en;q=0.8"), "", Language::Chinese),
            (Some("en-US,en;q=0.9,zh;q=0.8"), "", Language::English),
            (Some("de"), "", Language::English),
            (Some("zh;q=0.1, en;q=0"), "", Language::Chinese),
            (
                Some("en"),
                "a=b; weixin-sim-language=zh-CN",
                Language::Chinese,
            ),
            (None, "weixin-sim-language=en", Language::English),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(accepted) = accepted {
                headers.insert(ACCEPT_LANGUAGE, HeaderValue::from_static(accepted));
            }
            headers.insert(COOKIE, HeaderValue::from_static(cookie));
            assert_eq!(of_headers(&headers), expected, "{accepted:?} {cookie}");
        }
    }

    #[test]
    fn the_switch_leads_to_no_other_site() {
        for (back, expected) in [
            ("/_sim/findings?class=local", "/_sim/findings?class=local"),
            ("//evil.example/", "/_sim/"),
            ("/\\evil.example/", "/_sim/"),
            ("/\t/evil.example/", "/_sim/"),
            ("/\n/evil.example/", "/_sim/"),
            ("https://evil.example/", "/_sim/"),
            ("", "/_sim/"),
        ] {
            assert_eq!(own_path(back), expected, "{back}");
        }
    }
}
