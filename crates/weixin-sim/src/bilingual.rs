//! Texts in Chinese and English.

use std::borrow::Borrow;

use serde::Serialize;

/// A text in Chinese and English.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Bilingual {
    /// 中文
    pub zh: &'static str,
    /// English
    pub en: &'static str,
}

impl Bilingual {
    /// Creates a text from both languages.
    pub const fn new(zh: &'static str, en: &'static str) -> Self {
        Self { zh, en }
    }
}

/// Language of a page, for pages in one language.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Language {
    Chinese,
    English,
}

impl Language {
    /// Tag for `<html lang>`.
    pub(crate) fn tag(self) -> &'static str {
        self.pick("zh-CN", "en")
    }

    /// The language that is not this one.
    pub(crate) fn other(self) -> Self {
        match self {
            Self::Chinese => Self::English,
            Self::English => Self::Chinese,
        }
    }

    /// The text in this language.
    pub(crate) fn of(self, text: impl Borrow<Bilingual>) -> &'static str {
        let text = text.borrow();
        match self {
            Self::Chinese => text.zh,
            Self::English => text.en,
        }
    }

    /// Picks one of two texts.
    pub(crate) fn pick<'a>(self, chinese: &'a str, english: &'a str) -> &'a str {
        match self {
            Self::Chinese => chinese,
            Self::English => english,
        }
    }
}
