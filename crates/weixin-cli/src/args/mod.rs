//! Every argument and its help.

mod diagnosis;
mod other_apps;
mod shell;
mod sim;

use std::net::SocketAddr;

use clap::{Parser, Subcommand, ValueEnum};
use url::Url;
use weixin::{OpenId, RedirectUri};

pub(crate) use self::diagnosis::{Doctor, Explain};
pub(crate) use self::other_apps::{AppToken, AuthorizeUrl, PhoneNumber, Session};
pub(crate) use self::shell::{Completions, Man};
pub(crate) use self::sim::{Exec, Phone, Sim, SimCommand, SimOptions};
use crate::settings::{Addresses, App, SIMULATOR, TokenFile};

const EXIT_CODES: &str = "\
Exit codes:
  0  it worked
  1  it failed
  2  the command line is wrong
  3  the user must log in again
  4  try again later: WeChat is busy or cannot be reached
  5  something is set up wrongly: app id, secret, scope or callback

Start here:
  weixin demo                       WeChat login on this machine, in your browser
  weixin sim                        WeChat for your own program, in any language
  weixin login --sim                a login from the terminal, against `weixin sim`";

/// Log in with WeChat: from the shell, and with WeChat simulated on this machine
#[derive(Debug, Parser)]
#[command(name = "weixin", version, after_help = EXIT_CODES, propagate_version = true)]
pub(crate) struct Args {
    /// Print JSON for programs instead of text for people
    #[arg(long, global = true)]
    pub(crate) json: bool,

    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Demo(Demo),
    Sim(Box<Sim>),
    Scan(Scan),
    Login(Login),
    LoginUrl(LoginUrl),
    Exchange(Exchange),
    Refresh(Refresh),
    Check(OnBehalf),
    User(User),
    AuthorizeUrl(AuthorizeUrl),
    Session(Session),
    PhoneNumber(PhoneNumber),
    AppToken(AppToken),
    Doctor(Doctor),
    Explain(Explain),
    Completions(Completions),
    Man(Man),
}

/// Show the whole login on this machine: an example site, WeChat's QR page and a simulated phone
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  weixin demo
  weixin demo --listen 127.0.0.1:0 --no-open")]
pub(crate) struct Demo {
    /// Where the example site listens; port 0 is any free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080", value_parser = address)]
    pub(crate) listen: SocketAddr,

    /// Do not open a browser
    #[arg(long)]
    pub(crate) no_open: bool,
}

/// Play the phone in front of a simulator's login page, and print where the browser is sent
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  weixin scan \"$(weixin login-url --sim --redirect-uri http://localhost:8080/callback)\"
  weixin scan LOGIN_URL --as layla
  weixin scan LOGIN_URL --cancel
  weixin scan --sim \"$(curl -s -o page -w '%{redirect_url}' http://localhost:5000/login)\"
                                    of a site under `weixin sim exec --listen 127.0.0.1:9300`")]
pub(crate) struct Scan {
    /// The address that your site sends the browser to
    #[arg(value_parser = web_address)]
    pub(crate) login_url: Url,

    /// The simulator that stands for WeChat's own host in the address
    #[arg(
        long,
        value_name = "URL",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = SIMULATOR,
        value_parser = web_address,
    )]
    pub(crate) sim: Option<Url>,

    /// Who scans: the id or nickname of one of the simulator's people; without it, the first
    #[arg(long = "as", value_name = "NAME")]
    pub(crate) person: Option<String>,

    /// Say no instead of yes
    #[arg(long, conflicts_with = "person")]
    pub(crate) cancel: bool,
}

/// Log in from the terminal: open the QR page, wait at the callback, print the user
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Real WeChat calls back a registered host on port 80 or 443 only: no port, no IP address, no localhost.
To get that host onto this machine, write it into the hosts file and listen at port 80:
  echo '127.0.0.1 www.example.com' | sudo tee -a /etc/hosts
  sudo --preserve-env=WEIXIN_APP_ID,WEIXIN_APP_SECRET weixin login --redirect-uri http://www.example.com/callback

Examples:
  weixin login --sim                against `weixin sim`
  weixin login --redirect-uri https://www.example.com/callback --listen 127.0.0.1:8080
                                    behind a tunnel or proxy that ends TLS")]
pub(crate) struct Login {
    #[command(flatten)]
    pub(crate) app: App,

    /// Where WeChat sends the browser; without it, a free port of 127.0.0.1
    #[arg(long, value_name = "URI")]
    pub(crate) redirect_uri: Option<RedirectUri>,

