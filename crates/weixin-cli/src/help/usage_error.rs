//! The errors of a command line. clap has their English texts.

use std::error::Error as _;

use clap::{
    Error,
    error::{ContextKind, ContextValue, ErrorKind},
};
use weixin::{Language, error::ParseError};
use weixin_sim::{Rule, UnknownRule};

use super::page::usage_line;
use crate::{
    message::{Invalid, Message, message},
    rules,
    style::{BOLD, RED, paint},
};

/// The error of a command line.
#[derive(Debug)]
pub(crate) struct UsageError {
    /// All that is printed.
    pub(crate) page: Message,
    /// One line for JSON, in English.
    pub(crate) line: String,
    pub(crate) tip: Option<Message>,
}

impl UsageError {
    pub(crate) fn new(mut error: Error, tip: Option<Message>) -> Self {
        let chinese = chinese(&error, tip.as_ref());
        if let Some(tip) = &tip {
            let tip = tip.pick(Language::English).to_owned();
            error.insert(
                ContextKind::Suggested,
                ContextValue::StyledStrs(vec![tip.into()]),
            );
        }
        let english = error.render();
        Self {
            page: message(chinese, english.ansi().to_string().trim_end()),
            line: first_line(&english.to_string()),
            tip,
        }
    }

    /// The help page is the error if there is no command.
    pub(crate) fn without_command(page: &str) -> Self {
        Self {
            page: Message::from(page.trim_end().to_owned()),
            line: "the command is missing".to_owned(),
            tip: Some(message(
                "`weixin --help` 列出所有命令",
                "`weixin --help` lists the commands",
            )),
        }
    }
}

/// The error without usage and tips, on one line.
fn first_line(english: &str) -> String {
    let text = english.trim_start_matches("error: ");
    let text = text.split("\n\n").next().unwrap_or_default();
    let lines: Vec<_> = text.lines().map(str::trim).collect();
    lines.join(" ")
}

fn chinese(error: &Error, tip: Option<&Message>) -> String {
    let mut parts = vec![format!("{}{}", paint(RED, "错误："), what(error))];
    let own = tip.map(|tip| tip.pick(Language::Chinese).to_owned());
    let tips = tips(error).into_iter().chain(own);
    let tips: Vec<_> = tips
        .map(|tip| format!("  {}{tip}", paint(BOLD, "提示：")))
        .collect();
    if !tips.is_empty() {
        parts.push(tips.join("\n"));
    }
    if let Some(ContextValue::StyledStr(usage)) = error.get(ContextKind::Usage) {
        let usage = usage.to_string();
        let lines = usage.trim_start_matches("Usage: ").lines();
        let lines: Vec<_> = lines
            .map(|line| usage_line(line.trim(), Language::Chinese))
            .collect();
        parts.push(format!(
            "{}{}",
            paint(BOLD, "用法："),
            lines.join("\n      ")
        ));
    }
    parts.push("详细说明见 --help。".to_owned());
    parts.join("\n\n")
}

/// What is wrong, in Chinese.
fn what(error: &Error) -> String {
    let argument = of(error, ContextKind::InvalidArg).join("、");
    let value = of(error, ContextKind::InvalidValue).join("、");
    match error.kind() {
        ErrorKind::ArgumentConflict => conflict(error),
        ErrorKind::InvalidSubcommand => {
            let command = of(error, ContextKind::InvalidSubcommand).join("");
            format!("没有“{command}”这个命令")
        }
        ErrorKind::InvalidUtf8 => "命令行不是有效的 UTF-8".to_owned(),
        ErrorKind::InvalidValue if value.is_empty() => format!("{argument} 缺少值"),
        ErrorKind::InvalidValue => {
            let possible = of(error, ContextKind::ValidValue);
            let possible = match possible.as_slice() {
                [] => String::new(),
                values => format!("\n  [可选值：{}]", values.join("、")),
            };
            format!("{argument} 的值“{value}”无效{possible}")
        }
        ErrorKind::MissingRequiredArgument => {
            let missing = of(error, ContextKind::InvalidArg).join("\n  ");
            format!("缺少必需的参数：\n  {missing}")
        }
        ErrorKind::MissingSubcommand => "缺少命令".to_owned(),
        ErrorKind::NoEquals => format!("{argument} 与值之间需要等号（=）"),
        ErrorKind::TooFewValues | ErrorKind::WrongNumberOfValues => {
            format!("{argument} 的值的个数不对")
        }
        ErrorKind::TooManyValues => format!("{argument} 不能再接受值“{value}”"),
        ErrorKind::UnknownArgument => format!("没有“{argument}”这个参数"),
        ErrorKind::ValueValidation => {
            format!("{argument} 的值“{value}”无效{}", reason(error))
        }
        _ => first_line(&error.render().to_string()),
    }
}

fn conflict(error: &Error) -> String {
    let argument = of(error, ContextKind::InvalidArg);
    let prior = of(error, ContextKind::PriorArg);
    if argument == prior {
        return format!("参数 {} 不能重复使用", argument.join("、"));
    }
    let (kind, conflicting) = match argument.as_slice() {
        [] => ("命令", of(error, ContextKind::InvalidSubcommand)),
        _ => ("参数", argument),
    };
    let others = match prior.as_slice() {
        [] => "其他参数".to_owned(),
        others => others.join("、"),
    };
    format!("{kind} {} 不能与 {others} 同时使用", conflicting.join("、"))
}

/// The rule that a value breaks. Parsers say it in Chinese too.
fn reason(error: &Error) -> String {
    let Some(source) = error.source() else {
        return String::new();
    };
    if let Some(error) = source.downcast_ref::<ParseError>() {
        format!("：{}", rules::rule(*error))
    } else if let Some(Invalid(rule)) = source.downcast_ref() {
        format!("：{}", rule.zh)
    } else if source.is::<UnknownRule>() {
        let rules: Vec<_> = Rule::all().map(|rule| rule.id).collect();
        format!("：没有这条规则，可用的规则有 {}", rules.join("、"))
    } else {
        format!("：{source}")
    }
}

/// The tips of clap, in Chinese.
fn tips(error: &Error) -> Vec<String> {
    let similar = [
        (ContextKind::SuggestedSubcommand, "命令"),
        (ContextKind::SuggestedArg, "参数"),
        (ContextKind::SuggestedValue, "值"),
    ];
    let similar = similar.map(|(kind, name)| {
        let texts = of(error, kind);
        (!texts.is_empty()).then(|| format!("有相近的{name}：{}", texts.join("、")))
    });
    let argument = of(error, ContextKind::InvalidArg).join("");
    // clap suggests this only where a command takes values without an option.
    let is_perhaps_value = error.kind() == ErrorKind::UnknownArgument
        && argument.starts_with('-')
        && error.get(ContextKind::Suggested).is_some();
    let as_value =
        is_perhaps_value.then(|| format!("如果“{argument}”是一个值，请写成 -- {argument}"));
    similar.into_iter().flatten().chain(as_value).collect()
}

fn of(error: &Error, kind: ContextKind) -> Vec<String> {
    match error.get(kind) {
        Some(ContextValue::String(text)) => vec![text.clone()],
        Some(ContextValue::Strings(texts)) => texts.clone(),
        _ => Vec::new(),
    }
}
