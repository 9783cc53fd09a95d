//! What can be wrong in a configuration, in both languages.

use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use weixin::{Bilingual, Language, error::ParseError};

use crate::store::PASSWORD_ESCAPES;

use super::{
    duration,
    nearest::nearest,
    rules,
    unreadable_file::{self, Holds, reason},
};

/// What is wrong. It never has a value of the file, which may be a secret.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Problem {
    Duplicate,
    /// A lifetime outside its bounds.
    Lifetime {
        least: Duration,
        most: Duration,
    },
    Missing,
    /// There is no table `[app.NAME]` that an issuer names.
    NoApp(Known),
    /// There is no table `[[issuer]]` with the URL that a client names.
    NoIssuer(Known),
    /// One of these words is expected.
    OneOf(Vec<String>),
    Parse(ParseError),
    /// Some of these words are expected.
    SomeOf(Vec<String>),
    Rule(Bilingual),
    /// Of what a file of secrets holds.
    InSecretFile {
        file: PathBuf,
        error: ParseError,
    },
    SecretFile {
        holds: Holds,
        file: PathBuf,
        error: io::ErrorKind,
    },
    Syntax(Option<Bilingual>),
    /// A URL that is wrong, probably by a special character in its password.
    Unescaped(Bilingual),
    UnknownKey(Known),
    /// Of a URL. What stands there may be a part of the password: only the name that was probably meant is told.
    UnknownParameter(Known),
    /// The configuration file itself.
    Unreadable(io::ErrorKind),
    WrongType(Expected),
}

/// The names that there are in the place of one that is unknown.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Known {
    /// The one that was probably meant.
    nearest: Option<String>,
    names: Vec<String>,
}

impl Known {
    pub(super) fn new(unknown: &str, names: Vec<String>) -> Self {
        let nearest = nearest(unknown, &names).map(str::to_owned);
        Self { nearest, names }
    }

    /// Whether the unknown name differs little from a known one.
    pub(super) const fn has_nearest(&self) -> bool {
        self.nearest.is_some()
    }

    fn text(&self, language: Language) -> String {
        let is_english = language == Language::English;
        let names = match (self.names.is_empty(), is_english) {
            (true, true) => "none".to_owned(),
            (true, false) => "无".to_owned(),
            (false, true) => self.names.join(", "),
            (false, false) => self.names.join("、"),
        };
        match &self.nearest {
            Some(name) if is_english => format!(", did you mean `{name}`? Known: {names}"),
            None if is_english => format!(". Known: {names}"),
            Some(name) => format!("，是否想写 `{name}`？可用：{names}"),
            None => format!("。可用：{names}"),
        }
    }
}

/// The type of a value.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Expected {
    Address,
    Boolean,
    Duration,
    List,
    /// A whole number.
    Number,
    Other,
    Table,
    Text,
    /// A claim template.
    TextOrTexts,
}

impl Expected {
    const fn text(self) -> Bilingual {
        match self {
            Self::Address => both(
                "应为 IP 地址和端口，例如 \"127.0.0.1:8080\"",
                "expected an IP address with a port, such as \"127.0.0.1:8080\"",
            ),
            Self::Boolean => both("应为 true 或 false", "expected true or false"),
            Self::Duration => both(
                "应为带引号的时长，例如 \"1h\"",
                "expected a duration in quotes, such as \"1h\"",
            ),
            Self::List => both(
                "应为列表，例如 [\"a\", \"b\"]",
                "expected a list, such as [\"a\", \"b\"]",
            ),
            Self::Number => both(
                "应为非负整数，例如 300",
                "expected a whole number from 0, such as 300",
            ),
            Self::Other => both("值的类型不对", "the value has another type than expected"),
            Self::Table => both(
                "应为表，例如 [server]",
                "expected a table, such as [server]",
            ),
            Self::Text => both(
                "应为带引号的文本，例如 \"a\"",
                "expected a text in quotes, such as \"a\"",
            ),
            Self::TextOrTexts => both(
                "应为带引号的文本，或这种文本的列表",
                "expected a text in quotes, or a list of such texts",
            ),
        }
    }
}

pub(super) const fn both(zh: &'static str, en: &'static str) -> Bilingual {
    Bilingual { en, zh }
}

impl Problem {
    /// Makes a file that it names relative to a folder.
    pub(super) fn below(self, folder: &Path) -> Self {
        match self {
            Self::SecretFile { holds, file, error } => Self::SecretFile {
                holds,
                file: folder.join(file),
                error,
            },
            Self::InSecretFile { file, error } => Self::InSecretFile {
                file: folder.join(file),
                error,
            },
            other => other,
        }
    }

