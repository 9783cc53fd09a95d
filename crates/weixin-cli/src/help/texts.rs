//! The texts of one help page: the English ones are in the definitions of the arguments, the Chinese ones in tables.

use clap::{Arg, Command};
use weixin::Language;

use super::chinese::{self, Chinese};
use crate::exit_code::ExitCode;

/// The texts of one command.
pub(super) struct Texts {
    pub(super) language: Language,
    is_of_root: bool,
    chinese: Option<&'static Chinese>,
}

impl Texts {
    pub(super) fn of(command: &Command, language: Language) -> Self {
        let path = path(command);
        Self {
            language,
            is_of_root: path.is_empty(),
            chinese: match language {
                Language::English => None,
                _ => chinese::of(&path),
            },
        }
    }

    /// Returns `true` for the texts of `weixin` itself.
    pub(super) fn is_of_root(&self) -> bool {
        self.is_of_root
    }

    pub(super) fn about(&self, command: &Command) -> String {
        match self.chinese {
            Some(chinese) => chinese.about.to_owned(),
            None => text(command.get_about()),
        }
    }

    /// The line of a subcommand in the list.
    pub(super) fn about_subcommand(&self, subcommand: &Command) -> String {
        Self::of(subcommand, self.language).about(subcommand)
    }

    pub(super) fn argument(&self, argument: &Arg) -> String {
        let chinese = self.chinese;
        let chinese = chinese.and_then(|chinese| chinese.argument(argument.get_id().as_str()));
        chinese.map_or_else(|| text(argument.get_help()), str::to_owned)
    }

    /// The text below the options.
    pub(super) fn after(&self, command: &Command) -> String {
        match self.chinese {
            Some(chinese) if self.is_of_root => {
                format!("{}\n\n{}", ExitCode::help(self.language), chinese.after)
            }
            Some(chinese) => chinese.after.to_owned(),
            None => text(command.get_after_help()),
        }
    }
}

/// The names of the command without `weixin`, such as `sim exec`.
pub(super) fn path(command: &Command) -> String {
    let name = command.get_bin_name().unwrap_or_default();
    let path = name.split_once(' ').map(|(_, path)| path);
    path.unwrap_or_default().to_owned()
}

fn text(styled: Option<&clap::builder::StyledStr>) -> String {
    styled.map(ToString::to_string).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::args::Args;

    /// Each command with its subcommands, as clap completes them.
    fn commands() -> Vec<Command> {
        fn add(command: &Command, all: &mut Vec<Command>) {
            all.push(command.clone());
            // The subcommands of `help` are copies of the others.
            for subcommand in command.get_subcommands() {
                if subcommand.get_name() == "help" {
                    all.push(subcommand.clone().mut_subcommands(|copy| copy.hide(true)));
                } else {
                    add(subcommand, all);
                }
            }
        }
        let mut command = Args::command();
        command.build();
        let mut all = Vec::new();
        add(&command, &mut all);
        all
    }

    fn is_chinese(text: &str) -> bool {
        text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c))
    }

    #[test]
    fn each_command_and_argument_has_a_chinese_text() {
        let mut missing = Vec::new();
        for command in commands() {
            let (path, texts) = (path(&command), Texts::of(&command, Language::Chinese));
            if !is_chinese(&texts.about(&command)) {
                missing.push(path.clone());
            }
            let arguments = command.get_arguments();
            let arguments = arguments.filter(|one| !is_chinese(&texts.argument(one)));
            missing.extend(arguments.map(|one| format!("{path} {}", one.get_id())));
            if command.get_after_help().is_some() && !is_chinese(&texts.after(&command)) {
                missing.push(format!("{path}: text below the options"));
            }
        }
        assert_eq!(missing, <[String; 0]>::default());
    }

    #[test]
    fn each_chinese_text_belongs_to_an_argument() {
        let commands = commands();
        let of = |path_of: &str| commands.iter().find(|one| path(one) == path_of);
        for chinese in chinese::all() {
            let command = of(chinese.command);
            let command = command.unwrap_or_else(|| panic!("no command {:?}", chinese.command));
            for (id, _) in chinese.arguments {
                let has_argument = command.get_arguments().any(|one| one.get_id() == *id);
                assert!(has_argument, "{:?} has no argument {id}", chinese.command);
            }
        }
        for (id, _) in chinese::SHARED.into_iter().flatten() {
            let is_of = |command: &&Command| command.get_arguments().any(|one| one.get_id() == *id);
            assert!(commands.iter().any(|command| is_of(&command)), "{id}");
        }
    }

    /// The command lines of the examples, without their comments.
    fn examples(text: &str) -> Vec<String> {
        let lines = text.lines().map(str::trim_start);
        let is_command = |line: &&str| {
            let starts = ["weixin ", "sudo ", "WEIXIN_", "--", "echo ", "\"$("];
            starts.iter().any(|start| line.starts_with(start))
        };
        let lines = lines.filter(is_command);
        let without_comment = |line: &str| match line.split_once("  ") {
            Some((command, _)) => command.to_owned(),
            None => line.to_owned(),
        };
        lines.map(without_comment).collect()
    }

    #[test]
    fn both_languages_have_the_same_examples() {
        for command in commands() {
            let [chinese, english] = [Language::Chinese, Language::English]
                .map(|language| examples(&Texts::of(&command, language).after(&command)));
            assert_eq!(chinese, english);
        }
    }
}
