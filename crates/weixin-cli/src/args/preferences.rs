//! The options that decide how texts are printed. They are read before the command line is parsed, for its errors too.

use std::ffi::OsString;

use clap::{ColorChoice, ValueEnum};
use weixin::Language;

use crate::lang;

/// The options of every command.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Preferences {
    pub(crate) json: bool,
    pub(crate) language: Language,
    pub(crate) color: ColorChoice,
}

impl Preferences {
    /// Reads the options. A value that is wrong does not count here: it is an error when the command line is parsed.
    pub(crate) fn of(line: &[OsString]) -> Self {
        let (options, _) = split(line);
        let words: Vec<_> = options.iter().map(|word| word.to_string_lossy()).collect();
        let value = |option: &str| {
            let mut values = words.iter().enumerate().filter_map(|(position, word)| {
                match word.strip_prefix(option)? {
                    "" => words.get(position + 1).map(ToString::to_string),
                    rest => rest.strip_prefix('=').map(str::to_owned),
                }
            });
            values.next_back()
        };
        let language = match value("--lang").as_deref() {
            Some("zh") => Language::Chinese,
            Some("en") => Language::English,
            _ => lang::of_terminal(),
        };
        let color = value("--color").and_then(|when| ColorChoice::from_str(&when, false).ok());
        Self {
            json: words.iter().any(|word| word == "--json"),
            language,
            color: color.unwrap_or(ColorChoice::Auto),
        }
    }
}

/// The line with these options before the command: clap rejects them between `sim` and its subcommands, as it rejects
/// options of the simulator there.
pub(super) fn first(line: &[OsString]) -> Vec<OsString> {
    let (options, rest) = split(line);
    let program = rest.iter().take(1);
    let command = rest.iter().skip(1);
    program.chain(&options).chain(command).cloned().collect()
}

/// The options of every command with their values, and all other words.
fn split(line: &[OsString]) -> (Vec<OsString>, Vec<OsString>) {
    let (mut options, mut rest) = (Vec::new(), Vec::new());
    let mut words = line.iter().cloned();
    while let Some(word) = words.next() {
        let text = word.to_string_lossy().into_owned();
        match text.split_once('=').map_or(&*text, |(name, _)| name) {
            // The words of a program that `sim exec` runs.
            "--" => {
                rest.push(word);
                rest.extend(words.by_ref());
            }
            "--json" => options.push(word),
            "--lang" | "--color" if text.contains('=') => options.push(word),
            "--lang" | "--color" => match words.next() {
                Some(value) => options.extend([word, value]),
                None => rest.push(word),
            },
            _ => rest.push(word),
        }
    }
    (options, rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_options_are_moved_before_the_command() {
        let of = |line: &str| {
            let words: Vec<_> = line.split(' ').map(OsString::from).collect();
            let words = first(&words).into_iter();
            let words: Vec<_> = words.map(|word| word.into_string().unwrap()).collect();
            words.join(" ")
        };
        for (line, expected) in [
            ("weixin sim --json health", "weixin --json sim health"),
            (
                "weixin sim --lang zh --color=never x",
                "weixin --lang zh --color=never sim x",
            ),
            (
                "weixin sim exec -- app --json",
                "weixin sim exec -- app --json",
            ),
            ("weixin user --lang", "weixin user --lang"),
            ("weixin", "weixin"),
        ] {
            assert_eq!(of(line), expected);
        }
    }

    #[test]
    fn the_options_are_read_wherever_they_are_and_not_those_of_another_program() {
        let of = |line: &str| {
            let words: Vec<_> = line.split(' ').map(OsString::from).collect();
            Preferences::of(&words)
        };
        let chinese = of("weixin sim --listen x --lang zh --color=always exec --json");
        assert_eq!(
            chinese,
            Preferences {
                json: true,
                language: Language::Chinese,
                color: ColorChoice::Always
            }
        );
        let program = of("weixin --lang=en sim exec -- app --json --lang zh --color never");
        assert_eq!(
            program,
            Preferences {
                json: false,
                language: Language::English,
                color: ColorChoice::Auto
            }
        );
    }
}