    /// Where to wait for the callback; without it, at the host and port of the callback
    #[arg(long, value_name = "ADDRESS", requires = "redirect_uri", value_parser = address)]
    pub(crate) listen: Option<SocketAddr>,

    /// Do not open a browser
    #[arg(long)]
    pub(crate) no_open: bool,
}

/// Print the address of WeChat's QR page
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The state is new each time; --json prints it by itself. Keep it and compare it with the callback's.

Examples:
  weixin login-url --app-id wx0123456789abcdef --redirect-uri https://www.example.com/callback
  weixin login-url --sim --redirect-uri http://localhost:8080/callback --lang en --probe
  weixin login-url --sim --redirect-uri http://localhost:8080/callback --embed qr
                                    what a page needs for the QR code in the element with the id qr")]
pub(crate) struct LoginUrl {
    #[command(flatten)]
    pub(crate) app: App,

    /// Where WeChat sends the browser: absolute, http or https
    #[arg(long, value_name = "URI")]
    pub(crate) redirect_uri: RedirectUri,

    /// The language of the page
    #[arg(long)]
    pub(crate) lang: Option<PageLang>,

    #[command(flatten)]
    pub(crate) page: QrPage,

    /// Print the settings of WeChat's wxLogin.js instead, for a QR code in the element with this id
    #[arg(long, value_name = "ID", conflicts_with = "probe", value_parser = element_id)]
    pub(crate) embed: Option<String>,

    /// Ask WeChat's page first whether it accepts app id, scope and callback
    #[arg(long)]
    pub(crate) probe: bool,
}

/// What the QR page looks like.
#[derive(Debug, clap::Args)]
pub(crate) struct QrPage {
    /// White text, for a dark ground
    #[arg(long)]
    pub(crate) white: bool,

    /// A style sheet for the page
    #[arg(long, value_name = "URL", value_parser = web_address)]
    pub(crate) stylesheet: Option<Url>,

    /// The page's new look, which needs 220 x 220 pixels
    #[arg(long)]
    pub(crate) new_look: bool,

    /// Do not offer a login without scanning by WeChat for PC
    #[arg(long)]
    pub(crate) no_fast_login: bool,
}

/// Trade the code of a callback for a token
#[derive(Debug, clap::Args)]
#[command(after_help = "\
A code works once, for a few minutes. Text for people hides the tokens; --json prints them:
  weixin --json exchange CODE > token.json
  weixin user --token token.json")]
pub(crate) struct Exchange {
    #[command(flatten)]
    pub(crate) app: App,

    /// The code that the callback brought
    pub(crate) code: String,
}

/// Renew or prolong an access token
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The app secret is not needed. Keep the refresh token that is printed: it may be a new one.

Examples:
  weixin --json refresh --token token.json > new.json && mv new.json token.json
  WEIXIN_REFRESH_TOKEN=… weixin refresh")]
pub(crate) struct Refresh {
    #[command(flatten)]
    pub(crate) app: App,

    #[command(flatten)]
    pub(crate) token: TokenFile,
}

/// Ask whether an access token is still good
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit code 3 says that it is not, whatever can be done about it.

Examples:
  weixin check --token token.json
  WEIXIN_ACCESS_TOKEN=… weixin check --openid oKsc…")]
pub(crate) struct OnBehalf {
    #[command(flatten)]
    pub(crate) addresses: Addresses,

    #[command(flatten)]
    pub(crate) token: TokenFile,

    /// Whose token it is; without it, the one in the token file
    #[arg(long, env = "WEIXIN_OPENID")]
    pub(crate) openid: Option<OpenId>,
}

/// Print the profile of a user
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  weixin user --token token.json
  WEIXIN_ACCESS_TOKEN=… weixin --json user --openid oKsc…")]
pub(crate) struct User {
    #[command(flatten)]
    pub(crate) on_behalf: OnBehalf,

    /// The language of region names, which WeChat has left empty since 2021
    #[arg(long, default_value = "zh-cn")]
    pub(crate) lang: Lang,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum PageLang {
    Cn,
    En,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Lang {
    En,
    ZhCn,
    ZhTw,
}

fn address(text: &str) -> Result<SocketAddr, &'static str> {
    text.parse()
        .map_err(|_| "expected an IP address and a port, such as 127.0.0.1:8080")
}

fn web_address(text: &str) -> Result<Url, &'static str> {
    let url = Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https"));
    url.ok_or("expected a whole address that begins with http:// or https://")
}

/// It stands in HTML and in a script.
fn element_id(text: &str) -> Result<String, &'static str> {
    let is_fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if !text.is_empty() && text.chars().all(is_fine) {
        Ok(text.to_owned())
    } else {
        Err("expected letters, digits, - and _")
    }
}
