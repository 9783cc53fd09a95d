//! The errors of the configuration file, in both languages.

use std::fmt::Display;

use thiserror::Error;

/// Invalid configuration file: the message names line, field and rule.
#[derive(Debug, Error)]
#[error("line {line}: {english}")]
pub struct InvalidConfig {
    line: usize,
    english: String,
    chinese: String,
}

impl InvalidConfig {
    /// Error for the entry that begins at this byte of the file.
    pub(crate) fn at(toml: &str, start: usize, problem: Problem) -> Self {
        let before = toml.get(..start).unwrap_or_default();
        Self {
            line: before.matches('\n').count() + 1,
            english: problem.english,
            chinese: problem.chinese,
        }
    }

    /// The message in Chinese; `Display` is English.
    pub fn chinese(&self) -> String {
        format!("第 {} 行：{}", self.line, self.chinese)
    }
}

/// What is wrong with an entry.
pub(crate) struct Problem {
    chinese: String,
    english: String,
}

impl Problem {
    pub(crate) fn new(chinese: impl Display, english: impl Display) -> Self {
        Self {
            chinese: chinese.to_string(),
            english: english.to_string(),
        }
    }

    /// An error of the parser, which speaks English only.
    pub(crate) fn of_parser(english: &str) -> Self {
        let english = english.trim_end();
        Self::new(chinese(english), english)
    }
}

/// The parser's message in Chinese. What is not known here is a mistake in the syntax.
fn chinese(english: &str) -> String {
    let names = |text: &str| {
        let names = text.split('`').skip(1).step_by(2);
        let names: Vec<_> = names.map(|name| format!("`{name}`")).collect();
        names.join("、")
    };
    let (what, expected) = english.split_once(", expected ").unwrap_or((english, ""));
    if what.starts_with("unknown field ") {
        format!(
            "没有 {} 这项设置，可用的有 {}",
            names(what),
            names(expected)
        )
    } else if what.starts_with("unknown variant ") {
        format!("不能是 {}，可选值：{}", names(what), names(expected))
    } else if what.starts_with("missing field ") {
        format!("缺少 {}", names(what))
    } else if what.starts_with("duplicate key") {
        "重复的设置".to_owned()
    } else if let Some(kind) = expected_value(expected) {
        format!("值无效，应为{kind}")
    } else if what == "invalid IP address syntax" {
        "不是有效的 IP 地址".to_owned()
    } else {
        format!("不符合 TOML 语法（{english}）")
    }
}

/// What the parser expects as a value, in Chinese.
fn expected_value(english: &str) -> Option<&'static str> {
    Some(match english {
        "u32" | "u64" => "非负整数",
        "a boolean" => " true 或 false",
        "a string" => "字符串",
        "a sequence" => "数组",
        "IP address" => " IP 地址",
        table if table.starts_with("struct ") => "表",
        _ => return None,
    })
}
