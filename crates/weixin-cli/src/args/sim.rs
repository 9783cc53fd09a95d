//! The arguments of `weixin sim`.

use std::{ffi::OsString, net::SocketAddr, path::PathBuf};

use clap::Subcommand;
use url::Url;
use weixin::AppId;

use super::{address, web_address};
use crate::settings::SIMULATOR;

/// Simulate WeChat on this machine, for your program in any language
#[derive(Debug, clap::Args)]
#[command(
    after_help = "\
Point your program at the address instead of https://open.weixin.qq.com and https://api.weixin.qq.com.
It serves the QR page, a simulated phone and the login API; control is under /_sim/api.
Where a program has WeChat's host names as constants, run it by `weixin sim exec`.

Examples:
  weixin sim
  weixin sim --auto-allow           for scripts: the login page goes straight back
  weixin sim --app-id wx1 --app-secret s3cret --listen 127.0.0.1:0
  weixin sim init                   writes sim.toml with every setting; then:
  weixin sim --config sim.toml      your own apps, callback domains and people
  weixin sim exec -- python app.py  your program, unchanged, with this WeChat",
    args_conflicts_with_subcommands = true
)]
pub(crate) struct Sim {
    #[command(subcommand)]
    pub(crate) command: Option<SimCommand>,

    /// Where to listen; port 0 is any free one
    #[arg(
        long,
        value_name = "ADDRESS",
        env = "WEIXIN_SIM_LISTEN",
        default_value = "127.0.0.1:9300",
        value_parser = address
    )]
    pub(crate) listen: SocketAddr,

    /// Listen for TLS too, as all of WeChat's hosts
    #[arg(
        long,
        value_name = "ADDRESS",
        num_args = 0..=1,
        default_missing_value = "127.0.0.1:9443",
        requires = "ca_dir",
        value_parser = address
    )]
    pub(crate) tls: Option<SocketAddr>,

    /// Be a proxy to WeChat's hosts too (`HTTPS_PROXY`), and to no others
    #[arg(
        long,
        value_name = "ADDRESS",
        num_args = 0..=1,
        default_missing_value = "127.0.0.1:9301",
        requires = "ca_dir",
        value_parser = address
    )]
    pub(crate) proxy: Option<SocketAddr>,

    /// Keep the certificate authority of --tls and --proxy here; programs are to trust its ca.pem
    #[arg(long, value_name = "DIRECTORY", env = "WEIXIN_SIM_CA_DIR")]
    pub(crate) ca_dir: Option<PathBuf>,

    /// Listen on an address that other machines can reach, where whoever comes is anybody
    #[arg(long)]
    pub(crate) i_know_this_is_not_wechat: bool,

    #[command(flatten)]
    pub(crate) options: SimOptions,
}

/// How the simulated WeChat behaves.
#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "switches of a command line")]
pub(crate) struct SimOptions {
    /// A file with apps, people, lifetimes and switches
    #[arg(
        long,
        value_name = "FILE",
        env = "WEIXIN_SIM_CONFIG",
        conflicts_with_all = ["app_id", "app_secret"]
    )]
    pub(crate) config: Option<PathBuf>,

    /// The app id of the website app; there are an official account, a mobile app and a mini program
    /// too, wx0123456789abcde0 to wx0123456789abcde2
    #[arg(long, env = "WEIXIN_SIM_APP_ID", default_value = "wx0123456789abcdef")]
    pub(crate) app_id: AppId,

    /// Its app secret; not a real one, so it may be an argument
    #[arg(
        long,
        env = "WEIXIN_SIM_APP_SECRET",
        default_value = "ssssssssssssssssssssssssssssssss"
    )]
    pub(crate) app_secret: String,

    /// Send a browser that opens the login page straight back to the callback, as the first person
    #[arg(long, env = "WEIXIN_SIM_AUTO_ALLOW")]
    pub(crate) auto_allow: bool,

    /// Take an official account's login address only with its parameters in the documented order
    #[arg(long, env = "WEIXIN_SIM_STRICT_ORDER")]
    pub(crate) strict_order: bool,

    /// Refuse what is more often than WeChat's quotas allow; without it, that is only reported
    #[arg(long, env = "WEIXIN_SIM_QUOTAS")]
    pub(crate) quotas: bool,

    /// Let WeChat for PC run, with this person (an id or nickname) in front of it: no scanning
    #[arg(long, value_name = "NAME", env = "WEIXIN_SIM_DESKTOP")]
    pub(crate) desktop: Option<String>,

    /// Make the same codes, tokens and ids in the same order at every start
    #[arg(long, value_name = "NUMBER", env = "WEIXIN_SIM_SEED")]
    pub(crate) seed: Option<u64>,

    /// Dress tokens in this content type, for clients that refuse WeChat's `text/plain`
    #[arg(long, value_name = "TYPE", env = "WEIXIN_SIM_TOKEN_CONTENT_TYPE")]
    pub(crate) token_content_type: Option<http::HeaderValue>,

    /// Print at the end what WeChat would not have had, and fail (exit code 1) if there is anything
    #[arg(long, env = "WEIXIN_SIM_FAIL_ON_FINDINGS")]
    pub(crate) fail_on_findings: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SimCommand {
    /// Write a configuration file with every setting, commented in English and Chinese
    Init {
        /// The file; one that is there is not touched
        #[arg(default_value = "sim.toml")]
        file: PathBuf,
    },
    Exec(Box<Exec>),
    Phone(Phone),
}

