//! Arguments of the commands that find and explain problems.

use super::common::{AppArgs, Kind};

/// Check the network, the settings and the app secret, and print how to fix what is wrong
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Checks the connection to each of WeChat's hosts, the clock, the redirect URI, the login page, and \
the app ID and app secret at the API. Nothing is changed, and no user is logged in. A check that \
is not possible from outside WeChat is reported as unproven.

Exit code 0: nothing failed; 4: the network failed; 5: a setting is wrong.

Examples:
  weixin doctor --app-id wx0123456789abcdef \\
    --redirect-uri https://www.example.com/callback
  weixin doctor --kind mini-program --app-id wx0123456789abcde2 \\
    --app-secret-file secret.txt
  weixin doctor --sim --redirect-uri http://localhost:8080/callback

For a bug report, without secrets:
  weixin doctor --json")]
pub(crate) struct Doctor {
    #[command(flatten)]
    pub(crate) app: AppArgs,

    /// The kind of the app
    #[arg(long, default_value = "website")]
    pub(crate) kind: Kind,

    /// The URL to which WeChat redirects the browser after a login
    #[arg(long, value_name = "URI")]
    pub(crate) redirect_uri: Option<String>,
}

/// Explain one of WeChat's error codes: its cause and the remedy
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  weixin explain 40163
  weixin explain --lang zh 40163

The whole table as JSON:
  weixin explain --all --json

A whole response, which also has its time and the caller's IP address:
  weixin explain '{\"errcode\":40164,\"errmsg\":\"invalid ip 192.0.2.1, …\"}'")]
pub(crate) struct Explain {
    /// A code such as 40163, the number on a login page, or a whole response with its errcode; without one, every known
    /// code
    #[arg(value_name = "CODE", allow_negative_numbers = true)]
    pub(crate) code: Option<String>,

    /// Every known code
    #[arg(long, conflicts_with = "code")]
    pub(crate) all: bool,
}
