//! Chinese or English: what the visitor chose, else what the browser prefers.

use std::convert::Infallible;

use axum::{
    extract::FromRequestParts,
    http::{header::ACCEPT_LANGUAGE, request::Parts},
};

use super::cookies;
use crate::language::Language;

/// The name of the cookie that keeps the choice.
pub(super) const COOKIE: &str = "demo-language";

impl Language {
    pub(super) fn of_tag(tag: &str) -> Self {
        if tag == "en" {
            Self::English
        } else {
            Self::Chinese
        }
    }

    /// The first of the browser's languages that is one of ours; Chinese if none is.
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

impl<S: Sync> FromRequestParts<S> for Language {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        if let Some(chosen) = cookies::value(&parts.headers, COOKIE) {
            return Ok(Self::of_tag(chosen));
        }
        let header = parts
            .headers
            .get(ACCEPT_LANGUAGE)
            .and_then(|header| header.to_str().ok());
        Ok(Self::accepted(header.unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_language_that_is_ours_counts() {
        for (header, expected) in [
            ("", Language::Chinese),
            ("en-GB,en;q=0.9,zh;q=0.8", Language::English),
            ("zh-TW,zh;q=0.9,en;q=0.8", Language::Chinese),
            ("fr, en;q=0.5", Language::English),
            ("fr", Language::Chinese),
        ] {
            assert_eq!(Language::accepted(header), expected, "{header}");
        }
    }
}
