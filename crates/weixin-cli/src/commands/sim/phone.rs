//! `weixin sim phone`: a browser that looks like WeChat's own to sites.

use url::Url;

use crate::{
    args, browser,
    error::CliError,
    message::{Message, message},
    output::Output,
    shutdown::Shutdown,
};

/// Modeled on the `User-Agent` of WeChat's browser, which sites recognize by `MicroMessenger`.
const USER_AGENT: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 \
                          (KHTML, like Gecko) Mobile/15E148 MicroMessenger/8.0.50 NetType/WIFI Language/zh_CN";

pub(super) async fn run(args: &args::Phone, output: Output) -> Result<(), CliError> {
    let mut shutdown = Shutdown::watch()?;
    let profile = tempfile::Builder::new()
        .prefix("weixin-sim-phone-")
        .tempdir()?;
    let page = match &args.url {
        Some(url) => url.clone(),
        None => home(&args.running.sim)?,
    };
    let arguments = [
        format!("--user-agent={USER_AGENT}"),
        format!("--user-data-dir={}", profile.path().display()),
        "--window-size=420,880".to_owned(),
        "--no-first-run".to_owned(),
        "--no-default-browser-check".to_owned(),
    ];
    let mut window = browser::window(&arguments, &page)?;
    output.note(message(
        "正在打开浏览器：网站会认为它是微信内置浏览器，cookie 是独立的。关闭窗口或按 Ctrl-C 结束。",
        "Opening a browser that looks like WeChat's own to sites, with separate cookies. Close it, or press Ctrl-C.",
    ));
    tokio::select! {
        status = window.wait() => browser::ended(status?)?,
        () = shutdown.requested() => {}
    }
    // It writes to the profile until it has ended.
    window.kill().await?;
    Ok(())
}

/// The URL of the simulated phone.
fn home(simulator: &Url) -> Result<Url, CliError> {
    let home = simulator.join("/_sim/phone");
    home.map_err(|error| CliError::Usage(Message::from(error.to_string()).prefixed("--sim")))
}
