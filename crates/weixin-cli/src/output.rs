//! Output: results on standard output, as text or JSON; notes and errors on standard error.

use std::io::{self, Write};

use serde_json::{Value, json};

use crate::{error::CliError, exit_code::ExitCode};

/// The output of a command, as text or JSON.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    json: bool,
}

impl Output {
    pub(crate) fn new(json: bool) -> Self {
        Self { json }
    }

    /// Prints the result.
    pub(crate) fn result(
        self,
        text: impl FnOnce() -> String,
        json: &Value,
    ) -> Result<(), CliError> {
        if self.json {
            print(&format!("{json:#}"))
        } else {
            print(&text())
        }
    }

    /// Prints one line of a longer result, which JSON contains as a whole at the end.
    pub(crate) fn line(self, text: impl FnOnce() -> String) -> Result<(), CliError> {
        if self.json {
            return Ok(());
        }
        print(&text())
    }

    /// Prints a note that is not part of the result.
    #[expect(
        clippy::unused_self,
        reason = "all that is printed goes through the output"
    )]
    pub(crate) fn note(self, text: &str) {
        complain(text);
    }

    /// Prints an event to standard error: as text, or as one line of JSON. Standard output has the result alone, or is the
    /// program's of `exec`.
    pub(crate) fn event(self, text: Option<String>, json: &Value) {
        if self.json {
            complain(&json.to_string());
        } else if let Some(text) = text {
            complain(&text);
        }
    }

    /// Prints an error with its remedy, unless it was reported before.
    pub(crate) fn error(self, error: &CliError) {
        if matches!(error, CliError::Reported(_)) {
            return;
        }
        if self.json {
            let wechat = match error {
                CliError::Weixin(weixin::Error::Api(error)) => json!({
                    "errcode": error.code, "errmsg": error.message, "rid": error.rid, "path": error.path,
                }),
                _ => Value::Null,
            };
            let json = json!({
                "error": error.to_string(), "remedy": error.remedy(), "wechat": wechat,
            });
            // Nothing is left to do if this fails as well.
            let _ = print(&format!("{json:#}"));
        } else {
            complain(&format!("error: {error}"));
            if let Some(remedy) = error.remedy() {
                complain(&format!("remedy: {remedy}"));
            }
        }
    }
}

/// Prints to standard error. If that is full or closed, there is no other place to say so.
fn complain(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// Prints to standard output, which may be full, or a pipe whose reader has ended.
fn print(text: &str) -> Result<(), CliError> {
    writeln!(io::stdout(), "{text}").map_err(|error| match error.kind() {
        io::ErrorKind::BrokenPipe => CliError::Reported(ExitCode::Failure),
        _ => CliError::Other(format!("cannot write to standard output: {error}")),
    })
}

/// Lines of `name: value`, with aligned values.
pub(crate) fn table(rows: &[(&str, String)]) -> String {
    let width = rows
        .iter()
        .map(|(name, _)| name.len())
        .max()
        .unwrap_or_default();
    let row = |(name, value): &(&str, String)| format!("{name:width$}  {}", visible(value));
    rows.iter().map(row).collect::<Vec<_>>().join("\n")
}

/// Replaces control characters. Users choose their names, which must not control the terminal.
pub(crate) fn visible(text: &str) -> String {
    let hidden =
        |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars()
        .map(|c| if hidden(c) { '\u{fffd}' } else { c })
        .collect()
}
