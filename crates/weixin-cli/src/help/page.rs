//! The layout of a help page, with lines of the terminal's width.

use std::fmt::Write;

use clap::{
    Arg, Command,
    builder::{PossibleValue, StyledStr},
};
use weixin::Language;

use super::{
    groups::{GROUPS, Group},
    texts::Texts,
};
use crate::{
    lang::Pick,
    layout::{pad, width, wrap},
    style::paint,
};

/// Widest name of an option or command with its text on the same line.
const MAX_NAME: usize = 27;

/// The help page of a command that clap has completed.
pub(super) struct Page<'a> {
    pub(super) command: &'a Command,
    pub(super) texts: Texts,
    /// The width of a line.
    pub(super) columns: usize,
}

/// A name and its text, in two columns.
struct Row {
    name: String,
    text: String,
}

impl Page<'_> {
    pub(super) fn render(&self) -> StyledStr {
        let mut page = wrap(&self.texts.about(self.command), self.columns).join("\n");
        page.push_str("\n\n");
        page.push_str(&self.usage());
        page.push_str(&self.commands());
        page.push_str(&self.arguments("参数", "Arguments", Arg::is_positional));
        let is_own = |one: &Arg| !one.is_positional() && !is_for_all(one);
        page.push_str(&self.arguments("选项", "Options", is_own));
        page.push_str(&self.arguments("通用选项", "Global options", is_for_all));
        page.push_str(&self.after());
        page.push('\n');
        StyledStr::from(page)
    }

    fn pick(&self, chinese: &'static str, english: &'static str) -> &'static str {
        self.texts.language.pick(chinese, english)
    }

    fn usage(&self) -> String {
        let usage = self.command.clone().render_usage().to_string();
        let label = self.pick("用法：", "Usage: ");
        let lines = usage.trim_start_matches("Usage: ").lines();
        let lines: Vec<_> = lines
            .map(|line| usage_line(line.trim(), self.texts.language))
            .collect();
        let indent = format!("\n{}", " ".repeat(width(label)));
        format!("{}{}", self.heading(label), lines.join(&indent))
    }

    /// The subcommands; those of `weixin` in their groups.
    fn commands(&self) -> String {
        let row = |command: &Command| Row {
            name: command.get_name().to_owned(),
            text: self.texts.about_subcommand(command),
        };
        let commands = self.command.get_subcommands();
        let commands: Vec<_> = commands.filter(|one| !one.is_hide_set()).collect();
        if !self.texts.is_of_root() {
            let rows: Vec<_> = commands.into_iter().map(row).collect();
            return self.section(self.pick("命令", "Commands"), &rows);
        }
        let names = commands.iter().map(|command| command.get_name().len());
        let columns = names.max().unwrap_or_default();
        let group = |group: &Group| {
            let members = group.commands.iter();
            let members = members.filter_map(|name| self.command.find_subcommand(name));
            let rows: Vec<_> = members.map(row).collect();
            self.aligned(group.heading.pick(self.texts.language), &rows, columns)
        };
        GROUPS.iter().map(group).collect()
    }

    /// The section of these arguments.
    fn arguments(
        &self,
        chinese: &'static str,
        english: &'static str,
        is_in: impl Fn(&Arg) -> bool,
    ) -> String {
        let arguments = self.command.get_arguments();
        let arguments = arguments.filter(|one| !one.is_hide_set() && is_in(one));
        let rows: Vec<_> = arguments
            .map(|argument| Row {
                name: name(argument),
                text: self.argument(argument),
            })
            .collect();
        self.section(self.pick(chinese, english), &rows)
    }

    /// The text of an argument with its variable, default and possible values.
    fn argument(&self, argument: &Arg) -> String {
        let mut text = self.texts.argument(argument);
        let mut add = |chinese: &'static str, english: &'static str, value: &str| {
            let _ = write!(text, " [{}{value}]", self.pick(chinese, english));
        };
        if let Some(variable) = argument.get_env() {
            add("环境变量：", "env:\u{a0}", &variable.to_string_lossy());
        }
        if argument.get_action().takes_values() {
            let defaults = argument.get_default_values().iter();
            let defaults: Vec<_> = defaults.map(|value| value.to_string_lossy()).collect();
            if !defaults.is_empty() {
                add("默认值：", "default:\u{a0}", &defaults.join("\u{a0}"));
            }
            let values = argument.get_possible_values();
            let values: Vec<_> = values.iter().map(PossibleValue::get_name).collect();
            if !values.is_empty() {
                add(
                    "可选值：",
                    "possible\u{a0}values:\u{a0}",
                    &values.join(self.pick("、", ", ")),
                );
            }
        }
        text.trim_start().to_owned()
    }

    fn section(&self, heading: &str, rows: &[Row]) -> String {
        let widths = rows.iter().map(|row| row.name.len());
        let columns = widths.filter(|width| *width <= MAX_NAME).max();
        self.aligned(heading, rows, columns.unwrap_or_default())
    }

    /// A section whose names take this width. A wider name has its text on the next line.
    fn aligned(&self, heading: &str, rows: &[Row], columns: usize) -> String {
        if rows.is_empty() {
            return String::new();
        }
        let colon = self.pick("：", ":");
        let mut section = format!("\n\n{}", self.heading(&format!("{heading}{colon}")));
        let indent = format!("\n{}", " ".repeat(columns + 4));
        let style = self.command.get_styles().get_literal();
        for Row { name, text } in rows {
            let lines = wrap(text, self.columns.saturating_sub(columns + 4));
            let text = lines.join(&indent);
            if name.len() > columns {
                let _ = write!(section, "\n  {}{indent}{text}", paint(*style, name));
            } else {
                let spaces = pad("", columns - name.len());
                let _ = write!(section, "\n  {}{spaces}  {text}", paint(*style, name));
            }
        }
        section
    }

    fn heading(&self, text: &str) -> String {
        paint(*self.command.get_styles().get_header(), text)
    }

    /// The text below the options. Indented lines are examples, which stay as they are.
    fn after(&self) -> String {
        let text = self.texts.after(self.command);
        let blocks = text.split("\n\n").filter(|block| !block.is_empty());
        let blocks = blocks.map(|block| {
            let lines = block.lines().map(|line| self.line(line));
            lines.collect::<Vec<_>>().join("\n")
        });
        blocks
            .flat_map(|block| ["\n\n".to_owned(), block])
            .collect()
    }

    fn line(&self, line: &str) -> String {
        match line {
            example if example.starts_with(' ') => example.to_owned(),
            heading if heading.ends_with([':', '：']) && width(heading) < MAX_NAME => {
                self.heading(heading)
            }
            prose => wrap(prose, self.columns).join("\n"),
        }
    }
}

/// The options that every command has.
pub(super) fn is_for_all(argument: &Arg) -> bool {
    argument.is_global_set() || matches!(argument.get_id().as_str(), "help" | "version")
}

/// The name with its value, such as `-h, --help` or `--listen <ADDRESS>`.
pub(super) fn name(argument: &Arg) -> String {
    match argument.get_short() {
        Some(short) => format!("-{short}, {argument}"),
        None if is_for_all(argument) => format!("    {argument}"),
        None => argument.to_string(),
    }
}

/// A line of the usage. The names of values are the same in both languages.
pub(super) fn usage_line(line: &str, language: Language) -> String {
    match language {
        Language::English => line.to_owned(),
        _ => line
            .replace("[OPTIONS]", "[选项]")
            .replace("<COMMAND>", "<命令>"),
    }
}
