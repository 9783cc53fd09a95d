//! Arguments of the calls of official accounts and mini programs.

use weixin::RedirectUri;

use super::diagnosis::Kind;
use crate::settings::App;

/// Print the address of an official account's login page, for WeChat's own browser
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The parameters stand in the order that WeChat insists on. Open the address inside WeChat, or with a
simulator in the browser of `weixin sim phone`.

Examples:
  weixin authorize-url --app-id wx0123456789abcde0 --redirect-uri https://www.example.com/callback
  weixin authorize-url --sim --redirect-uri http://localhost:8080/callback --silent")]
pub(crate) struct AuthorizeUrl {
    #[command(flatten)]
    pub(crate) app: App,

    /// Where WeChat sends the browser: absolute, http or https
    #[arg(long, value_name = "URI")]
    pub(crate) redirect_uri: RedirectUri,

    /// Ask the user nothing, and get the open id only (`snsapi_base`)
    #[arg(long)]
    pub(crate) silent: bool,

    /// Ask even followers, who are not asked otherwise
    #[arg(long)]
    pub(crate) force_popup: bool,

    /// Log a snapshot user in, to try how the site takes it
    #[arg(long)]
    pub(crate) force_snapshot: bool,
}

/// Trade the code of a mini program's `wx.login` for a session
#[derive(Debug, clap::Args)]
#[command(after_help = "\
A code works once, for five minutes. Text for people hides the session key; --json prints it.

Examples:
  weixin session 0a1b… --app-id wx0123456789abcde2 --app-secret-file secret.txt
  weixin --json session --sim 0a1b…")]
pub(crate) struct Session {
    #[command(flatten)]
    pub(crate) app: App,

    /// The code that `wx.login` has brought
    pub(crate) code: String,
}

/// Read the phone number behind a code of a mini program's phone number button
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The code is not that of `wx.login`; it works once, for five minutes. It takes an app token, and so
this machine's address on the app's IP whitelist.

Examples:
  weixin phone-number --sim 0a1b…")]
pub(crate) struct PhoneNumber {
    #[command(flatten)]
    pub(crate) app: App,

    /// The code that the button has brought
    pub(crate) code: String,
}

/// Get the access token of an official account or mini program itself
#[derive(Debug, clap::Args)]
#[command(after_help = "\
It is not a user's token. Text for people hides it; --json prints it. The stable one stays the same
until it ends, whoever asks for it. It takes this machine's address on the app's IP whitelist.

Examples:
  weixin --json app-token --app-id wx0123456789abcde2 --app-secret-file secret.txt
  weixin app-token --sim --kind official-account")]
pub(crate) struct AppToken {
    #[command(flatten)]
    pub(crate) app: App,

    /// What the app id stands for
    #[arg(long, default_value = "mini-program")]
    pub(crate) kind: Kind,

    /// Ask /cgi-bin/token, where each call takes the token away that was there before
    #[arg(long)]
    pub(crate) older: bool,
}
