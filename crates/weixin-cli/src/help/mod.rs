//! The help of each command, in Chinese and English, and the errors of a command line.

mod chinese;
mod groups;
mod page;
mod texts;
mod usage_error;

use clap::Command;
use weixin::Language;

pub(crate) use self::usage_error::UsageError;
use self::{page::Page, texts::Texts};

/// The command with the help pages of it and its subcommands, for lines of this width.
pub(crate) fn with_pages(command: Command, language: Language, columns: usize) -> Command {
    let mut built = command.clone();
    built.build();
    set_pages(command, &built, language, columns)
}

fn set_pages(command: Command, built: &Command, language: Language, columns: usize) -> Command {
    let page = Page {
        command: built,
        texts: Texts::of(built, language),
        columns,
    };
    command
        .override_help(page.render())
        .mut_subcommands(
            |subcommand| match built.find_subcommand(subcommand.get_name()) {
                Some(built) => set_pages(subcommand, built, language, columns),
                None => subcommand,
            },
        )
}

#[cfg(test)]
mod reference;
