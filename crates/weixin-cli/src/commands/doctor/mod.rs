//! `weixin doctor`: checks everything between this machine and a login with WeChat.

mod app_id;
pub(super) mod app_secret;
pub(super) mod check;
mod clock;
mod connectivity;
mod hosts;
pub(super) mod login_page;
pub(super) mod redirect_uri;
pub(super) mod report;

use std::time::Duration;

use weixin::{Endpoints, app::App, transport::Https};

use self::{
    check::{Check, CheckResult},
    connectivity::{CONNECT_TIMEOUT, NetworkEnv},
    report::Report,
};
use crate::{args::Doctor, error::CliError, message::message, output::Output};

/// Longest wait for a response.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(6);

pub(super) async fn run(args: Doctor, output: Output) -> Result<(), CliError> {
    let mut report = Report::new(output);
    let https = Https::with_timeouts(CONNECT_TIMEOUT, RESPONSE_TIMEOUT)?;
    let endpoints = args.app.id.endpoints.endpoints()?;
    network(&endpoints, &https, &mut report).await?;
    let (redirect_uri, result) =
        redirect_uri::examine(args.redirect_uri.as_deref(), args.kind, &endpoints);
    report.add(result)?;
    let app_id = args.app.id.app_id.as_ref();
    report.add(app_id.and_then(|id| app_id::examine(id, &endpoints)))?;
    if args.app.has_id()? {
        let app = args.app.app_to_examine(args.kind, https)?;
        report.add(login_page::examine(&app, redirect_uri.as_ref()).await)?;
        report.add(app_secret(&args, &app).await?)?;
    } else {
        report.add([CheckResult::unproven(
            Check::AppId,
            message("未指定 AppID", "no app ID"),
            message(
                "请加上 --app-id 或设置 WEIXIN_APP_ID",
                "use --app-id or WEIXIN_APP_ID",
            ),
        )])?;
    }
    report.finish()
}

/// Checks all hosts at once, and reports them in their order.
async fn network(
    endpoints: &Endpoints,
    https: &Https,
    report: &mut Report,
) -> Result<(), CliError> {
    let network = NetworkEnv::detect()?;
    let hosts = hosts::of(endpoints);
    let examine = |host: hosts::Host| tokio::spawn(host.examine(network.clone(), https.clone()));
    let mut clocks = None;
    for host in hosts.into_iter().map(examine).collect::<Vec<_>>() {
        let host = host
            .await
            .map_err(|error| CliError::Other(error.to_string().into()))?;
        report.add(host.results)?;
        clocks = clocks.or(host.clocks);
    }
    report.add([clock::compare(clocks)])?;
    Ok(())
}

/// This machine's clock, compared with WeChat's.
pub(super) async fn clock() -> Result<CheckResult, CliError> {
    let network = NetworkEnv::detect()?;
    let https = Https::with_timeouts(CONNECT_TIMEOUT, RESPONSE_TIMEOUT)?;
    let mut clocks = None;
    if let Some(host) = hosts::of(&Endpoints::default()).into_iter().next() {
        clocks = host.examine(network, https).await.clocks;
    }
    Ok(clock::compare(clocks))
}

async fn app_secret(args: &Doctor, app: &App) -> Result<Vec<CheckResult>, CliError> {
    if args.app.has_secret()? {
        return Ok(app_secret::examine(app).await);
    }
    Ok(vec![CheckResult::unproven(
        Check::AppSecret,
        message("未指定 AppSecret", "no app secret"),
        message(
            "请设置 WEIXIN_APP_SECRET 或加上 --app-secret-file",
            "use WEIXIN_APP_SECRET or --app-secret-file",
        ),
    )])
}
