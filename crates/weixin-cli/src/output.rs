//! Results to standard output, as text or JSON; notes and errors to standard error.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the one place that prints"
)]

use serde_json::{Value, json};

use crate::failure::Failure;

/// Where a command says what it found.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    json: bool,
}

impl Output {
    pub(crate) fn new(json: bool) -> Self {
        Self { json }
    }

    /// The result: text for people, or JSON for programs.
    pub(crate) fn result(self, text: impl FnOnce() -> String, json: &Value) {
        if self.json {
            println!("{json:#}");
        } else {
            println!("{}", text());
        }
    }

    /// One line of a longer text for people; programs get the whole at its end.
    pub(crate) fn line(self, text: impl FnOnce() -> String) {
        if !self.json {
            println!("{}", text());
        }
    }

    /// Something that people want to know and programs do not.
    #[expect(
        clippy::unused_self,
        reason = "all that is said goes through the output"
    )]
    pub(crate) fn note(self, text: &str) {
        eprintln!("{text}");
    }

    /// What went wrong; a command that was run has said so itself.
    pub(crate) fn failure(self, failure: &Failure) {
        if matches!(failure, Failure::Command(_)) {
            return;
        }
        if self.json {
            let rid = match failure {
                Failure::Weixin(weixin::Error::Api(error)) => json!({
                    "errcode": error.code, "errmsg": error.message, "rid": error.rid, "path": error.path,
                }),
                _ => Value::Null,
            };
            let advice = failure.advice();
            println!(
                "{:#}",
                json!({ "error": failure.to_string(), "advice": advice, "wechat": rid })
            );
        } else {
            eprintln!("error: {failure}");
            if let Some(advice) = failure.advice() {
                eprintln!("help: {advice}");
            }
        }
    }
}

/// Lines of `name: value`, the values below each other.
pub(crate) fn table(rows: &[(&str, String)]) -> String {
    let width = rows
        .iter()
        .map(|(name, _)| name.len())
        .max()
        .unwrap_or_default();
    let row = |(name, value): &(&str, String)| format!("{name:width$}  {}", visible(value));
    rows.iter().map(row).collect::<Vec<_>>().join("\n")
}

/// Names come from strangers: control characters must not reach the terminal.
pub(crate) fn visible(text: &str) -> String {
    let hidden =
        |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars()
        .map(|c| if hidden(c) { '\u{fffd}' } else { c })
        .collect()
}
