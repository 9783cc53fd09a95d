//! The two languages that people are spoken to in.

use std::env;

use clap::ValueEnum;
use weixin::Bilingual;

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Language {
    #[value(name = "zh")]
    Chinese,
    #[value(name = "en")]
    English,
}

impl Language {
    /// The tag for `<html lang>` and for a choice that is kept.
    pub(crate) fn tag(self) -> &'static str {
        match self {
            Self::Chinese => "zh-CN",
            Self::English => "en",
        }
    }

    /// One of two texts.
    pub(crate) fn say<'a>(self, chinese: &'a str, english: &'a str) -> &'a str {
        match self {
            Self::Chinese => chinese,
            Self::English => english,
        }
    }

    pub(crate) fn of(self, text: Bilingual) -> &'static str {
        self.say(text.zh, text.en)
    }

    /// What the terminal is set to: Chinese if it says so, else English.
    pub(crate) fn of_terminal() -> Self {
        let locale = ["LC_ALL", "LC_MESSAGES", "LANG"]
            .iter()
            .find_map(|name| env::var(name).ok().filter(|value| !value.is_empty()));
        if locale.is_some_and(|locale| locale.starts_with("zh")) {
            Self::Chinese
        } else {
            Self::English
        }
    }
}
