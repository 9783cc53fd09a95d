//! The language of texts: Chinese or English.

use std::env;

use weixin::Language;

/// Picks one of two texts. Constants are [`Bilingual`](weixin::Bilingual) instead.
pub(crate) trait Pick {
    fn pick<'a>(self, chinese: &'a str, english: &'a str) -> &'a str;
}

impl Pick for Language {
    fn pick<'a>(self, chinese: &'a str, english: &'a str) -> &'a str {
        match self {
            Self::English => english,
            _ => chinese,
        }
    }
}

/// The language of the terminal: Chinese if the locale says so, otherwise English.
pub(crate) fn of_terminal() -> Language {
    let locale = ["LC_ALL", "LC_MESSAGES", "LANG"]
        .iter()
        .find_map(|name| env::var(name).ok().filter(|value| !value.is_empty()));
    if locale.is_some_and(|locale| locale.starts_with("zh")) {
        Language::Chinese
    } else {
        Language::English
    }
}