/// Open a browser that sites take for WeChat's own: its User-Agent, a phone's size, cookies of its own
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The browser is a Chromium, Chrome or Edge of this machine, with a profile that goes with it.

Examples:
  weixin sim phone                  the simulated phone of `weixin sim`
  weixin sim phone http://localhost:8080/
                                    your site, as somebody inside WeChat sees it")]
pub(crate) struct Phone {
    /// What to open instead of the simulated phone
    #[arg(value_parser = web_address)]
    pub(crate) address: Option<Url>,

    /// Where the simulator is
    #[arg(
        long,
        value_name = "URL",
        env = "WEIXIN_SIM_URL",
        default_value = SIMULATOR,
        value_parser = web_address
    )]
    pub(crate) sim: Url,
}

/// Run a command for which this simulator is WeChat: nothing in it has to be changed
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The command finds WeChat's hosts through HTTPS_PROXY and trusts them by SSL_CERT_FILE,
REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE and NODE_EXTRA_CA_CERTS. Other hosts are refused by the
proxy, unless they are in NO_PROXY. For tests and scripts there are WEIXIN_SIM_URL,
WEIXIN_APP_ID, WEIXIN_APP_SECRET and WEIXIN_SIM_CHROMIUM_ARGS: the arguments with which a
Chromium takes this simulator for WeChat, as JSON. The exit code is the command's.

Examples:
  weixin sim exec -- python app.py
  weixin sim exec --browser http://localhost:5000 -- python app.py
                                    with a browser for which it is WeChat as well
  weixin sim exec --fail-on-findings -- pytest
  sudo weixin sim exec --hosts -- node app.js
                                    for programs that ignore proxies (Linux)")]
pub(crate) struct Exec {
    /// Where the simulator itself listens; port 0 is any free one
    #[arg(
        long,
        value_name = "ADDRESS",
        env = "WEIXIN_SIM_LISTEN",
        default_value = "127.0.0.1:0",
        value_parser = address
    )]
    pub(crate) listen: SocketAddr,

    /// Lead there by a private /etc/hosts instead of a proxy (Linux, as root)
    #[arg(long)]
    pub(crate) hosts: bool,

    /// Keep the certificate authority here; without it, it is forgotten at the end
    #[arg(long, value_name = "DIRECTORY", env = "WEIXIN_SIM_CA_DIR")]
    pub(crate) ca_dir: Option<PathBuf>,

    /// Open Chromium, Chrome or Edge with a profile of its own, for which this is WeChat
    #[arg(
        long,
        value_name = "URL",
        num_args = 0..=1,
        require_equals = false,
        default_missing_value = "about:blank",
        value_parser = web_address
    )]
    pub(crate) browser: Option<Url>,

    #[command(flatten)]
    pub(crate) options: SimOptions,

    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "COMMAND")]
    pub(crate) command: Vec<OsString>,
}
