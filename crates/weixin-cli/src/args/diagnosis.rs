//! Arguments of the commands that find out what is wrong.

use crate::language::Language;

/// Explain an error code of WeChat's: why it is answered and what to do
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Texts are in English or Chinese, as the terminal is set or --lang says.

Examples:
  weixin explain 40163
  weixin explain --lang zh 40163
  weixin explain '{\"errcode\":40164,\"errmsg\":\"invalid ip 192.0.2.1, …\"}'
                                    a whole answer: also when it was, and from which address
  weixin explain --all --json       the whole table, for programs")]
pub(crate) struct Explain {
    /// A code such as 40163, the number on a login page, or a whole answer with its errcode
    #[arg(
        value_name = "CODE",
        allow_negative_numbers = true,
        required_unless_present = "all"
    )]
    pub(crate) question: Option<String>,

    /// Every code that is known
    #[arg(long, conflicts_with = "question")]
    pub(crate) all: bool,

    #[command(flatten)]
    pub(crate) speech: Speech,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Speech {
    /// The language of the texts; without it, the terminal's
    #[arg(long)]
    lang: Option<Language>,
}

impl Speech {
    pub(crate) fn language(&self) -> Language {
        self.lang.unwrap_or_else(Language::of_terminal)
    }
}
