//! The arguments of `weixin sim compare`.

use std::path::PathBuf;

use weixin::AppId;

use super::{
    common::EndpointArgs,
    parse::{pace, timeout},
};

/// Compare the simulator with the real WeChat, and print what differs
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Sends requests of the simulator's golden files to the real WeChat, at most one a second: those \
that need no app secret, or only that of a test account (测试号), which is free. No user is logged \
in; codes and user tokens in the requests are made up.

Status, content type, bytes and texts are compared; the values of rid, hint, tokens, tickets and \
expires_in are not. The report hides app ID, app secret, tokens and IP addresses: please open an \
issue with it if something differs. Ctrl-C ends the comparison with a partial report.

Exit code 0: all responses that arrived are the same; 1: something differs; 2: nothing could be \
sent; 4: a host was unreachable, or the comparison was interrupted.

Examples:
  weixin sim compare > report.txt
  weixin sim compare --only 'no app id' --only refresh_token:

Only list the requests:
  weixin sim compare --dry-run

With a test account:
  WEIXIN_APP_SECRET=… weixin sim compare --app-id wx…

With `weixin sim`, where nothing differs:
  weixin sim compare --sim --pace 0")]
pub(crate) struct Compare {
    /// The app ID of a test account; without it, only cases that need no app are sent. `WEIXIN_APP_ID` is not used
    // Not from the environment: there it may be the app of production.
    #[arg(long)]
    pub(crate) app_id: Option<AppId>,

    /// A file with the app secret; by default, `WEIXIN_APP_SECRET` is the secret
    #[arg(long, value_name = "FILE")]
    pub(crate) app_secret_file: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) endpoints: EndpointArgs,

    /// Send only cases with this text in their name
    #[arg(long, value_name = "TEXT")]
    pub(crate) only: Vec<String>,

    /// Print the requests, and send none
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// The seconds between two requests; 0 is for a simulator on this machine
    #[arg(
        long,
        value_name = "SECONDS",
        default_value = "1",
        value_parser = pace
    )]
    pub(crate) pace: u64,

    /// The longest wait for a response, in seconds
    #[arg(
        long,
        value_name = "SECONDS",
        default_value = "30",
        value_parser = timeout
    )]
    pub(crate) timeout: u64,
}
