//! Arguments of the commands that find out what is wrong.

use clap::ValueEnum;
use weixin::AppKind;

use crate::{language::Language, settings::App};

/// Find out what is wrong between this machine and a login with WeChat, and what to do about it
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Looks at the way to each of WeChat's hosts, the clock, the callback, the login page, and app id and
secret at the API. Nothing is changed, nobody is logged in. What cannot be proved from outside is
said to be so. Exit code 4: the network; 5: something is set up wrongly; 0: nothing has failed.

Examples:
  weixin doctor --app-id wx0123456789abcdef --redirect-uri https://www.example.com/callback
  weixin doctor --kind mini-program --app-id wx0123456789abcde2 --app-secret-file secret.txt
  weixin doctor --sim --redirect-uri http://localhost:8080/callback
  weixin doctor --json              for a report of a problem: it holds no secret")]
pub(crate) struct Doctor {
    #[command(flatten)]
    pub(crate) app: App,

    /// What the app id stands for
    #[arg(long, default_value = "website")]
    pub(crate) kind: Kind,

    /// Where WeChat sends the browser after a login
    #[arg(long, value_name = "URI")]
    pub(crate) redirect_uri: Option<String>,

    #[command(flatten)]
    pub(crate) speech: Speech,
}

/// A kind of application.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Kind {
    Website,
    OfficialAccount,
    Mobile,
    MiniProgram,
}

impl From<Kind> for AppKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Website => Self::Website,
            Kind::OfficialAccount => Self::OfficialAccount,
            Kind::Mobile => Self::MobileApp,
            Kind::MiniProgram => Self::MiniProgram,
        }
    }
}

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
