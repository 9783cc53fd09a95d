//! The arguments of `weixin sim`.

use std::{ffi::OsString, net::SocketAddr, path::PathBuf};

use clap::{ArgAction, Subcommand};
use url::Url;
use weixin::AppId;

use super::{
    common::SIMULATOR,
    compare::Compare,
    parse::{Ports, Rules, address, header_value, host, number, ports, switch, web_url},
    running_sim::{Findings, Health, Phone},
};

/// Simulate WeChat on this machine, for your program in any language
#[derive(Debug, clap::Args)]
#[command(
    after_help = "\
Use the simulator's URL in your program instead of https://open.weixin.qq.com and \
https://api.weixin.qq.com. It serves the QR page, a simulated phone, the login API, and an API to \
control it under /_sim/api. If WeChat's URLs are constants in your program, use `weixin sim exec`.

Examples:
  weixin sim
  weixin sim --app-id wx1 --app-secret s3cret --listen 127.0.0.1:0
  weixin sim --auto-allow           the login page redirects to the callback
  weixin sim init                   writes sim.toml with every setting
  weixin sim --config sim.toml      your apps, callback domains and users
  weixin sim exec -- python app.py  your unchanged program uses the simulator",
    args_conflicts_with_subcommands = true
)]
pub(crate) struct Sim {
    #[command(subcommand)]
    pub(crate) command: Option<SimCommand>,

    /// The address on which to listen; port 0 is any free port
    #[arg(
        long,
        value_name = "ADDRESS",
        env = "WEIXIN_SIM_LISTEN",
        default_value = "127.0.0.1:9300",
        value_parser = address
    )]
    pub(crate) listen: SocketAddr,

    /// Also serve TLS, with certificates for all of WeChat's hosts
    #[arg(
        long,
        value_name = "ADDRESS",
        num_args = 0..=1,
        default_missing_value = "127.0.0.1:9443",
        requires = "ca_dir",
        value_parser = address
    )]
    pub(crate) tls: Option<SocketAddr>,

    /// Also serve a proxy (`HTTPS_PROXY`) to WeChat's hosts, and to no others
    #[arg(
        long,
        value_name = "ADDRESS",
        num_args = 0..=1,
        default_missing_value = "127.0.0.1:9301",
        requires = "ca_dir",
        value_parser = address
    )]
    pub(crate) proxy: Option<SocketAddr>,

    /// The directory of the certificate authority of --tls and --proxy; programs must trust its ca.pem
    #[arg(long, value_name = "DIRECTORY", env = "WEIXIN_SIM_CA_DIR")]
    pub(crate) ca_dir: Option<PathBuf>,

    /// Listen on an address that other machines can reach, and where they can log in as any user
    #[arg(long)]
    pub(crate) i_know_this_is_not_wechat: bool,

    /// Serve the polls of QR pages on another address, so that a browser can show more than six of them
    #[arg(
        long,
        value_name = "ADDRESS",
        num_args = 0..=1,
        default_missing_value = "127.0.0.1:9302",
        env = "WEIXIN_SIM_POLL_PORT",
        value_parser = address
    )]
    pub(crate) poll_port: Option<SocketAddr>,

    /// The ports of further worlds, such as 9400-9450; by default, any free port
    #[arg(long, value_name = "A-B", env = "WEIXIN_SIM_WORLD_PORTS", value_parser = ports)]
    pub(crate) world_ports: Option<Ports>,

    /// The URL under which browsers and phones reach the simulator, if it is not the one on which it listens
    #[arg(long, value_name = "URL", env = "WEIXIN_SIM_PUBLIC_URL", value_parser = web_url)]
    pub(crate) public_url: Option<Url>,

    /// End when standard input ends, so that the simulator does not outlive the program that started it
    #[arg(long)]
    pub(crate) until_stdin_ends: bool,

    #[command(flatten)]
    pub(crate) options: SimOptions,
}

