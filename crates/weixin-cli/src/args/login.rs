//! Arguments of the commands for a website's login.

use std::net::SocketAddr;

use url::Url;
use weixin::{Language, RedirectUri};

use super::{
    common::{AppArgs, AppIdArgs},
    parse::{address, element_id, language, unused, web_url},
};

/// Log in from the terminal: open the QR page, wait for the callback, print the user
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The real WeChat accepts only a registered callback domain, on port 80 or 443: no other port, no IP \
address, no localhost. To log in on this machine, point the domain to it in the hosts file, and \
listen on port 80:
  echo '127.0.0.1 www.example.com' | sudo tee -a /etc/hosts
  sudo --preserve-env=WEIXIN_APP_ID,WEIXIN_APP_SECRET weixin login \\
    --redirect-uri http://www.example.com/callback

With `weixin sim`:
  weixin login --sim

After a tunnel or proxy that terminates TLS:
  weixin login --redirect-uri https://www.example.com/callback \\
    --listen 127.0.0.1:8080")]
pub(crate) struct Login {
    #[command(flatten)]
    pub(crate) app: AppArgs,

    /// The URL to which WeChat redirects the browser; by default, a free port of 127.0.0.1
    #[arg(long, value_name = "URI")]
    pub(crate) redirect_uri: Option<RedirectUri>,

    /// The address on which to wait for the callback; by default, host and port of the redirect URI
    #[arg(long, value_name = "ADDRESS", requires = "redirect_uri", value_parser = address)]
    pub(crate) listen: Option<SocketAddr>,

    /// Do not open a browser
    #[arg(long)]
    pub(crate) no_open: bool,
}

/// Print the URL of WeChat's QR page
#[derive(Debug, clap::Args)]
#[command(mut_arg("api_url", unused))]
#[command(after_help = "\
The state is random; --json prints it on its own as well. Store it, and compare it with the callback's.

Examples:
  weixin login-url --app-id wx0123456789abcdef \\
    --redirect-uri https://www.example.com/callback
  weixin login-url --sim --redirect-uri http://localhost:8080/callback \\
    --page-lang en --probe

HTML that shows the QR code in the element with the ID qr:
  weixin login-url --sim --redirect-uri http://localhost:8080/callback \\
    --embed qr")]
pub(crate) struct LoginUrl {
    #[command(flatten)]
    pub(crate) app: AppIdArgs,

    /// The URL to which WeChat redirects the browser: absolute, http or https
    #[arg(long, value_name = "URI")]
    pub(crate) redirect_uri: RedirectUri,

    /// The language of the page; by default, WeChat decides
    #[arg(long, value_parser = language())]
    pub(crate) page_lang: Option<Language>,

    #[command(flatten)]
    pub(crate) page: QrPage,

    /// Print the HTML of an embedded QR code instead, for the element with this ID
    #[arg(long, value_name = "ID", conflicts_with = "probe", value_parser = element_id)]
    pub(crate) embed: Option<String>,

    /// First ask WeChat's page whether it accepts app ID, scope and redirect URI
    #[arg(long)]
    pub(crate) probe: bool,
}

/// The style of the QR page.
#[derive(Debug, clap::Args)]
pub(crate) struct QrPage {
    /// White text, for a dark background
    #[arg(long)]
    pub(crate) white: bool,

    /// The URL of a style sheet for the page
    #[arg(long, value_name = "URL", value_parser = web_url)]
    pub(crate) stylesheet: Option<Url>,

    /// WeChat's newer, smaller page (`stylelite`), which needs at least 220 x 220 pixels
    #[arg(long)]
    pub(crate) lite_style: bool,

    /// Do not offer a login without a scan through WeChat for PC
    #[arg(long)]
    pub(crate) no_fast_login: bool,
}