    /// The file of secrets that has to be changed or created, and no key of the configuration. A path that may be a secret is none.
    pub(super) fn secret_file(&self) -> Option<&Path> {
        match self {
            Self::InSecretFile { file, .. } => Some(file),
            Self::SecretFile { file, error, .. } => {
                unreadable_file::is_wrong(file, *error).then_some(file)
            }
            _ => None,
        }
    }

    /// The text for a problem of this place.
    pub(super) fn text(&self, place: &str, language: Language) -> String {
        let is_english = language == Language::English;
        match self {
            Self::Duplicate => both(
                "重复：同一个键只能出现一次",
                "it occurs twice: remove one of both",
            )
            .pick(language)
            .to_owned(),
            Self::Lifetime { least, most } => lifetime(*least, *most, language),
            Self::InSecretFile { file, error } if is_english => {
                format!("{}: {error}", file.display())
            }
            Self::InSecretFile { file, error } => {
                format!("{}：{}", file.display(), rules::chinese(*error))
            }
            Self::Missing => both("缺少这个键", "the key is missing")
                .pick(language)
                .to_owned(),
            Self::NoApp(known) => {
                let text = both("没有这个 [app.NAME]", "there is no such [app.NAME]");
                format!("{}{}", text.pick(language), known.text(language))
            }
            Self::NoIssuer(known) => {
                let text = both("没有这个 [[issuer]]", "there is no such [[issuer]]");
                format!("{}{}", text.pick(language), known.text(language))
            }
            Self::OneOf(words) if is_english => format!("expected one of: {}", words.join(", ")),
            Self::OneOf(words) => format!("应为其中之一：{}", words.join("、")),
            Self::SomeOf(words) if is_english => format!("expected some of: {}", words.join(", ")),
            Self::SomeOf(words) => format!("应为其中的一个或多个：{}", words.join("、")),
            Self::Parse(error) if is_english => error.to_string(),
            Self::Parse(error) => rules::chinese(*error),
            Self::Rule(text) => text.pick(language).to_owned(),
            Self::SecretFile { holds, file, error } => {
                unreadable_file::text(place, (*holds, file, *error), language)
            }
            Self::Syntax(hint) => {
                let text = both("不是有效的 TOML", "not valid TOML").pick(language);
                match hint {
                    Some(hint) if is_english => format!("{text}: {}", hint.en),
                    Some(hint) => format!("{text}：{}", hint.zh),
                    None => text.to_owned(),
                }
            }
            Self::UnknownKey(known) => {
                let text = both("未知的键", "unknown key").pick(language);
                format!("{text}{}", known.text(language))
            }
            Self::UnknownParameter(known) => unknown_parameter(known, language),
            Self::Unescaped(text) => with_escapes(text.pick(language), language),
            Self::Unreadable(error) => unreadable(*error, language),
            Self::WrongType(expected) => expected.text().pick(language).to_owned(),
        }
    }
}

fn unreadable(error: io::ErrorKind, language: Language) -> String {
    let label = both("无法读取文件：", "the file cannot be read: ").pick(language);
    let next = if error == io::ErrorKind::PermissionDenied {
        both(
            "；请以网关的用户运行，例如 sudo -u weixin-gateway，并允许该用户读取它",
            "; run this as the user of the gateway, such as with sudo -u weixin-gateway, and let that user read it",
        )
        .pick(language)
    } else {
        ""
    };
    format!("{label}{}{next}", reason(error, language))
}

fn lifetime(least: Duration, most: Duration, language: Language) -> String {
    let (least, most) = (duration::text(least), duration::text(most));
    if language == Language::English {
        format!("expected a duration such as \"12h\", from {least} to {most}")
    } else {
        format!("应为时长，例如 \"12h\"，{least} 到 {most}")
    }
}

fn unknown_parameter(known: &Known, language: Language) -> String {
    let text = both("URL 中有未知的参数", "the URL has an unknown parameter");
    let text = format!("{}{}", text.pick(language), known.text(language));
    // A file of SQLite has neither parameters nor a password.
    if known.names.is_empty() {
        text
    } else {
        with_escapes(&text, language)
    }
}

fn with_escapes(text: &str, language: Language) -> String {
    let stop = if language == Language::English {
        ". "
    } else {
        "。"
    };
    format!("{text}{stop}{}", PASSWORD_ESCAPES.pick(language))
}

impl From<Bilingual> for Problem {
    fn from(rule: Bilingual) -> Self {
        Self::Rule(rule)
    }
}

impl From<ParseError> for Problem {
    fn from(error: ParseError) -> Self {
        Self::Parse(error)
    }
}

impl From<Expected> for Problem {
    fn from(expected: Expected) -> Self {
        Self::WrongType(expected)
    }
}
