//! Arguments of the commands for official accounts and mini programs.

use clap::ValueEnum;
use weixin::RedirectUri;

use super::{
    common::{AppArgs, AppIdArgs},
    parse::unused,
};

/// Print the URL of an official account's login page, for WeChat's own browser
#[derive(Debug, clap::Args)]
#[command(mut_arg("api_url", unused))]
#[command(after_help = "\
The parameters are in the order that WeChat requires. Open the URL inside WeChat or, if it is a \
simulator's, in the browser of `weixin sim phone`.

Examples:
  weixin authorize-url --app-id wx0123456789abcde0 \\
    --redirect-uri https://www.example.com/callback
  weixin authorize-url --sim --silent \\
    --redirect-uri http://localhost:8080/callback")]
pub(crate) struct AuthorizeUrl {
    #[command(flatten)]
    pub(crate) app: AppIdArgs,

    /// The URL to which WeChat redirects the browser: absolute, http or https
    #[arg(long, value_name = "URI")]
    pub(crate) redirect_uri: RedirectUri,

    /// Ask the user nothing, and get the OpenID only (`snsapi_base`)
    #[arg(long)]
    pub(crate) silent: bool,

    /// Ask followers as well, who are not asked if they come from the official account's conversation or menu; WeChat ignores
    /// it in special cases
    #[arg(long)]
    pub(crate) force_popup: bool,

    /// Log in a snapshot user, to test how your site handles one
    #[arg(long)]
    pub(crate) force_snapshot: bool,
}

/// Exchange the code of a mini program's `wx.login` for a session
#[derive(Debug, clap::Args)]
#[command(mut_arg("open_url", unused))]
#[command(after_help = "\
A code is single-use and valid for five minutes. The text hides the session key; --json prints it.

Examples:
  weixin session 0a1b… --app-id wx0123456789abcde2 \\
    --app-secret-file secret.txt
  weixin --json session --sim 0a1b…")]
pub(crate) struct Session {
    #[command(flatten)]
    pub(crate) app: AppArgs,

    /// The code from `wx.login`
    pub(crate) code: String,
}

/// Exchange the code of a mini program's phone number button for the phone number
#[derive(Debug, clap::Args)]
#[command(mut_arg("open_url", unused))]
#[command(after_help = "\
The code is not that of `wx.login`. It is single-use and valid for five minutes. The call needs an \
app access token, so this machine's IP address must be on the app's IP whitelist.

Examples:
  weixin phone-number --sim 0a1b…")]
pub(crate) struct PhoneNumber {
    #[command(flatten)]
    pub(crate) app: AppArgs,

    /// The code from the button
    pub(crate) code: String,
}

/// Get the access token of an official account, mobile app or mini program itself
#[derive(Debug, clap::Args)]
#[command(mut_arg("open_url", unused))]
#[command(after_help = "\
It is not a user's token. The text hides it; --json prints it. The stable token stays the same \
until it expires, for every caller. This machine's IP address must be on the app's IP whitelist.

Examples:
  weixin --json app-token --app-id wx0123456789abcde2 \\
    --app-secret-file secret.txt
  weixin app-token --sim --kind official-account")]
pub(crate) struct AppToken {
    #[command(flatten)]
    pub(crate) app: AppArgs,

    /// The kind of the app
    #[arg(long, default_value = "mini-program")]
    pub(crate) kind: AppTokenKind,

    /// Call /cgi-bin/token instead, where each call creates a new token, and the previous one stays valid for about 5 minutes
    #[arg(long)]
    pub(crate) legacy: bool,
}

/// A kind of app that has an access token of its own.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum AppTokenKind {
    OfficialAccount,
    Mobile,
    MiniProgram,
}
