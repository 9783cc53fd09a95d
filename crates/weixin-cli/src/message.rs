//! A text in both languages, made at run time.

use std::{fmt, io};

use weixin::{Bilingual, Language, error::ErrCode};

use crate::lang::Pick;

/// A text in both languages, made at run time. Constants are [`Bilingual`] instead.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Message {
    chinese: String,
    english: String,
}

pub(crate) fn message(chinese: impl Into<String>, english: impl Into<String>) -> Message {
    Message {
        chinese: chinese.into(),
        english: english.into(),
    }
}

impl Message {
    /// A text that is not translated, such as an IP address or a text of WeChat's.
    pub(crate) fn untranslated(text: impl Into<String>) -> Self {
        let text = text.into();
        Self {
            chinese: text.clone(),
            english: text,
        }
    }

    /// A text that is made once for each language.
    pub(crate) fn of(text: impl Fn(Language) -> String) -> Self {
        message(text(Language::Chinese), text(Language::English))
    }

    /// The text after a name, such as that of a file or an option.
    pub(crate) fn prefixed(&self, name: &str) -> Self {
        message(
            format!("{name}：{}", self.chinese),
            format!("{name}: {}", self.english),
        )
    }

    /// Appends an error code.
    pub(crate) fn with_code(mut self, code: ErrCode) -> Self {
        self.chinese = format!("{}（{code}）", self.chinese.trim_end_matches('。'));
        self.english = format!("{} ({code})", self.english.trim_end_matches('.'));
        self
    }

    pub(crate) fn pick(&self, language: Language) -> &str {
        language.pick(&self.chinese, &self.english)
    }
}

/// A value, such as a name or a URL.
impl From<String> for Message {
    fn from(value: String) -> Self {
        Self::untranslated(value)
    }
}

impl From<Bilingual> for Message {
    fn from(text: Bilingual) -> Self {
        message(text.zh, text.en)
    }
}

/// The operating system speaks English only; its most frequent errors are translated here.
impl From<&io::Error> for Message {
    fn from(error: &io::Error) -> Self {
        let english = error.to_string();
        let chinese = match error.kind() {
            // It has a text of its own.
            _ if error.get_ref().is_some() => &english,
            io::ErrorKind::AlreadyExists => "文件已存在",
            io::ErrorKind::InvalidData => "内容不是 UTF-8",
            io::ErrorKind::IsADirectory => "这是一个目录",
            io::ErrorKind::NotFound => "文件或目录不存在",
            io::ErrorKind::PermissionDenied => "没有权限",
            io::ErrorKind::StorageFull => "磁盘空间不足",
            _ => &english,
        };
        message(chinese, &*english)
    }
}

/// A text of the command line that a parser of the command rejects, with the rule.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Invalid(pub(crate) Bilingual);

impl Invalid {
    pub(crate) const fn new(zh: &'static str, en: &'static str) -> Self {
        Self(Bilingual { en, zh })
    }
}

/// clap prints it in English.
impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.en)
    }
}

impl std::error::Error for Invalid {}
