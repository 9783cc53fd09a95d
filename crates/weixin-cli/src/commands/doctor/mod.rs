//! `weixin doctor`: what is wrong between this machine and a login with WeChat, and whose turn it is.

mod callback;
mod clock;
mod finding;
mod hosts;
mod login_page;
mod report;
mod secret;
mod way;

use std::time::Duration;

use weixin::{Client, Https};

use self::{
    finding::{Check, Finding, say},
    report::Report,
    way::Start,
};
use crate::{args::Doctor, failure::Failure, output::Output};

/// How long a connection may take; an answer may take twice as long.
const PATIENCE: Duration = Duration::from_secs(3);

pub(super) async fn run(args: Doctor, output: Output) -> Result<(), Failure> {
    let mut report = Report::new(args.speech.language(), output);
    let https = Https::with_timeouts(PATIENCE, 2 * PATIENCE)?;
    network(&args, &https, &mut report).await?;
    let kind = args.kind.into();
    let (callback, found) = callback::examine(
        args.redirect_uri.as_deref(),
        kind,
        &args.app.addresses.endpoints(),
    );
    report.add(found);
    if args.app.is_named() {
        let client = args.app.client_to_examine(kind, https)?;
        report.add(login_page::examine(&client, callback.as_ref()).await);
        report.add(app(&args, &client).await?);
    } else {
        report.add([Finding::unproven(
            Check::AppId,
            say("没有给出 AppID", "no app id was given"),
            say(
                "请加上 --app-id 或设置 WEIXIN_APP_ID",
                "give --app-id or set WEIXIN_APP_ID",
            ),
        )]);
    }
    report.finish()
}

/// All hosts at once, told in their order.
async fn network(args: &Doctor, https: &Https, report: &mut Report) -> Result<(), Failure> {
    let start = Start::here()?;
    let hosts = hosts::of(&args.app.addresses.endpoints());
    let examine = |host: hosts::Host| tokio::spawn(host.examine(start.clone(), https.clone()));
    let mut clocks = None;
    for known in hosts.into_iter().map(examine).collect::<Vec<_>>() {
        let known = known
            .await
            .map_err(|error| Failure::Other(error.to_string()))?;
        report.add(known.findings);
        clocks = clocks.or(known.clocks);
    }
    report.add([clock::compare(clocks)]);
    Ok(())
}

async fn app(args: &Doctor, client: &Client) -> Result<Vec<Finding>, Failure> {
    if args.app.has_secret() {
        return Ok(secret::examine(client).await);
    }
    Ok(vec![Finding::unproven(
        Check::Secret,
        say("没有给出 AppSecret", "no app secret was given"),
        say(
            "请设置 WEIXIN_APP_SECRET 或加上 --app-secret-file",
            "set WEIXIN_APP_SECRET or give --app-secret-file",
        ),
    )])
}
