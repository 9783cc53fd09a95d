//! `weixin sim compare`: the golden cases, sent to the real WeChat.

mod account;
mod cases;
mod difference;
mod hosts;
mod mask;
mod outcome;
mod pattern;
mod replay;
mod report;

use std::time::Duration;

use weixin::{
    clock::{Clock, SystemClock},
    transport::Https,
};

use self::{account::Account, hosts::Hosts, replay::Replay, report::Report};
use crate::{args, error::CliError, message::message, output::Output, shutdown::Shutdown};

/// Longest wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

pub(super) async fn run(args: &args::Compare, output: Output) -> Result<(), CliError> {
    let hosts = Hosts::of(&args.endpoints)?;
    if args.pace == 0 && !hosts.are_loopback() {
        return Err(CliError::Usage(message(
            "--pace 0 只用于本机的模拟器：发往微信的请求每秒最多一个",
            "--pace 0 is for a simulator on this machine: WeChat gets one request a second at most",
        )));
    }
    let cases = cases::selected(&args.only)?;
    let account = Account::of(args)?;
    let mut report = Report {
        date: httpdate::fmt_http_date(SystemClock.now()),
        open_url: hosts.open.to_string(),
        api_url: hosts.api.to_string(),
        entries: Vec::new(),
    };
    let https = Https::with_timeouts(CONNECT_TIMEOUT, Duration::from_secs(args.timeout))?;
    let pace = Duration::from_secs(args.pace);
    let mut replay = Replay::new(hosts, account, https, pace);
    if args.dry_run {
        report.entries = replay.list(&cases);
        return report.print_plan(output);
    }
    let mut shutdown = Shutdown::watch()?;
    report.entries = replay.run(&cases, &mut shutdown, output).await;
    report.print(output)
}
