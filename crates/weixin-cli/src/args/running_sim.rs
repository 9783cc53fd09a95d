//! The arguments of commands for a simulator that runs already.

use url::Url;

use super::{common::SIMULATOR, parse::web_url};

/// The simulator that runs.
#[derive(Debug, clap::Args)]
pub(crate) struct RunningSim {
    /// The URL of the simulator
    #[arg(
        long,
        value_name = "URL",
        env = "WEIXIN_SIM_URL",
        default_value = SIMULATOR,
        value_parser = web_url
    )]
    pub(crate) sim: Url,
}

/// Print the findings of a running simulator: requests that WeChat would reject, or that are unsafe
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The exit code is 1 if there are findings that --fail-on-findings counts.

Examples:
  weixin sim findings
  weixin --json sim findings --sim http://127.0.0.1:9400")]
pub(crate) struct Findings {
    #[command(flatten)]
    pub(crate) running: RunningSim,
}

/// Check that a simulator responds: exit with 0 if it does
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  weixin sim health
  weixin sim health --sim http://127.0.0.1:9400")]
pub(crate) struct Health {
    #[command(flatten)]
    pub(crate) running: RunningSim,
}

/// Open a browser that looks like WeChat's own to sites: its User-Agent, a phone's size, separate cookies
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The browser is Chromium, Chrome or Edge, with a temporary profile.

The simulated phone of `weixin sim`:
  weixin sim phone

Your site as a user inside WeChat sees it:
  weixin sim phone http://localhost:8080/")]
pub(crate) struct Phone {
    /// The URL to open instead of the simulated phone
    #[arg(value_parser = web_url)]
    pub(crate) url: Option<Url>,

    #[command(flatten)]
    pub(crate) running: RunningSim,
}
