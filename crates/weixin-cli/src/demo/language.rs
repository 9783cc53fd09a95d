//! Chinese or English: what the visitor chose, else what the browser prefers.

use std::convert::Infallible;

use axum::{extract::FromRequestParts, http::request::Parts};
use weixin_axum::Visitor;

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
}

impl<S: Sync> FromRequestParts<S> for Language {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        if let Some(chosen) = cookies::value(&parts.headers, COOKIE) {
            return Ok(Self::of_tag(chosen));
        }
        Ok(match Visitor::of(&parts.headers).language {
            weixin_axum::Language::English => Self::English,
            _ => Self::Chinese,
        })
    }
}
