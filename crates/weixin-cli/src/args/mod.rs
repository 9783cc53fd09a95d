//! The arguments and their help.

mod common;
mod compare;
mod diagnosis;
mod other_apps;
mod parse;
mod running_sim;
mod shell;
mod sim;

use std::net::SocketAddr;

use clap::{
    Parser, Subcommand,
    error::{ContextKind, ContextValue, ErrorKind},
};
use url::Url;
use weixin::{Language, RedirectUri};

use self::parse::{address, element_id, language, web_url};
pub(crate) use self::{
    common::{AppArgs, AppIdArgs, EndpointArgs, Kind, SIMULATOR, TokenArgs, UserTokenArgs},
    compare::Compare,
    diagnosis::{Doctor, Explain},
    other_apps::{AppToken, AppTokenKind, AuthorizeUrl, PhoneNumber, Session},
    running_sim::{Findings, Health, Phone},
    shell::{Completions, Man},
    sim::{Exec, Sim, SimCommand, SimOptions},
};
use crate::exit_code::ExitCode;

const FIRST_STEPS: &str = "\
First steps:
  weixin demo                       WeChat login on this machine, in your browser
  weixin sim                        a WeChat simulator for your program, in any language
  weixin login --sim                a login from the terminal, with `weixin sim`";

/// Log in with WeChat from the shell, and simulate WeChat on your machine
#[derive(Debug, Parser)]
#[command(
    name = "weixin",
    version,
    after_help = format!("{}\n\n{FIRST_STEPS}", ExitCode::help()),
    propagate_version = true
)]
pub(crate) struct Args {
    /// Print JSON instead of text
    #[arg(long, global = true)]
    pub(crate) json: bool,

    /// The language of help, texts and errors; by default, the terminal's (`LC_ALL`, `LC_MESSAGES`, `LANG`)
    #[arg(long, global = true, value_parser = language())]
    pub(crate) lang: Option<Language>,

    #[command(subcommand)]
    pub(crate) command: Command,
}

impl Args {
    /// Parses the command line; exits if it is wrong.
    pub(crate) fn parse_or_exit() -> Self {
        Self::try_parse().unwrap_or_else(|mut error| {
            let line: Vec<_> = std::env::args().collect();
            if let Some(tip) = tip(&error, &line) {
                let tip = ContextValue::StyledStrs(vec![tip.into()]);
                error.insert(ContextKind::Suggested, tip);
            }
            error.exit()
        })
    }
}

/// The tip for a command that `weixin sim exec` is to run, without `--` before it.
fn tip(error: &clap::Error, line: &[String]) -> Option<String> {
    let Some(ContextValue::String(unexpected)) = error.get(ContextKind::InvalidArg) else {
        return None;
    };
    let exec = line.windows(2).position(|words| words == ["sim", "exec"])? + 2;
    let command = line[exec..].iter().position(|word| word == unexpected)? + exec;
    let is_command = error.kind() == ErrorKind::UnknownArgument && !unexpected.starts_with('-');
    is_command.then(|| {
        format!(
            "the command comes after --: weixin {} -- {}",
            line[1..command].join(" "),
            line[command..].join(" ")
        )
    })
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
    Check(Check),
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

/// Run an example site and a WeChat simulator, to see a whole login on your machine
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
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
#[command(after_help = "Examples:
  weixin scan \"$(weixin login-url --sim --redirect-uri http://localhost:8080/callback)\"
  weixin scan LOGIN_URL --as layla
  weixin scan LOGIN_URL --cancel
  weixin scan --sim \"$(curl -s -o page -w '%{redirect_url}' http://localhost:5000/login)\"
                                    for a site under `weixin sim exec --listen 127.0.0.1:9300`")]
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

/// Log in from the terminal: open the QR page, wait for the callback, print the user
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The real WeChat accepts only a registered callback domain, on port 80 or 443: no other port, no IP
address, no localhost. To point the domain to this machine, add it to the hosts file and listen on
port 80:
  echo '127.0.0.1 www.example.com' | sudo tee -a /etc/hosts
  sudo --preserve-env=WEIXIN_APP_ID,WEIXIN_APP_SECRET weixin login --redirect-uri http://www.example.com/callback

Examples:
  weixin login --sim                with `weixin sim`
  weixin login --redirect-uri https://www.example.com/callback --listen 127.0.0.1:8080
                                    after a tunnel or proxy that terminates TLS")]
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
#[command(after_help = "\
The state is random; --json prints it on its own as well. Store it, and compare it with the callback's.

Examples:
  weixin login-url --app-id wx0123456789abcdef --redirect-uri https://www.example.com/callback
  weixin login-url --sim --redirect-uri http://localhost:8080/callback --page-lang en --probe
  weixin login-url --sim --redirect-uri http://localhost:8080/callback --embed qr
                                    HTML that shows the QR code in the element with the ID qr")]
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

    /// WeChat's newer, smaller page (`stylelite`), which needs 220 x 220 pixels
    #[arg(long)]
    pub(crate) lite_style: bool,

    /// Do not offer a login without a scan through WeChat for PC
    #[arg(long)]
    pub(crate) no_fast_login: bool,
}

/// Exchange the code of a callback for a token
#[derive(Debug, clap::Args)]
#[command(after_help = "\
A code is single-use and valid for minutes. The text hides the tokens; --json prints them:
  weixin --json exchange CODE > token.json
  weixin user --token token.json")]
pub(crate) struct Exchange {
    #[command(flatten)]
    pub(crate) app: AppArgs,

    /// The code from the callback
    pub(crate) code: String,
}

/// Refresh a user's access token
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The app secret is not needed. Store the refresh token that is printed: it may be a new one.

Examples:
  weixin --json refresh --token token.json > new.json && mv new.json token.json
  WEIXIN_REFRESH_TOKEN=… weixin refresh")]
pub(crate) struct Refresh {
    #[command(flatten)]
    pub(crate) app: AppIdArgs,

    #[command(flatten)]
    pub(crate) token: TokenArgs,
}

/// Check whether a user's access token is valid
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The exit code of an invalid token is 3.

Examples:
  weixin check --token token.json
  WEIXIN_ACCESS_TOKEN=… weixin check --openid oKsc…")]
pub(crate) struct Check {
    #[command(flatten)]
    pub(crate) token: UserTokenArgs,
}

/// Print the profile of a user
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  weixin user --token token.json
  WEIXIN_ACCESS_TOKEN=… weixin --json user --openid oKsc…")]
pub(crate) struct User {
    #[command(flatten)]
    pub(crate) token: UserTokenArgs,
}