/// The behavior of the simulator.
#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "switches of a command line")]
pub(crate) struct SimOptions {
    /// A file with apps, users, lifetimes and switches
    #[arg(
        long,
        value_name = "FILE",
        env = "WEIXIN_SIM_CONFIG",
        conflicts_with_all = ["app_id", "app_secret"]
    )]
    pub(crate) config: Option<PathBuf>,

    /// The app ID of the website app; wx0123456789abcde0, …1 and …2 are an official account, a mobile
    /// app and a mini program
    #[arg(long, env = "WEIXIN_SIM_APP_ID", default_value = "wx0123456789abcdef")]
    pub(crate) app_id: AppId,

    /// The website app's app secret; it is not a real one, so it may be an argument
    #[arg(
        long,
        env = "WEIXIN_SIM_APP_SECRET",
        default_value = "ssssssssssssssssssssssssssssssss"
    )]
    pub(crate) app_secret: String,

    /// Accept requests for this host name too; by default, local addresses and names without dots are accepted
    #[arg(
        long,
        value_name = "HOST",
        env = "WEIXIN_SIM_ALLOW_HOST",
        value_delimiter = ',',
        value_parser = host
    )]
    pub(crate) allow_host: Vec<String>,

    /// Redirect a browser from the login page to the callback at once, as the first user
    #[arg(long, env = "WEIXIN_SIM_AUTO_ALLOW", value_parser = switch)]
    pub(crate) auto_allow: bool,

    /// Reject an official account's login URL unless its parameters are in the documented order
    #[arg(long, env = "WEIXIN_SIM_STRICT_ORDER", value_parser = switch)]
    pub(crate) strict_order: bool,

    /// Reject calls beyond WeChat's quotas, which are only reported otherwise
    #[arg(long, env = "WEIXIN_SIM_QUOTAS", value_parser = switch)]
    pub(crate) quotas: bool,

    /// Run WeChat for PC with this user (an ID or nickname), so that no scan is needed
    #[arg(long, value_name = "NAME", env = "WEIXIN_SIM_DESKTOP")]
    pub(crate) desktop: Option<String>,

    /// The seed of codes, tokens and IDs, to get the same ones after every start
    #[arg(long, value_name = "NUMBER", env = "WEIXIN_SIM_SEED", value_parser = number)]
    pub(crate) seed: Option<u64>,

    /// The content type of token responses, for clients that reject WeChat's `text/plain`
    #[arg(
        long,
        value_name = "TYPE",
        env = "WEIXIN_SIM_TOKEN_CONTENT_TYPE",
        value_parser = header_value
    )]
    pub(crate) token_content_type: Option<http::HeaderValue>,

    /// On exit, print the requests that WeChat would reject and those that are unsafe, and exit with 1 if there are any
    #[arg(long, env = "WEIXIN_SIM_FAIL_ON_FINDINGS", value_parser = switch)]
    pub(crate) fail_on_findings: bool,

    /// A rule of findings that does not count for --fail-on-findings, such as state-short; repeatable
    #[arg(long, value_name = "RULE", env = "WEIXIN_SIM_ACCEPT", action = ArgAction::Append)]
    pub(crate) accept: Vec<Rules>,

    /// Print one line for each request; with --json, one JSON object for each request, step of a login and finding
    #[arg(long, env = "WEIXIN_SIM_LOG", value_parser = switch)]
    pub(crate) log: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SimCommand {
    /// Write a configuration file with every setting, commented in English and Chinese
    Init {
        /// The file; an existing file is not overwritten
        #[arg(default_value = "sim.toml")]
        file: PathBuf,
    },
    Exec(Box<Exec>),
    Findings(Findings),
    Health(Health),
    Phone(Phone),
    Compare(Box<Compare>),
}

/// Run an unchanged program with this simulator in place of WeChat
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The program reaches WeChat's hosts through HTTPS_PROXY, and trusts their certificates through \
SSL_CERT_FILE, REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE and NODE_EXTRA_CA_CERTS. The proxy connects to \
other hosts directly, or through the proxy that was set before.

Tests and scripts can use WEIXIN_SIM_URL, WEIXIN_APP_ID, WEIXIN_APP_SECRET, and \
WEIXIN_SIM_CHROMIUM_ARGS (JSON): the arguments that make Chromium use this simulator as WeChat.

The exit code is the program's; if that is 0, --fail-on-findings decides.

Examples:
  weixin sim exec -- python app.py
  weixin sim exec --fail-on-findings -- pytest

With a browser that uses the simulator as well:
  weixin sim exec --browser http://localhost:8000 -- python app.py

In a world of its own in a simulator that runs (`weixin sim`):
  weixin sim exec --world tests-1 -- pytest

For programs that ignore proxies (Linux):
  sudo weixin sim exec --hosts -- node app.js")]
pub(crate) struct Exec {
    /// The address on which the simulator itself listens; port 0 is any free port
    #[arg(
        long,
        value_name = "ADDRESS",
        env = "WEIXIN_SIM_LISTEN",
        default_value = "127.0.0.1:0",
        value_parser = address
    )]
    pub(crate) listen: SocketAddr,

    /// Use this world of a simulator that runs already (--sim), which is opened if it does not exist
    #[arg(long, value_name = "ID")]
    pub(crate) world: Option<String>,

    /// The URL of the simulator of --world
    #[arg(
        long,
        value_name = "URL",
        env = "WEIXIN_SIM_URL",
        default_value = SIMULATOR,
        value_parser = web_url
    )]
    pub(crate) sim: Url,

    /// Use a private /etc/hosts instead of a proxy (Linux, as root)
    #[arg(long)]
    pub(crate) hosts: bool,

    /// Reject other hosts than WeChat's instead of connecting to them
    #[arg(long, conflicts_with = "hosts")]
    pub(crate) only_wechat: bool,

    /// The directory of the certificate authority; by default, a temporary one
    #[arg(long, value_name = "DIRECTORY", env = "WEIXIN_SIM_CA_DIR")]
    pub(crate) ca_dir: Option<PathBuf>,

    /// Open Chromium, Chrome or Edge with a temporary profile, in which the simulator is WeChat
    #[arg(
        long,
        value_name = "URL",
        num_args = 0..=1,
        require_equals = false,
        default_missing_value = "about:blank",
        value_parser = web_url
    )]
    pub(crate) browser: Option<Url>,

    #[command(flatten)]
    pub(crate) options: SimOptions,

    /// The program and its arguments
    #[arg(last = true, required = true, value_name = "COMMAND")]
    pub(crate) command: Vec<OsString>,
}
