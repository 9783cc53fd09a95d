//! Arguments of the commands that need no account.

use std::net::SocketAddr;

use url::Url;

use super::parse::{address, web_url};

/// Run an example site and a WeChat simulator, to see a whole login on your machine
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  weixin demo
  weixin demo --listen 127.0.0.1:0 --no-open")]
pub(crate) struct Demo {
    /// The address on which the example site listens; port 0 is any free port
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080", value_parser = address)]
    pub(crate) listen: SocketAddr,

    /// Do not open a browser
    #[arg(long)]
    pub(crate) no_open: bool,
}

/// Scan the QR code of a simulator's login page, and print the callback's URL
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  weixin scan \"$(weixin login-url --sim \\
    --redirect-uri http://localhost:8080/callback)\"
  weixin scan LOGIN_URL --as layla
  weixin scan LOGIN_URL --cancel

For a site under `weixin sim exec --listen 127.0.0.1:9300`:
  weixin scan --sim \\
    \"$(curl -s -o page -w '%{redirect_url}' http://localhost:8000/login)\"")]
#[expect(
    clippy::option_option,
    reason = "clap's type for an option with or without a value"
)]
pub(crate) struct Scan {
    /// The URL to which your site redirects the browser
    #[arg(value_parser = web_url)]
    pub(crate) login_url: Url,

    #[arg(
        long,
        help = "The simulator to use instead of WeChat's own host in the URL; without a URL, WEIXIN_SIM_URL or http://127.0.0.1:9300",
        value_name = "URL",
        num_args = 0..=1,
        require_equals = true,
        value_parser = web_url,
    )]
    pub(crate) sim: Option<Option<Url>>,

    /// The ID or nickname of the test user who scans; by default, the first
    #[arg(long = "as", value_name = "NAME")]
    pub(crate) person: Option<String>,

    /// Decline the login
    #[arg(long, conflicts_with = "person")]
    pub(crate) cancel: bool,
}
