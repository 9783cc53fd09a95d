//! Output: results on standard output, as text or JSON; notes and errors on standard error.

use std::{
    io::{self, Write},
    time::Duration,
};

use serde_json::{Value, json};
use weixin::Language;

use crate::{
    args::Preferences,
    error::CliError,
    exit_code::ExitCode,
    lang::Pick,
    layout::{pad, width},
    message::{Message, message},
    style::{BOLD, RED, paint},
};

/// The output of a command, as text in one language or as JSON.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    json: bool,
    language: Language,
}

impl Output {
    /// The output with these preferences, and with their colors for all that is printed.
    pub(crate) fn new(preferences: Preferences) -> Self {
        let color = match preferences.color {
            clap::ColorChoice::Always => anstream::ColorChoice::Always,
            clap::ColorChoice::Auto => anstream::ColorChoice::Auto,
            clap::ColorChoice::Never => anstream::ColorChoice::Never,
        };
        color.write_global();
        let Preferences { json, language, .. } = preferences;
        Self { json, language }
    }

    /// Prints a help page, or the version.
    #[expect(
        clippy::unused_self,
        reason = "all that is printed goes through the output"
    )]
    pub(crate) fn page(self, text: &str) -> Result<(), CliError> {
        print(text.trim_end())
    }

    pub(crate) fn language(self) -> Language {
        self.language
    }

    /// Prints the result.
    pub(crate) fn result(
        self,
        text: impl FnOnce() -> Message,
        json: &Value,
    ) -> Result<(), CliError> {
        if self.json {
            print(&format!("{json:#}"))
        } else {
            print(text().pick(self.language))
        }
    }

    /// Prints a file as it is.
    #[expect(
        clippy::unused_self,
        reason = "all that is printed goes through the output"
    )]
    pub(crate) fn file(self, content: &[u8]) -> Result<(), CliError> {
        let mut stdout = io::stdout();
        let written = stdout.write_all(content).and_then(|()| stdout.flush());
        written.map_err(|error| not_printed(&error))
    }

    /// Prints one line of a longer result, which JSON contains as a whole at the end.
    pub(crate) fn line(self, text: impl FnOnce() -> String) -> Result<(), CliError> {
        if self.json {
            return Ok(());
        }
        print(&text())
    }

    /// Prints a note that is not part of the result.
    pub(crate) fn note(self, text: impl Into<Message>) {
        complain(text.into().pick(self.language));
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

    /// Prints an error with its remedy, unless it was reported before. JSON is the same in both languages.
    pub(crate) fn error(self, error: &CliError) {
        if matches!(error, CliError::Reported(_)) {
            return;
        }
        let (text, remedy) = (error.message(), error.remedy());
        if self.json {
            let wechat = match error {
                CliError::Weixin(weixin::Error::Api(error)) => json!({
                    "errcode": error.code, "errmsg": error.message, "rid": error.rid, "path": error.path,
                }),
                _ => Value::Null,
            };
            let json = json!({
                "error": text.pick(Language::English),
                "remedy": remedy.as_ref().map(|remedy| remedy.pick(Language::English)),
                "wechat": wechat,
            });
            // Nothing is left to do if this fails as well.
            let _ = print(&format!("{json:#}"));
        } else if let CliError::CommandLine(error) = error {
            complain(error.page.pick(self.language));
        } else {
            let label =
                |style, chinese, english| paint(style, self.language.pick(chinese, english));
            let error = label(RED, "错误：", "error:");
            let space = self.language.pick("", " ");
            complain(&format!("{error}{space}{}", text.pick(self.language)));
            if let Some(text) = remedy {
                let remedy = label(BOLD, "处理办法：", "remedy:");
                complain(&format!("{remedy}{space}{}", text.pick(self.language)));
            }
        }
    }
}

/// Prints to standard error. If that is full or closed, there is no other place to say so.
fn complain(text: &str) {
    let _ = writeln!(anstream::stderr(), "{text}");
}

/// Prints to standard output.
fn print(text: &str) -> Result<(), CliError> {
    writeln!(anstream::stdout(), "{text}").map_err(|error| not_printed(&error))
}

/// Standard output may be full, or a pipe whose reader has ended. That is not an error to report.
fn not_printed(error: &io::Error) -> CliError {
    if error.kind() == io::ErrorKind::BrokenPipe {
        return CliError::Reported(ExitCode::Failure);
    }
    let reason = Message::from(error);
    CliError::Other(Message::of(|language| {
        let label = language.pick("无法写入标准输出：", "cannot write to standard output: ");
        format!("{label}{}", reason.pick(language))
    }))
}

/// A name of a value, in Chinese and English.
pub(crate) type Name = [&'static str; 2];

/// Lines of name and value, with aligned values.
pub(crate) fn table(rows: &[(Name, Message)]) -> Message {
    Message::of(|language| {
        let name = |[chinese, english]: Name| language.pick(chinese, english);
        let widths = rows.iter().map(|(names, _)| width(name(*names)));
        let columns = widths.max().unwrap_or_default();
        let row = |(names, value): &(Name, Message)| {
            let value = visible(value.pick(language));
            format!("{}  {value}", pad(name(*names), columns))
        };
        rows.iter().map(row).collect::<Vec<_>>().join("\n")
    })
}

/// The value of a secret in a table.
pub(crate) fn hidden() -> Message {
    message("已隐藏，用 --json 查看", "hidden; --json prints it")
}

/// A duration in a table.
pub(crate) fn seconds(duration: Duration) -> Message {
    let seconds = duration.as_secs();
    message(format!("{seconds} 秒"), format!("{seconds} s"))
}

/// Replaces control characters. Users choose their names, which must not control the terminal.
pub(crate) fn visible(text: &str) -> String {
    let hidden =
        |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars()
        .map(|c| if hidden(c) { '\u{fffd}' } else { c })
        .collect()
}
