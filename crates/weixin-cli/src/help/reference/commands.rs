//! The commands with their arguments, in the groups of `weixin --help`.

use std::fmt::Write;

use clap::{Arg, Command, CommandFactory, builder::PossibleValue};
use weixin::{Bilingual, Language};

use super::markdown::{code, item, sentence, values};
use crate::{
    args::Args,
    exit_code::ExitCode,
    help::{
        groups::GROUPS,
        page::{is_for_all, name, usage_line},
        texts::Texts,
    },
    lang::Pick,
};

const COMMANDS: Bilingual = Bilingual {
    en: "Commands",
    zh: "命令",
};
const GLOBAL: Bilingual = Bilingual {
    en: "Options of every command",
    zh: "通用选项",
};

/// The program as clap completes it.
pub(super) fn program() -> Command {
    let mut program = Args::command();
    program.build();
    program
}

pub(super) fn section(language: Language) -> String {
    let program = program();
    let mut page = format!("## {}\n\n", COMMANDS.pick(language));
    let link = |command: &&str| format!("[{command}](#weixin-{command})");
    for group in &GROUPS {
        let links: Vec<_> = group.commands.iter().map(link).collect();
        writeln!(
            page,
            "- {}{}{}",
            group.heading.pick(language),
            language.pick("：", ": "),
            links.join(" · ")
        )
        .unwrap();
    }
    write!(page, "\n### {}\n\n", GLOBAL.pick(language)).unwrap();
    let texts = Texts::of(&program, language);
    page += &arguments(&program, &texts, is_for_all);
    page += "\n";
    page += &below(&ExitCode::help(language), language);
    for group in &GROUPS {
        write!(page, "## {}\n\n", group.heading.pick(language)).unwrap();
        for command in group.commands {
            let command = program.find_subcommand(command);
            page += &with_subcommands(command.expect("a command of the program"), language);
        }
    }
    page.trim_end().to_owned() + "\n"
}

/// A command, and the commands below it. Those of `help` are copies of the others.
fn with_subcommands(command: &Command, language: Language) -> String {
    let mut page = one(command, language);
    let is_own = |one: &&Command| !one.is_hide_set() && one.get_name() != "help";
    if command.get_name() != "help" {
        for subcommand in command.get_subcommands().filter(is_own) {
            page += &with_subcommands(subcommand, language);
        }
    }
    page
}

fn one(command: &Command, language: Language) -> String {
    let texts = Texts::of(command, language);
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ").lines();
    let usage: Vec<_> = usage
        .map(|line| usage_line(line.trim(), language))
        .collect();
    let arguments = [
        arguments(command, &texts, Arg::is_positional),
        arguments(command, &texts, |one| {
            !one.is_positional() && !is_for_all(one)
        }),
    ];
    let mut page = format!(
        "### {}\n\n{}\n\n```text\n{}\n```\n\n{}",
        command.get_bin_name().unwrap_or_default(),
        sentence(&texts.about(command), language),
        usage.join("\n"),
        arguments.concat()
    );
    if !page.ends_with("\n\n") {
        page += "\n";
    }
    page + &below(&texts.after(command), language)
}

fn arguments(command: &Command, texts: &Texts, is_in: impl Fn(&Arg) -> bool) -> String {
    let arguments = command.get_arguments();
    let arguments = arguments.filter(|one| !one.is_hide_set() && is_in(one));
    arguments.map(|one| argument(one, texts)).collect()
}

/// An argument with its default, possible values and variable.
fn argument(argument: &Arg, texts: &Texts) -> String {
    let language = texts.language;
    let mut sentences = vec![texts.argument(argument)];
    let mut add = |chinese, english, what: Vec<&str>| {
        if !what.is_empty() {
            let label: &str = language.pick(chinese, english);
            sentences.push(format!("{label}{}", values(what, language)));
        }
    };
    if argument.get_action().takes_values() {
        let defaults = argument.get_default_values().iter();
        let defaults = defaults.filter_map(|value| value.to_str()).collect();
        add("默认值：", "Default: ", defaults);
        let possible = argument.get_possible_values();
        let possible = possible.iter().map(PossibleValue::get_name).collect();
        add("可选值：", "Possible values: ", possible);
    }
    let variable = argument.get_env().and_then(|name| name.to_str());
    add("环境变量：", "Variable: ", variable.into_iter().collect());
    item(name(argument).trim(), &sentences, language)
}

/// The text below the options: prose, and blocks of indented lines.
fn below(text: &str, language: Language) -> String {
    let mut page = String::new();
    let mut examples = Vec::new();
    for line in text.lines().chain([""]) {
        if let Some(example) = line.strip_prefix("  ") {
            examples.push(example);
            continue;
        }
        if !examples.is_empty() {
            write!(page, "```text\n{}\n```\n\n", examples.join("\n")).unwrap();
            examples.clear();
        }
        if !line.is_empty() {
            write!(page, "{}\n\n", sentence(&code(line), language)).unwrap();
        }
    }
    page
}
