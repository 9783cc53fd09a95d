//! `weixin sim phone`: a browser that is WeChat's own, as far as sites can see.

use url::Url;

use crate::{args, browser, failure::Failure, listen::End, output::Output};

/// Made up after those that WeChat's browser sends: `MicroMessenger` is what sites look for.
const USER_AGENT: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 \
                          (KHTML, like Gecko) Mobile/15E148 MicroMessenger/8.0.50 NetType/WIFI Language/zh_CN";

pub(super) async fn run(args: &args::Phone, output: Output) -> Result<(), Failure> {
    let mut end = End::watch()?;
    let profile = tempfile::Builder::new()
        .prefix("weixin-sim-phone-")
        .tempdir()?;
    let page = match &args.address {
        Some(address) => address.clone(),
        None => home(&args.sim)?,
    };
    let arguments = [
        format!("--user-agent={USER_AGENT}"),
        format!("--user-data-dir={}", profile.path().display()),
        "--window-size=420,880".to_owned(),
        "--no-first-run".to_owned(),
        "--no-default-browser-check".to_owned(),
    ];
    let mut window = browser::window(&arguments, &page)?;
    output.note("A browser that sites take for WeChat's own, with cookies of its own. Close it, or press Ctrl-C.");
    tokio::select! {
        _ = window.wait() => {}
        () = end.wanted() => {}
    }
    // It writes there until it has ended.
    window.kill().await?;
    Ok(())
}

/// The simulated phone's first screen.
fn home(simulator: &Url) -> Result<Url, Failure> {
    let home = simulator.join("/_sim/phone");
    home.map_err(|error| Failure::Usage(format!("--sim: {error}")))
}
